using System.Buffers;
using System.Text;
using Telemetry.Contracts.Readings;
using Telemetry.Streams.Deduplication;
using Telemetry.Streams.State;

namespace Telemetry.Tests.Deduplication;

/// <summary>What is a copy and what is another reading under the same id.</summary>
public sealed class ConflictTests
{
    private const long Now = 1_700_000_000_000_000;
    private readonly DuplicateRuns _runs = new();
    private readonly DuplicateStatistics _statistics = new();
    private readonly DuplicateFilterOptions _options = new();

    [Theory]
    [InlineData(0, "t", 1.0, DuplicateKind.Duplicate)]
    [InlineData(1, "t", 1.0, DuplicateKind.Conflict)]
    [InlineData(0, "u", 1.0, DuplicateKind.Conflict)]
    [InlineData(0, "t", 1.5, DuplicateKind.Conflict)]
    [InlineData(0, "t", double.NaN, DuplicateKind.Conflict)]
    public void A_copy_has_time_sensor_and_value_of_the_first(long timeShift, string sensor, double value, DuplicateKind kind)
    {
        var device = new DeviceSequences();
        device.Add(Batch(7, 1, Now, "t", 1.0), _options, _runs, _statistics).ShouldBe(DuplicateVerdict.AllNew);
        device.Add(Batch(7, 1, Now + timeShift, sensor, value), _options, _runs, _statistics);
        _runs.Span.ToArray().ShouldBe([new DuplicateRun(0, 1, kind)]);
        device.ConflictsOf(7).ShouldBe(kind == DuplicateKind.Conflict ? 1 : 0);

        // The first one stays the one that counts.
        device.Add(Batch(7, 1, Now, "t", 1.0), _options, _runs, _statistics).ShouldBe(DuplicateVerdict.AllDuplicate);
    }

    [Fact]
    public void Times_of_arrival_do_not_make_a_conflict_of_a_copy()
    {
        var device = new DeviceSequences();
        device.Add(Batch(7, 1, Now, "t", true, 1.0), _options, _runs, _statistics);
        device.Add(Batch(7, 1, Now + 5_000_000, "t", true, 1.0), _options, _runs, _statistics).ShouldBe(DuplicateVerdict.AllDuplicate);
        device.Add(Batch(7, 1, Now + 5_000_000, "t", true, 2.0), _options, _runs, _statistics);
        _runs.CountOf(DuplicateKind.Conflict).ShouldBe(1);
    }

    [Fact]
    public void A_counter_of_messages_loses_nothing_without_a_word()
    {
        // Ten readings a message, numbered by the message: nine of ten ids are given twice.
        var device = new DeviceSequences();
        var (stored, conflicts) = (0, 0);
        for (var message = 1; message <= 10; message++)
        {
            device.Add(Batch(7, (ulong)message, Now + message, "t", [.. Enumerable.Range(0, 10).Select(i => (message * 100.0) + i)]), _options, _runs, _statistics);
            stored += _runs.CountOf(DuplicateKind.New);
            conflicts += _runs.CountOf(DuplicateKind.Conflict);
            _runs.CountOf(DuplicateKind.Duplicate).ShouldBe(0);
        }

        (stored, conflicts).ShouldBe((19, 81));
        _statistics.Conflicts.ShouldBe(81);
    }

    [Fact]
    public void The_last_thousand_ids_are_judged_and_older_ones_count_as_copies()
    {
        var device = new DeviceSequences();
        for (var i = 0; i < 300; i++)
        {
            device.Add(Batch(7, (ulong)(i * 10) + 1, Now, "t", [.. Enumerable.Range(i * 10, 10).Select(v => (double)v)]), _options, _runs, _statistics);
        }

        var kinds = Enumerable.Range(1, 3000).Select(sequence => Kind(device, (ulong)sequence, -1)).ToArray();
        kinds[..1976].ShouldAllBe(k => k == DuplicateKind.Duplicate);
        kinds[1976..].ShouldAllBe(k => k == DuplicateKind.Conflict);
    }

