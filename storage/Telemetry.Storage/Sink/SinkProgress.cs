namespace Telemetry.Storage.Sink;

/// <summary>How far the sink is in one log partition. All offsets are "next": everything below is done.</summary>
/// <param name="Partition">Log partition.</param>
/// <param name="ConsumedNext">Taken from the log.</param>
/// <param name="RawNext">In the raw table, queryable.</param>
/// <param name="RolledUpNext">In all rollups.</param>
/// <param name="CheckpointNext">Durable checkpoint: the group's committed offset.</param>
/// <param name="NewestEventTimeMicroseconds">Newest event time stored, microseconds since 1970-01-01T00:00:00Z; 0 when there was none.</param>
public readonly record struct SinkProgress(
    int Partition, long ConsumedNext, long RawNext, long RolledUpNext, long CheckpointNext, long NewestEventTimeMicroseconds);
