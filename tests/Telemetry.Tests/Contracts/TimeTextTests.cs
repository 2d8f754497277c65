using Telemetry.Contracts.Text;

namespace Telemetry.Tests.Contracts;

public sealed class TimeTextTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 21, 9, 30, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("now", "2026-11-21T09:30:00.000000Z")]
    [InlineData("now-1h", "2026-11-21T08:30:00.000000Z")]
    [InlineData("now-90s", "2026-11-21T09:28:30.000000Z")]
    [InlineData("now-250ms", "2026-11-21T09:29:59.750000Z")]
    [InlineData("now-7d", "2026-11-14T09:30:00.000000Z")]
    [InlineData("now-2w", "2026-11-07T09:30:00.000000Z")]
    [InlineData("now-PT15M", "2026-11-21T09:15:00.000000Z")]
    [InlineData("90m", "2026-11-21T08:00:00.000000Z")]
    [InlineData("P1D", "2026-11-20T09:30:00.000000Z")]
    [InlineData("now-0s", "2026-11-21T09:30:00.000000Z")]
    [InlineData("now+5m", "2026-11-21T09:35:00.000000Z")]
    [InlineData("now 5m", "2026-11-21T09:35:00.000000Z")]
    [InlineData("1795253400000", "2026-11-21T09:30:00.000000Z")]
    [InlineData("0", "1970-01-01T00:00:00.000000Z")]
    [InlineData("2026-11-21T09:30:00Z", "2026-11-21T09:30:00.000000Z")]
    [InlineData("2026-11-21T09:30Z", "2026-11-21T09:30:00.000000Z")]
    [InlineData("2026-11-21T10:30:00.123456+01:00", "2026-11-21T09:30:00.123456Z")]
    [InlineData("2026-11-21T10:30:00 01:00", "2026-11-21T09:30:00.000000Z")]
    [InlineData("2026-11-21t04:30:00-05:00", "2026-11-21T09:30:00.000000Z")]
    public void Point_in_time_is_read_in_each_of_its_forms(string text, string expected)
    {
        TimeText.TryParse(text, Now, out var us).ShouldBeTrue();
        TimeText.Format(us).ShouldBe(expected);
    }

    [Theory]
    [InlineData("")]
    [InlineData("yesterday")]
    [InlineData("now-")]
    [InlineData("now-1")]
    [InlineData("now-1y")]
    [InlineData("20000w")]
    [InlineData("now*2h")]
    [InlineData("-5")]
    [InlineData("1e9")]
    [InlineData("99999999999999999999999")]
    [InlineData("9999999999999999")]
    [InlineData("2026-11-21")]
    [InlineData("2026-11-21T09:30:00")]
    [InlineData("2026-13-41T09:30:00Z")]
    [InlineData("1969-12-31T23:59:59Z")]
    [InlineData("now-99999999999999w")]
    public void Anything_else_is_refused(string text)
    {
        TimeText.TryParse(text, Now, out _).ShouldBeFalse();
        Should.Throw<FormatException>(() => TimeText.Parse(text, Now)).Message.ShouldContain("now-1h");
    }
}
