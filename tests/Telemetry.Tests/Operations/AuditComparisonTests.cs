using Telemetry.Operations.Audit;
using Telemetry.Simulator.Ledger;
using Telemetry.Storage.Audit;

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
        Compare(acked: [new(1, 5)], sent: 5, log: [], raw: []).Lost.ShouldBe(5);
    }

    [Fact]
    public void Reading_put_aside_with_a_dead_letter_is_not_lost()
    {
        var tally = Compare(
            acked: [new(1, 100)], sent: 100, log: [(1, 90)], raw: [(1, 80)],
            change: e =>
            {
                e.PutAside.Add(Key.Device, Key.Boot, 81, 95);
                e.Conflicts.Add(Key.Device, Key.Boot, 96, 100);
            });

        (tally.Lost, tally.Unexplained).ShouldBe((0, 0));
        tally.DeadLettered.ShouldBe(15);
    }

    [Fact]
    public void Conflict_refused_to_its_device_is_explained_though_its_id_is_on_the_log()
    {
        var tally = Compare(
            acked: [new(1, 10)], sent: 12, log: [(1, 10)], raw: [(1, 10)], refused: [new(4, 5)],
            change: e => e.Conflicts.Add(Key.Device, Key.Boot, 4, 5));

        tally.Unexplained.ShouldBe(0);
    }

    [Fact]
    public void Acknowledged_reading_that_the_log_has_let_go_must_be_stored()
    {
        var tally = Compare(
            acked: [new(1, 100)], sent: 100, log: [(61, 100)], raw: [(1, 49), (51, 100)], change: e => e.LogIsWhole = false);

        tally.Lost.ShouldBe(1);
        tally.Expired.ShouldBe(0);
        tally.Differences.ShouldHaveSingleItem().ShouldContain("sequences 50-50");
    }

    [Fact]
    public void Where_raw_has_expired_too_only_the_beginning_of_a_boot_may_be_gone()
    {
        var tally = Compare(
            acked: [new(1, 100)], sent: 100, log: [(61, 100)], raw: [(31, 49), (51, 100)],
            change: e => (e.LogIsWhole, e.RawIsWhole) = (false, false));

        (tally.Lost, tally.Expired).ShouldBe((1, 30));
    }

    [Fact]
    public void Late_reading_on_the_log_older_than_raw_reaches_has_expired()
    {
        var tally = Compare(
            acked: [new(1, 100)], sent: 100, log: [(1, 100)], raw: [(11, 99)],
            change: e =>
            {
                e.RawIsWhole = false;
                e.LogExpiring.Add(Key.Device, Key.Boot, 1, 12);
            });

        (tally.Lost, tally.Expired).ShouldBe((1, 10));
    }

    [Fact]
    public void Stored_reading_older_than_the_log_reaches_is_explained_and_a_recent_one_is_not()
    {
        var tally = Compare(
            acked: [new(1, 100)], sent: 100, log: [(61, 80), (82, 100)], raw: [(1, 100)],
            change: e =>
            {
                e.LogIsWhole = false;
                e.RawRecent.Add(Key.Device, Key.Boot, 70, 100);
            });

        (tally.Lost, tally.Unexplained).ShouldBe((0, 1));
    }

    [Fact]
    public void Shares_together_find_what_one_comparison_finds()
    {
        static AuditTally Find(SequenceShare share)
        {
            var evidence = new AuditEvidence(share, new SequenceBudget(long.MaxValue));
            const ulong Last = 40_000_000;
            evidence.Log.Add(Key.Device, Key.Boot, 1, 9_999_999);
            evidence.Log.Add(Key.Device, Key.Boot, 10_000_002, Last);
            evidence.Raw.Add(Key.Device, Key.Boot, 1, 20_000_000);
            evidence.Raw.Add(Key.Device, Key.Boot, 20_000_004, Last + 1);
            var comparison = new AuditComparison(evidence);
            comparison.Ledger([new LedgerEntry(Key.Device, Key.Boot, Last, [new(1, Last)], [])]);
            comparison.LogAgainstRaw();
            return comparison.Tally;
        }

        var whole = Find(SequenceShare.All);
        var shares = new AuditTally();
        foreach (var share in SequenceShare.All.Split().SelectMany(s => s.Split()))
        {
            shares.Add(Find(share));
        }

        (whole.Lost, whole.Unexplained).ShouldBe((5, 3));
        (shares.Lost, shares.Unexplained).ShouldBe((5, 3));
    }

    [Fact]
    public void Sets_beyond_their_budget_are_refused_before_they_take_memory()
    {
        var sets = new SequenceSets(SequenceShare.All, new SequenceBudget(10_000));

        Should.Throw<SequencesTooManyException>(() =>
        {
            for (var i = 0UL; i < 10_000; i++)
            {
                sets.Add(Key.Device, Key.Boot, i * 2, i * 2);
            }
        });
        sets.Count.ShouldBeLessThan(1_000);
    }

    private static AuditTally Compare(
        SequenceRange[] acked,
        ulong sent,
        (ulong First, ulong Last)[] log,
        (ulong First, ulong Last)[] raw,
        SequenceRange[]? refused = null,
        Action<AuditEvidence>? change = null)
    {
        var evidence = new AuditEvidence(SequenceShare.All, new SequenceBudget(long.MaxValue));
        Fill(evidence.Log, log);
        Fill(evidence.Raw, raw);
        change?.Invoke(evidence);
        var comparison = new AuditComparison(evidence);
        comparison.Ledger([new LedgerEntry(Key.Device, Key.Boot, sent, acked, refused ?? [])]);
        comparison.LogAgainstRaw();
        return comparison.Tally;
    }

    private static void Fill(SequenceSets sets, (ulong First, ulong Last)[] ranges)
    {
        foreach (var (first, last) in ranges)
        {
            sets.Add(Key.Device, Key.Boot, first, last);
        }
    }
}
