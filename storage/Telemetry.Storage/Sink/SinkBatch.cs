using Telemetry.Storage.Blocks;
using Telemetry.Storage.Writing;

namespace Telemetry.Storage.Sink;

/// <summary>Rows for one INSERT into the main table, and later, with others, for the rollups.</summary>
internal sealed class SinkBatch(IRowBlock rows) : IRowTarget, IDisposable
{
    private readonly IReadOnlyList<IRowBlock> _blocks = [rows];
    private readonly List<(long Newest, int Count)> _samples = [];

    public IRowBlock Rows => rows;

    /// <summary>Offsets after the last record of each partition, as of the end of this batch.</summary>
    public Dictionary<int, long> Nexts { get; } = [];

    /// <summary>Set when a checkpoint is to follow at exactly the end of this batch.</summary>
    public Checkpoint? Checkpoint { get; set; }

    /// <summary>For each record with rows its newest event time and their number.</summary>
    public IReadOnlyList<(long Newest, int Count)> Samples => _samples;

    /// <summary>The traced records in it.</summary>
    public StorageTraces Traces { get; } = new();

    public IReadOnlyList<IRowBlock> BlocksFor(int month, long offset) => _blocks;

    public void Sample((long Newest, int Count) record)
    {
        if (record.Count > 0)
        {
            _samples.Add(record);
        }
    }

    public void Dispose() => rows.Dispose();
}
