using Telemetry.Storage;
using Telemetry.Storage.Sink;

namespace Telemetry.Tests.Storage;

public sealed class FlushCadenceTests
{
    private static readonly DateTimeOffset Now = new(2026, 5, 4, 12, 0, 0, TimeSpan.Zero);

    private static readonly TimeSpan Usual = TimeSpan.FromMilliseconds(150);
    private static readonly TimeSpan Unread = TimeSpan.FromSeconds(1);
    private static readonly SinkOptions Options = new() { UnreadAfter = TimeSpan.FromSeconds(10) };

    [Fact]
    public void Rows_wait_longer_while_nobody_has_read_the_store() => FlushCadence.Of(Usual, Unread, Options, Now.AddSeconds(-11), Now).ShouldBe(Unread);

    [Theory]
    [InlineData(-9)]
    [InlineData(0)]
    public void Rows_are_written_at_the_usual_pace_while_somebody_reads(int secondsAgo) =>
        FlushCadence.Of(Usual, Unread, Options, Now.AddSeconds(secondsAgo), Now).ShouldBe(Usual);

    [Fact]
    public void Store_that_others_may_read_unseen_is_never_taken_for_unread() => FlushCadence.Of(Usual, Unread, Options, null, Now).ShouldBe(Usual);

    [Fact]
    public void Interval_while_unread_never_shortens_the_usual_one() =>
        FlushCadence.Of(TimeSpan.FromSeconds(2), Unread, Options, Now.AddHours(-1), Now).ShouldBe(TimeSpan.FromSeconds(2));
}
