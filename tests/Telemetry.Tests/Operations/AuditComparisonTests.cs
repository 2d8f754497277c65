using Telemetry.Operations.Audit;
using Telemetry.Simulator.Ledger;

namespace Telemetry.Tests.Operations;

/// <summary>An audit that cannot fail proves nothing: each kind of difference must be found.</summary>
public sealed class AuditComparisonTests
{
    private static readonly ReadingKey Key = new("press-1", 7);

    [Fact]
    public void Equal_sets_have_no_difference()
    {
        var comparison = Compare(acked: [new(1, 100)], sent: 100, log: [(1, 100)], raw: [(1, 100)]);

        comparison.Lost.ShouldBe(0);
        comparison.Unexplained.ShouldBe(0);
        comparison.Differences.ShouldBeEmpty();
    }

    [Fact]
    public void Acknowledged_reading_missing_from_the_log_is_lost()
    {
        var comparison = Compare(acked: [new(1, 100)], sent: 100, log: [(1, 49), (51, 100)], raw: [(1, 49), (51, 100)]);

        comparison.Lost.ShouldBe(1);
        comparison.Differences.ShouldHaveSingleItem().ShouldContain("sequences 50-50");
    }

    [Fact]
    public void Reading_on_the_log_but_not_stored_is_lost()
    {
        Compare(acked: [new(1, 90)], sent: 100, log: [(1, 100)], raw: [(1, 95)]).Lost.ShouldBe(5);
    }

    [Fact]
    public void Sent_but_not_acknowledged_reading_may_be_stored_or_not()
    {
        Compare(acked: [new(1, 90)], sent: 100, log: [(1, 95)], raw: [(1, 95)]).Lost.ShouldBe(0);
        Compare(acked: [new(1, 90)], sent: 100, log: [(1, 95)], raw: [(1, 95)]).Unexplained.ShouldBe(0);
    }

    [Fact]
    public void Reading_that_was_never_sent_is_unexplained()
    {
        Compare(acked: [new(1, 100)], sent: 100, log: [(1, 103)], raw: [(1, 103)]).Unexplained.ShouldBe(3);
    }

    [Fact]
    public void Reading_stored_without_the_log_is_unexplained()
    {
        Compare(acked: [new(1, 10)], sent: 20, log: [(1, 10)], raw: [(1, 12)]).Unexplained.ShouldBe(2);
    }

    [Fact]
    public void Refused_reading_on_the_log_is_unexplained()
    {
        var comparison = Compare(acked: [new(1, 10)], sent: 20, log: [(1, 12)], raw: [(1, 12)], refused: [new(12, 14)]);

        comparison.Unexplained.ShouldBe(1);
    }

    [Fact]
    public void Device_with_nothing_on_the_log_is_lost_whole()
    {
        var comparison = new AuditComparison();
        comparison.LedgerAgainstLog(
            [new LedgerEntry("press-1", 7, 5, [new(1, 5)], [])], new Dictionary<ReadingKey, SequenceSet>(), logTruncated: false);

        comparison.Lost.ShouldBe(5);
    }

    private static AuditComparison Compare(
        SequenceRange[] acked, ulong sent, (ulong First, ulong Last)[] log, (ulong First, ulong Last)[] raw, SequenceRange[]? refused = null)
    {
        var onLog = new Dictionary<ReadingKey, SequenceSet> { [Key] = Set(log) };
        var stored = new Dictionary<ReadingKey, SequenceSet> { [Key] = Set(raw) };
        var comparison = new AuditComparison();
        comparison.LedgerAgainstLog([new LedgerEntry(Key.Device, Key.Boot, sent, acked, refused ?? [])], onLog, logTruncated: false);
        comparison.LogAgainstRaw(onLog, stored, logTruncated: false);
        return comparison;
    }

    private static SequenceSet Set((ulong First, ulong Last)[] ranges)
    {
        var set = new SequenceSet();
        foreach (var (first, last) in ranges)
        {
            set.Add(first, last);
        }

        return set;
    }
}
