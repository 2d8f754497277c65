using Telemetry.Streams;
using Telemetry.Streams.Pauses;
using Telemetry.Streams.State;

namespace Telemetry.Tests.Streams;

public class PartitionPausesTests
{
    private const long T = 1_700_000_000_000;
    private PartitionPauses _pauses = new(TimeSpan.FromMinutes(1));

    [Fact]
    public void Pause_is_what_is_long_for_the_partition()
    {
        Hear(every: 100, count: 100);
        _pauses.Heard(T + 11_900);
        _pauses.Until(T + 9_000, 18_000).ShouldBe(T + 27_000, "2 s are no pause");
        _pauses.Heard(T + 14_000);
        _pauses.Until(T + 9_000, 18_000).ShouldBe(T + 74_000, "the grace, from the first record after it");
        _pauses.Until(T + 9_000, 1_800_000).ShouldBe(T + 1_814_000, "the whole wait begins anew");
        _pauses.Until(T + 14_000, 18_000).ShouldBe(T + 32_000, "it has been heard since");
    }

    [Fact]
    public void Slow_partition_has_longer_pauses()
    {
        Hear(every: 60_000, count: 100);
        _pauses.Heard(T + 6_200_000);
        _pauses.Spans(T + 5_000_000).ShouldBeFalse();
        _pauses.Heard(T + 6_600_000);
        _pauses.Spans(T + 5_000_000).ShouldBeTrue();
    }

    [Fact]
    public void Quiet_that_was_watched_is_no_pause()
    {
        Hear(every: 100, count: 100);
        _pauses.Passed(T + 40_000, watchedSinceMs: T + 5_000);
        _pauses.Spans(T + 9_000).ShouldBeFalse();
        _pauses.Passed(T + 60_000, watchedSinceMs: T + 59_000);
        _pauses.Spans(T + 9_000).ShouldBeTrue();
    }

    [Fact]
    public void State_comes_back_and_state_of_an_older_program_is_empty()
    {
        Hear(every: 100, count: 100);
        _pauses.Heard(T + 20_000);
        var writer = new StateWriter();
        _pauses.Write(writer);
        var known = _pauses;
        _pauses = new PartitionPauses(TimeSpan.FromMinutes(1));
        var none = new StateReader([]);
        _pauses.Read(ref none);
        _pauses.HeardMs.ShouldBe(0);
        var reader = new StateReader(writer.WrittenSpan);
        _pauses.Read(ref reader);
        reader.AtEnd.ShouldBeTrue();
        (_pauses.HeardMs, _pauses.Until(T, 5)).ShouldBe((T + 20_000, known.Until(T, 5)));
        _pauses.Heard(T + 22_001);
        known.Heard(T + 22_001);
        _pauses.Until(T, 5).ShouldBe(known.Until(T, 5));
    }

    [Fact]
    public void Watching_travels_in_a_header()
    {
        var record = PassingTime.Record(new TopicPartition("readings", 3), T, T - 5);
        (record.Topic, record.Partition, record.TimestampMs, record.Value.Length).ShouldBe(("readings", 3, T, 0));
        PassingTime.WatchedSince(record.Headers!, T).ShouldBe(T - 5);
        PassingTime.WatchedSince(RecordHeaders.Empty, T).ShouldBe(0, "a record of the release before");
        PassingTime.WatchedSince(new RecordHeaders([new("telemetry-profiles", new byte[3])]), T).ShouldBe(T, "it says nothing of that");
        PassingTime.WatchedSince(new RecordHeaders([new(PassingTime.Header, new byte[3])]), T).ShouldBe(T);
    }

    private void Hear(long every, int count)
    {
        for (var n = 0; n < count; n++)
        {
            _pauses.Heard(T + (n * every));
        }
    }
}