    /// <summary>Written in half of the bytes; judged alike before and after it was read back.</summary>
    [Fact]
    public void Of_short_hashes_most_conflicts_are_told_and_no_copy_is_taken_for_one()
    {
        var options = _options with { ShortHashes = true };
        var device = new DeviceSequences();
        device.Add(Batch(7, 1, Now, "t", [.. Enumerable.Range(0, 1000).Select(v => (double)v)]), options, _runs, _statistics);
        var read = Copy(device);

        foreach (var judged in new[] { device, read })
        {
            judged.Add(Batch(7, 1, Now, "t", [.. Enumerable.Range(0, 1000).Select(v => (double)v)]), options, _runs, _statistics)
                .ShouldBe(DuplicateVerdict.AllDuplicate);
            _runs.CountOf(DuplicateKind.Conflict).ShouldBe(0);
        }

        device.Add(Batch(7, 1, Now, "t", [.. Enumerable.Range(5000, 1000).Select(v => (double)v)]), options, _runs, _statistics);
        var told = _runs.Span.ToArray();
        read.Add(Batch(7, 1, Now, "t", [.. Enumerable.Range(5000, 1000).Select(v => (double)v)]), options, _runs, _statistics);
        _runs.Span.ToArray().ShouldBe(told);
        _runs.CountOf(DuplicateKind.Conflict).ShouldBeInRange(980, 1000);

        var (few, many) = (new StateWriter(), new StateWriter());
        device.Write(few);
        var full = new DeviceSequences();
        full.Add(Batch(7, 1, Now, "t", [.. Enumerable.Range(0, 1000).Select(v => (double)v)]), _options, _runs, _statistics);
        full.Write(many);
        (many.Length - few.Length).ShouldBeInRange(990, 1010);
    }

    [Fact]
    public void Batches_in_any_order_and_with_gaps_are_judged_as_a_slow_model_judges_them() => Contracts.ReadingBatchBufferTests.ForAllSeeds(300, random =>
    {
        var device = new DeviceSequences();
        var options = _options with { HashedIdsPerBootMax = 64 };
        var model = new Dictionary<(ulong Boot, ulong Sequence), double>();
        var highest = new Dictionary<ulong, ulong>();
        for (var step = 0; step < 60; step++)
        {
            var boot = (ulong)random.Next(1, 3);
            var first = (ulong)random.Next(1, 120);
            var values = Enumerable.Range(0, random.Next(1, 12)).Select(_ => (double)random.Next(2)).ToArray();
            var before = highest.GetValueOrDefault(boot);
            device.Add(Batch(boot, first, Now, "t", values), options, _runs, _statistics);
            foreach (var run in _runs.Span.ToArray())
            {
                for (var i = run.Start; i < run.Start + run.Count; i++)
                {
                    var id = (boot, first + (ulong)i);
                    var known = model.TryGetValue(id, out var value);
                    (run.Kind == DuplicateKind.New).ShouldBe(!known);
                    if (run.Kind == DuplicateKind.Conflict)
                    {
                        value.ShouldNotBe(values[i]);
                    }

                    // What is recent is judged, always.
                    if (known && value != values[i] && before - id.Item2 < 16)
                    {
                        run.Kind.ShouldBe(DuplicateKind.Conflict);
                    }

                    model.TryAdd(id, values[i]);
                }
            }

            highest[boot] = Math.Max(before, first + (ulong)values.Length - 1);
            if (random.Next(8) == 0)
            {
                device = Copy(device);
            }
        }
    });

    [Fact]
    public void Sequences_with_holes_take_only_the_ids_that_are_there()
    {
        var device = new DeviceSequences();
        var output = new ArrayBufferWriter<byte>();
        ReadingBatchWriter.Write(output, "d"u8, 7, new BatchIds(0, [1, 2, 5, 9], false), Names("t"), [], [Now, Now, Now, Now], [1, 2, 5, 9], []);
        var batch = new ReadingBatchBuffer();
        batch.TryDecode(output.WrittenSpan.ToArray(), out var error).ShouldBeTrue(error.ToString());
        device.Add(batch, _options, _runs, _statistics).ShouldBe(DuplicateVerdict.AllNew);
        device.CurrentMissing.ShouldBe(5UL);
        device.Add(batch, _options, _runs, _statistics).ShouldBe(DuplicateVerdict.AllDuplicate);
        Kind(device, 5, 5).ShouldBe(DuplicateKind.Duplicate);
        Kind(device, 9, 8).ShouldBe(DuplicateKind.Conflict);
        Kind(device, 6, 6).ShouldBe(DuplicateKind.New);
    }

