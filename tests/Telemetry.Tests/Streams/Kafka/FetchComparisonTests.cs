using Telemetry.Streams;
using Telemetry.Streams.Kafka.Consumers;

namespace Telemetry.Tests.Streams.Kafka;

public class FetchComparisonTests
{
    private static readonly TopicPartition One = new("t", 1);
    private static readonly TopicPartition Two = new("t", 2);

    private readonly FetchComparison _comparison = new();

    [Fact]
    public void Partition_that_stands_before_the_end_at_two_looks_is_not_read()
    {
        Look(polls: 1, at: 5, end: 9).ShouldBeEmpty();
        Look(polls: 2, at: 5, end: 9).ShouldBeEmpty();
        Look(polls: 3, at: 5, end: 9).ShouldBe([One]);

        // It was given to the client again, which needs its time.
        Look(polls: 4, at: 5, end: 9).ShouldBeEmpty();
        Look(polls: 5, at: 5, end: 9).ShouldBe([One]);
    }

    [Fact]
    public void Partition_at_its_end_has_nothing_to_read()
    {
        for (var polls = 1; polls < 5; polls++)
        {
            Look(polls, at: 9, end: 9).ShouldBeEmpty();
        }

        // What came between two looks may be on its way.
        Look(polls: 5, at: 9, end: 12).ShouldBeEmpty();
        Look(polls: 6, at: 12, end: 12).ShouldBeEmpty();
    }

    [Fact]
    public void Partition_that_moves_is_read_however_far_it_is_behind()
    {
        for (var polls = 1; polls < 9; polls++)
        {
            Look(polls, at: polls, end: 1000).ShouldBeEmpty();
        }
    }

    [Fact]
    public void Consumer_that_is_not_polled_reads_nothing_and_need_not()
    {
        for (var look = 0; look < 5; look++)
        {
            Look(polls: 1, at: 5, end: 9).ShouldBeEmpty();
        }
    }

    [Fact]
    public void End_that_is_not_known_proves_nothing()
    {
        Look(polls: 1, at: 5, end: 9);
        Look(polls: 2, at: 5, end: 9);
        Look(polls: 3, at: 5, end: null).ShouldBeEmpty();
        Look(polls: 4, at: 5, end: 9).ShouldBeEmpty();
        Look(polls: 5, at: 5, end: 9).ShouldBe([One]);
    }

    [Fact]
    public void Paused_in_between_it_counts_from_the_start()
    {
        Look(polls: 1, at: 5, end: 9);
        Look(polls: 2, at: 5, end: 9);
        _comparison.Look(new Dictionary<TopicPartition, long>(), 3, new Dictionary<TopicPartition, long>()).ShouldBeEmpty();
        Look(polls: 4, at: 5, end: 9).ShouldBeEmpty();
        Look(polls: 5, at: 5, end: 9).ShouldBeEmpty();
        Look(polls: 6, at: 5, end: 9).ShouldBe([One]);
    }

    [Fact]
    public void Only_what_stands_still_is_asked_for()
    {
        var reading = new Dictionary<TopicPartition, long> { [One] = 5, [Two] = 7 };
        _comparison.Standing(reading, 1).ShouldBeEmpty();
        _comparison.Look(reading, 1, new Dictionary<TopicPartition, long>());
        _comparison.Standing(reading, 1).ShouldBeEmpty();
        _comparison.Standing(new Dictionary<TopicPartition, long> { [One] = 5, [Two] = 8 }, 2).ShouldBe([One]);
    }

    private IReadOnlyList<TopicPartition> Look(long polls, long at, long? end)
    {
        var reading = new Dictionary<TopicPartition, long> { [One] = at };
        var ends = new Dictionary<TopicPartition, long>();
        foreach (var id in _comparison.Standing(reading, polls))
        {
            if (end is { } known)
            {
                ends.Add(id, known);
            }
        }

        return _comparison.Look(reading, polls, ends);
    }
}
