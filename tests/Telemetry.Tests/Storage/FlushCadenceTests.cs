using Telemetry.Storage;
using Telemetry.Storage.Sink;

namespace Telemetry.Tests.Storage;

public sealed class FlushCadenceTests
{
    private static readonly DateTimeOffset Now = new(2026, 5, 4, 12, 0, 0, TimeSpan.Zero);

    private static readonly SinkOptions Options = new()
    {
        RawFlushInterval = TimeSpan.FromMilliseconds(150),
        RawFlushIntervalUnread = TimeSpan.FromSeconds(1),
        RawRowsUnread = 5_000,
        UnreadAfter = TimeSpan.FromSeconds(10),
    };

    [Fact]
    public void Few_readings_wait_while_nobody_has_read_the_store() =>
        FlushCadence.Of(Options, 400, Now.AddSeconds(-11), Now).ShouldBe(Options.RawFlushIntervalUnread);

    [Theory]
    [InlineData(400, -9)]
    [InlineData(400, 0)]
    [InlineData(5_000, -3600)]
    public void Readings_are_stored_at_once_when_somebody_reads_or_they_are_many(int rows, int secondsAgo) =>
        FlushCadence.Of(Options, rows, Now.AddSeconds(secondsAgo), Now).ShouldBe(Options.RawFlushInterval);

    [Fact]
    public void Store_that_others_may_read_unseen_is_never_taken_for_unread() => FlushCadence.Of(Options, 400, null, Now).ShouldBe(Options.RawFlushInterval);

    [Fact]
    public void Interval_while_unread_never_shortens_the_usual_one() =>
        FlushCadence.Of(Options with { RawFlushInterval = TimeSpan.FromSeconds(2) }, 400, Now.AddHours(-1), Now).ShouldBe(TimeSpan.FromSeconds(2));
}