    [Fact]
    public void State_from_before_there_were_hashes_is_read_and_its_ids_count_as_copies()
    {
        // One boot, 0x0807060504030201, nothing forgotten, one range of 1 to 50.
        byte[] old = [1, 1, 2, 3, 4, 5, 6, 7, 8, 0, 1, 1, 49];
        var reader = new StateReader(old);
        var device = DeviceSequences.Read(ref reader);
        reader.AtEnd.ShouldBeTrue();
        const ulong boot = 0x0807060504030201;
        device.CurrentBoot.ShouldBe(boot);
        device.Add(Batch(boot, 50, Now, "t", 1, 2), _options, _runs, _statistics);
        _runs.Span.ToArray().ShouldBe([new DuplicateRun(0, 1, DuplicateKind.Duplicate), new DuplicateRun(1, 1, DuplicateKind.New)]);
        device.Add(Batch(boot, 51, Now, "t", 3), _options, _runs, _statistics);
        _runs.CountOf(DuplicateKind.Conflict).ShouldBe(1);
    }

    [Fact]
    public void Without_budget_nothing_is_judged_and_nothing_else_changes()
    {
        var device = new DeviceSequences();
        var options = _options with { HashBytesMax = 0 };
        device.Add(Batch(7, 1, Now, "t", 1, 2), options, _runs, _statistics).ShouldBe(DuplicateVerdict.AllNew);
        device.Add(Batch(7, 1, Now, "t", 8, 9), options, _runs, _statistics).ShouldBe(DuplicateVerdict.AllDuplicate);
    }

    [Fact]
    public void Judging_allocates_nothing_once_warm()
    {
        var device = new DeviceSequences();
        var batches = Enumerable.Range(0, 1200).Select(i => Batch(7, (ulong)(i * 5) + 1, Now + i, "t", 1, 2, 3, 4, 5)).ToArray();
        for (var i = 0; i < 600; i++)
        {
            device.Add(batches[i], _options, _runs, _statistics);
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 600; i < batches.Length; i++)
        {
            device.Add(batches[i], _options, _runs, _statistics);
            device.Add(batches[i], _options, _runs, _statistics);
        }

        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBe(0);
    }

    private static DeviceSequences Copy(DeviceSequences sequences)
    {
        var writer = new StateWriter();
        sequences.Write(writer);
        var reader = new StateReader(writer.WrittenSpan);
        var copy = DeviceSequences.Read(ref reader);
        reader.AtEnd.ShouldBeTrue();
        return copy;
    }

    private static ReadOnlyMemory<byte>[] Names(string sensor) => [Encoding.ASCII.GetBytes(sensor)];

    private static ReadingBatchBuffer Batch(ulong boot, ulong first, long time, string sensor, params double[] values) =>
        Batch(boot, first, time, sensor, false, values);

    private static ReadingBatchBuffer Batch(ulong boot, ulong first, long time, string sensor, bool timesAssigned, params double[] values)
    {
        var output = new ArrayBufferWriter<byte>();
        long[] times = [.. values.Select(_ => time)];
        ReadingBatchWriter.Write(output, "d"u8, boot, new BatchIds(first, [], timesAssigned), Names(sensor), [], times, values, []);
        var batch = new ReadingBatchBuffer();
        batch.TryDecode(output.WrittenSpan.ToArray(), out var error).ShouldBeTrue(error.ToString());
        return batch;
    }

    private DuplicateKind Kind(DeviceSequences device, ulong sequence, double value)
    {
        device.Add(Batch(7, sequence, Now, "t", value), _options, _runs, _statistics);
        return _runs.Span[0].Kind;
    }
}
