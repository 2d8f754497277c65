using Telemetry.Streams;
using Telemetry.Streams.Deduplication;

namespace Telemetry.Storage.Writing;

/// <summary>What the sink knows of one log partition it owns.</summary>
/// <param name="input">Partition.</param>
/// <param name="filter">Tells copies; null for a stream without event ids.</param>
/// <param name="next">First offset after recovery.</param>
internal sealed class PartitionState(TopicPartition input, DuplicateFilter? filter, long next)
{
    public TopicPartition Input => input;

    public DuplicateFilter? Filter => filter;

    /// <summary>Next offset to consume.</summary>
    public long Next { get; set; } = next;

    /// <summary>First offset after recovery; names the chain of markers.</summary>
    public long Chain { get; } = next;

    /// <summary>Last marker of this chain by month, of raw.</summary>
    public Dictionary<int, long> RawHighs { get; } = [];

    /// <summary>Last marker of this chain by month, of the rollups.</summary>
    public Dictionary<int, long> RollupHighs { get; } = [];

    public long RawNext { get; set; } = next;

    public long RolledUpNext { get; set; } = next;

    public long Committed { get; set; } = next;

    /// <summary>Microseconds; 0 before the first reading.</summary>
    public long NewestEventTime { get; set; }

    /// <summary>Timestamp of the first record consumed after the last checkpoint; null when there is none.</summary>
    public long? OldestUncommittedMs { get; set; }
}
