using Telemetry.Query.Parameters;

namespace Telemetry.Tests.Query;

public sealed class PageCursorTests
{
    [Fact]
    public void A_cursor_comes_back_as_it_was_given()
    {
        PageCursor.TryRead(PageCursor.Write("press-07/öl"), out var cursor).ShouldBeTrue();
        cursor.ShouldBe(new PageCursor("press-07/öl", 0, null));
        PageCursor.TryRead(PageCursor.Write(200, new TimeRange(5, 9)), out cursor).ShouldBeTrue();
        cursor.ShouldBe(new PageCursor("", 200, new TimeRange(5, 9)));
        PageCursor.TryRead(PageCursor.Write(200, null), out cursor).ShouldBeTrue();
        cursor.ShouldBe(new PageCursor("", 200, null));
    }

    [Theory]
    [InlineData("")]
    [InlineData("!")]
    [InlineData("QA")]
    [InlineData("QDFAMkA")]
    [InlineData("QDFAOUAz")]
    public void What_is_no_cursor_is_refused(string text) => PageCursor.TryRead(text, out _).ShouldBeFalse();
}
