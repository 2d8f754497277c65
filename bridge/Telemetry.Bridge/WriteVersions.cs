namespace Telemetry.Bridge;

/// <summary>Layouts of <c>ReadingBatch</c> written to the log.</summary>
[Flags]
public enum WriteVersions
{
    /// <summary><c>telemetry.v1.ReadingBatch</c>.</summary>
    V1 = 1,

    /// <summary><c>telemetry.v2.ReadingBatch</c>.</summary>
    V2 = 2,

    /// <summary>A record of each.</summary>
    Both = V1 | V2,
}
