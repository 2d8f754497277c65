namespace Telemetry.Streams;

/// <summary>
/// One record as a consumer sees it. The memory belongs to the batch it came in and is valid until the next poll of
/// that consumer: copy what must live longer.
/// </summary>
/// <param name="Topic">Topic.</param>
/// <param name="Partition">Partition.</param>
/// <param name="Offset">Grows within a partition; there may be gaps (aborted transactions, compaction, markers).</param>
/// <param name="TimestampMs">Milliseconds since 1970-01-01T00:00:00Z, given by the producer.</param>
/// <param name="Key">Key; empty when there is none.</param>
/// <param name="Value">Value; empty is a tombstone in a compacted topic.</param>
/// <param name="Headers">Headers, empty when there are none.</param>
public readonly record struct LogRecord(
    string Topic,
    int Partition,
    long Offset,
    long TimestampMs,
    ReadOnlyMemory<byte> Key,
    ReadOnlyMemory<byte> Value,
    RecordHeaders Headers);
