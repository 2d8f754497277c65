namespace Telemetry.Streams;

/// <summary>What a topic should be. Partitions of an existing topic never change: the place of a key depends on them.</summary>
/// <param name="Name">Topic name.</param>
/// <param name="Partitions">Number of partitions, at least 1.</param>
/// <param name="RetentionTime">Records older than this may go; null keeps them.</param>
/// <param name="RetentionBytes">Bytes kept a partition (a whole segment at a time); null is no bound.</param>
/// <param name="Compacted">True: the newest record of each key is kept, an empty value (tombstone) removes the key.</param>
public sealed record TopicSpec(
    string Name,
    int Partitions,
    TimeSpan? RetentionTime = null,
    long? RetentionBytes = null,
    bool Compacted = false)
{
    /// <summary>Copies of each partition on a cluster; null: three, or as many as there are brokers. One machine keeps one.</summary>
    public int? ReplicationFactor { get; init; }

    /// <summary>Copies that must have a record before it is acknowledged; null: one less than there are, at least one.</summary>
    public int? MinInSyncReplicas { get; init; }

    /// <summary>Most bytes of one batch of records on a cluster (Kafka's max.message.bytes); null: the cluster's default.</summary>
    public int? BatchBytesMax { get; init; }

    /// <summary>When compaction runs, on a cluster; null: the cluster's defaults. Only for a compacted topic.</summary>
    public CompactionSpec? Compaction { get; init; }
}

/// <summary>How eagerly a cluster compacts a topic.</summary>
/// <param name="SegmentTime">A segment is closed at this age; only closed segments are compacted (segment.ms).</param>
/// <param name="SegmentBytes">Or at this size in bytes (segment.bytes).</param>
/// <param name="MinCleanableDirtyRatio">Share of not yet compacted bytes that starts compaction, 0 to 1 (min.cleanable.dirty.ratio).</param>
/// <param name="TombstoneRetention">How long a tombstone stays for readers that are behind (delete.retention.ms).</param>
public sealed record CompactionSpec(
    TimeSpan SegmentTime, int SegmentBytes, double MinCleanableDirtyRatio, TimeSpan TombstoneRetention);
