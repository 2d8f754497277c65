namespace Telemetry.Observability.Lag;

/// <summary>Stages of the way of a reading that have a watermark; also the label.</summary>
public static class LagStage
{
    /// <summary>Seen by the detectors, results committed.</summary>
    public const string Processed = "processed";

    /// <summary>Queryable in the raw table. Known only where the store runs.</summary>
    public const string Stored = "stored";

    /// <summary>In every rollup, behind a checkpoint.</summary>
    public const string RolledUp = "rolled_up";
}
