using Telemetry.Contracts.Readings;
using Telemetry.Storage.Blocks;

namespace Telemetry.Storage.Sink;

/// <summary>Readings for one raw INSERT, and later, with others, for the rollups.</summary>
internal sealed class RawBatch(NameTable names) : IReadingTarget, IDisposable
{
    private readonly List<(long Newest, int Count)> _samples = [];

    public RowBlock Rows { get; } = new(names);

    /// <summary>Offsets after the last record of each partition, as of the end of this batch.</summary>
    public Dictionary<int, long> Nexts { get; } = [];

    /// <summary>Set when a checkpoint is to follow at exactly the end of this batch.</summary>
    public Checkpoint? Checkpoint { get; set; }

    /// <summary>For each record with readings its newest event time and their number.</summary>
    public IReadOnlyList<(long Newest, int Count)> Samples => _samples;

    /// <summary>The traced records in it.</summary>
    public StorageTraces Traces { get; } = new();

    public void Append(int partition, long offset, int month, ReadingBatchBuffer batch, int start, int count) =>
        Rows.Append(partition, month, batch, start, count);

    public void Sample((long Newest, int Count) record)
    {
        if (record.Count > 0)
        {
            _samples.Add(record);
        }
    }

    public void Dispose() => Rows.Dispose();
}
