using FsCheck;
using FsCheck.Fluent;
using Telemetry.Streams.Deduplication;
using Telemetry.Streams.State;

namespace Telemetry.Tests.Deduplication;

public class DeviceSequencesTests
{
    private readonly DuplicateRuns _runs = new();
    private readonly DuplicateStatistics _statistics = new();

    [Fact]
    public void Every_sequence_is_new_once_and_a_duplicate_ever_after() =>
        Prop.ForAll(Steps().ToArbitrary(), steps =>
        {
            var sequences = new DeviceSequences();
            var seen = new HashSet<(ulong, ulong)>();
            foreach (var (boot, first, count, restart) in steps)
            {
                sequences = restart ? Copy(sequences) : sequences;
                var verdict = Add(sequences, new DuplicateFilterOptions(), boot, first, count);
                var expected = Enumerable.Range(0, count)
                    .Select(i => seen.Add((boot, first + (ulong)i)) ? DuplicateKind.New : DuplicateKind.Duplicate).ToArray();
                Kinds(count).ShouldBe(expected);
                verdict.ShouldBe(VerdictOf(expected));
            }

            return true;
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Within_tight_bounds_nothing_is_new_twice_and_nothing_seen_is_new() =>
        Prop.ForAll(Steps().ToArbitrary(), steps =>
        {
            var options = new DuplicateFilterOptions { RangesPerBootMax = 3, BootsPerDeviceMax = 2, ClosedBootsPerDeviceMax = 16 };
            var sequences = new DeviceSequences();
            var seen = new HashSet<(ulong, ulong)>();
            foreach (var (boot, first, count, restart) in steps)
            {
                sequences = restart ? Copy(sequences) : sequences;
                Add(sequences, options, boot, first, count);
                var kinds = Kinds(count);
                for (var i = 0; i < count; i++)
                {
                    var id = (boot, first + (ulong)i);
                    (kinds[i] == DuplicateKind.New && seen.Contains(id)).ShouldBeFalse("new twice");
                    (kinds[i] == DuplicateKind.Duplicate && !seen.Contains(id)).ShouldBeFalse("lost silently");
                    if (kinds[i] == DuplicateKind.New)
                    {
                        seen.Add(id);
                    }
                }
            }

            return true;
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Closing_the_oldest_gap_makes_only_what_lies_below_the_second_range_ambiguous()
    {
        var options = new DuplicateFilterOptions { RangesPerBootMax = 2 };
        var sequences = new DeviceSequences();
        Add(sequences, options, 1, 1, 2);
        Add(sequences, options, 1, 5, 2);
        _statistics.GapsClosed.ShouldBe(0);
        Add(sequences, options, 1, 9, 2);
        _statistics.GapsClosed.ShouldBe(1);
        Add(sequences, options, 1, 3, 5);
        Kinds(5).ShouldBe([
            DuplicateKind.Ambiguous, DuplicateKind.Ambiguous, DuplicateKind.Duplicate, DuplicateKind.Duplicate, DuplicateKind.New]);
    }

    [Fact]
    public void A_boot_beyond_the_bound_is_ambiguous_up_to_its_highest_sequence_and_new_above()
    {
        var options = new DuplicateFilterOptions { BootsPerDeviceMax = 1 };
        var sequences = new DeviceSequences();
        Add(sequences, options, 1, 1, 10);
        Add(sequences, options, 2, 1, 1);
        _statistics.BootsClosed.ShouldBe(1);
        Add(sequences, options, 1, 10, 2);
        Kinds(2).ShouldBe([DuplicateKind.Ambiguous, DuplicateKind.New]);
    }

    [Fact]
    public void A_boot_falling_off_the_end_is_counted()
    {
        var options = new DuplicateFilterOptions { BootsPerDeviceMax = 1, ClosedBootsPerDeviceMax = 1 };
        var sequences = new DeviceSequences();
        for (var boot = 1UL; boot <= 5; boot++)
        {
            Add(sequences, options, boot, 1, 1);
        }

        sequences.BootCount.ShouldBe(2);
        _statistics.BootsForgotten.ShouldBe(3);
    }

    [Fact]
    public void The_last_sequences_of_all_are_told_apart_too()
    {
        var sequences = new DeviceSequences();
        Add(sequences, new DuplicateFilterOptions(), 1, ulong.MaxValue - 1, 2).ShouldBe(DuplicateVerdict.AllNew);
        Add(sequences, new DuplicateFilterOptions(), 1, ulong.MaxValue, 1).ShouldBe(DuplicateVerdict.AllDuplicate);
        Add(sequences, new DuplicateFilterOptions(), 1, ulong.MaxValue - 2, 2);
        Kinds(2).ShouldBe([DuplicateKind.New, DuplicateKind.Duplicate]);
        Should.Throw<ArgumentOutOfRangeException>(() => Add(sequences, new DuplicateFilterOptions(), 1, ulong.MaxValue, 2));
        Should.Throw<ArgumentOutOfRangeException>(() => Add(sequences, new DuplicateFilterOptions(), 1, 0, 1));
    }

    [Fact]
    public void A_device_without_gaps_takes_few_bytes_and_no_allocation()
    {
        var sequences = new DeviceSequences();
        var options = new DuplicateFilterOptions();
        Add(sequences, options, 7, 1, 50);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 1UL; i < 1000; i++)
        {
            sequences.Add(7, (i * 50) + 1, 50, options, _runs, _statistics);
        }

        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBe(0);
        var writer = new StateWriter();
        sequences.Write(writer);
        writer.Length.ShouldBeLessThan(20);
    }

    [Fact]
    public void Bytes_cut_short_are_an_error()
    {
        var sequences = new DeviceSequences();
        Add(sequences, new DuplicateFilterOptions(), 7, 1, 50);
        Add(sequences, new DuplicateFilterOptions(), 7, 100, 50);
        var writer = new StateWriter();
        sequences.Write(writer);
        var bytes = writer.WrittenSpan.ToArray();
        for (var length = 0; length < bytes.Length; length++)
        {
            Should.Throw<FormatException>(() =>
            {
                var reader = new StateReader(bytes.AsSpan(0, length));
                DeviceSequences.Read(ref reader);
            });
        }
    }

    private static Gen<(ulong Boot, ulong First, int Count, bool Restart)[]> Steps() => Gen.Sized(size =>
        (from boot in Gen.Choose(1, 6)
         from first in Gen.Choose(1, 20 + size)
         from count in Gen.Choose(1, 12)
         from restart in Gen.Choose(0, 9)
         select ((ulong)boot, (ulong)first, count, restart == 0)).ArrayOf(20 + size));

    private static DeviceSequences Copy(DeviceSequences sequences)
    {
        var writer = new StateWriter();
        sequences.Write(writer);
        var reader = new StateReader(writer.WrittenSpan);
        var copy = DeviceSequences.Read(ref reader);
        reader.AtEnd.ShouldBeTrue();
        return copy;
    }

    private static DuplicateVerdict VerdictOf(DuplicateKind[] kinds) =>
        kinds.All(k => k == DuplicateKind.New) ? DuplicateVerdict.AllNew
        : kinds.All(k => k == DuplicateKind.Duplicate) ? DuplicateVerdict.AllDuplicate
        : DuplicateVerdict.Mixed;

    private DuplicateVerdict Add(DeviceSequences sequences, DuplicateFilterOptions options, ulong boot, ulong first, int count) =>
        sequences.Add(boot, first, count, options, _runs, _statistics);

    private DuplicateKind[] Kinds(int count)
    {
        var kinds = new List<DuplicateKind>();
        foreach (var run in _runs.Span)
        {
            run.Start.ShouldBe(kinds.Count);
            kinds.AddRange(Enumerable.Repeat(run.Kind, run.Count));
        }

        kinds.Count.ShouldBe(count);
        return [.. kinds];
    }
}
