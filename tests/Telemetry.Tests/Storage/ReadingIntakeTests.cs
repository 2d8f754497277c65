using Telemetry.Contracts.Readings;
using Telemetry.Contracts.V1;
using Telemetry.Contracts.Wire;
using Telemetry.Processing;
using Telemetry.Storage.Writing;
using Telemetry.Streams.Deduplication;
using Telemetry.Streams.State;
using Telemetry.Tests.Processing;

namespace Telemetry.Tests.Storage;

/// <summary>What of a record is stored and what is put aside.</summary>
public sealed class ReadingIntakeTests : IReadingTarget
{
    private readonly List<(ulong Sequence, double Value)> _stored = [];

    /// <summary>With the settings that ship, processing takes one conflict in 256 for a copy; what is stored, and what is judged, is the same.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Storage_and_processing_call_the_same_readings_copies_and_conflicts(bool withShortHashes)
    {
        var letters = new DeadLetterQueue(SchemaIds.DeadLetter, TimeProvider.System);
        using var metrics = new SinkMetrics();
        var intake = new ReadingIntake(letters, metrics, ReleasedReadingSchemas.Instance);
        var filter = new DuplicateFilter(new DuplicateFilterOptions(), new KeyedStateOptions());
        var options = new ProcessingOptions();
        options.Duplicates.ShortHashes.ShouldBeTrue();
        var driver = new PartitionDriver(options with { Duplicates = options.Duplicates with { ShortHashes = withShortHashes } });
        var random = new Random(11);
        var put = new List<(string Cause, int Count)>();
        var readings = 0;
        for (var i = 0; i < 400; i++)
        {
            var first = (ulong)random.Next(1, 150);
            double[] values = [.. Enumerable.Range(0, random.Next(1, 10)).Select(_ => (double)random.Next(2))];
            long[] times = [.. values.Select((_, at) => (Batches.StartMs * 1000) + (long)first + at)];
            var value = Batches.Of("d", 1, first, ["t"], new int[values.Length], times, values, []);
            readings += values.Length;
            intake.Take(filter, Batches.Record(i, Batches.StartMs + i, value), this);
            driver.Take(Batches.StartMs + i, value);
            var of = letters.Take().Select(l => DeadLetter.Parser.ParseFrom(l.Value.AsSpan(ConfluentFrame.HeaderBytes))).ToList();

            // However many runs a record has, it is put aside once for a cause.
            of.Select(l => l.Cause).ShouldBeUnique();
            put.AddRange(of.Select(l => (l.Cause, l.ReadingIndexes.Count)));
        }

        var counts = driver.Processor.Counts;
        put.ShouldAllBe(p => p.Cause == "conflict");
        var conflicts = (long)put.Sum(p => p.Count);
        counts.Conflicts.ShouldBeInRange(withShortHashes ? conflicts * 97 / 100 : conflicts, conflicts);
        conflicts.ShouldBeGreaterThan(100);
        ((long)_stored.Count).ShouldBe(readings - counts.Conflicts - counts.Duplicates);
        _stored.Select(s => s.Sequence).ShouldBeUnique();
    }

    void IReadingTarget.Append(int partition, long offset, int month, ReadingBatchBuffer batch, int start, int count)
    {
        for (var i = start; i < start + count; i++)
        {
            _stored.Add((batch.Sequence(i), batch.Values[i]));
        }
    }
}
