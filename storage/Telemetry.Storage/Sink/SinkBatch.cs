using Telemetry.Storage.Blocks;
using Telemetry.Storage.Writing;

namespace Telemetry.Storage.Sink;

/// <summary>Rows for one INSERT into the main table, and later, with others, for the rollups.</summary>
internal sealed class SinkBatch(IRowBlock rows) : IRowTarget, IDisposable
{
    private readonly IReadOnlyList<IRowBlock> _blocks = [rows];
    /// <summary>A record that came to the edge later than this after its newest reading was not on its way: its sender held it back.</summary>
    private const long BacklogUs = 10_000_000;

    private readonly List<(long SinceUs, int Count)> _samples = [];

    public IRowBlock Rows => rows;

    /// <summary>Offsets after the last record of each partition, as of the end of this batch.</summary>
    public Dictionary<int, long> Nexts { get; } = [];

    /// <summary>Set when a checkpoint is to follow at exactly the end of this batch.</summary>
    public Checkpoint? Checkpoint { get; set; }

    /// <summary>For each record with rows: from when on its latency counts, microseconds since 1970, and the number of rows.</summary>
    public IReadOnlyList<(long SinceUs, int Count)> Samples => _samples;

    /// <summary>The traced records in it.</summary>
    public StorageTraces Traces { get; } = new();

    public IReadOnlyList<IRowBlock> BlocksFor(int month, long offset) => _blocks;

    /// <summary>
    /// A record for the latency from device to row: it counts from its newest reading. What a device or site sends after it was offline, or as a past, counts
    /// from its arrival, or the figure would tell for minutes how old that is.
    /// </summary>
    /// <param name="taken">Newest event time, microseconds since 1970, and the number of rows.</param>
    /// <param name="arrivedMs">When the edge took it, milliseconds since 1970.</param>
    public void Sample((long Newest, int Count) taken, long arrivedMs)
    {
        if (taken.Count > 0)
        {
            var arrivedUs = arrivedMs * 1000;
            _samples.Add((arrivedUs - taken.Newest > BacklogUs ? arrivedUs : taken.Newest, taken.Count));
        }
    }

    public void Dispose() => rows.Dispose();
}
