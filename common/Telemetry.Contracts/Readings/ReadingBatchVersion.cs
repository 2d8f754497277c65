namespace Telemetry.Contracts.Readings;

/// <summary>Layouts of a batch on the wire. All decode into the same <see cref="ReadingBatchBuffer"/>.</summary>
public enum ReadingBatchVersion : byte
{
    /// <summary>No layout that is known here.</summary>
    Unknown = 0,

    /// <summary><c>telemetry.v1.ReadingBatch</c>.</summary>
    V1 = 1,

    /// <summary><c>telemetry.v2.ReadingBatch</c>.</summary>
    V2 = 2,

    /// <summary>Nobody can say now: the bytes decide, as no message can be taken for both versions.</summary>
    Undecided = 3,
}
