namespace Telemetry.Observability.Lag;

/// <summary>How far a sink of this process is in one partition of the readings.</summary>
/// <param name="Partition">Partition.</param>
/// <param name="RawNext">Offset behind the last record whose readings are in the raw table.</param>
/// <param name="RolledUpNext">Offset behind the last record whose readings are in every rollup.</param>
public readonly record struct StoredProgress(int Partition, long RawNext, long RolledUpNext);
