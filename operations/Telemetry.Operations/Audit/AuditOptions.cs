using Telemetry.Storage.Audit;

namespace Telemetry.Operations.Audit;

/// <summary>How an audit runs.</summary>
public sealed record AuditOptions
{
    /// <summary>How far an event time may be ahead of the time its reading was taken. Default 1 day.</summary>
    public TimeSpan FutureMax { get; init; } = TimeSpan.FromDays(1);

    /// <summary>
    /// Memory for sequences of log and store. Where they do not fit, they are compared in shares, each with a reading of the log of its own.
    /// Default 96 MiB.
    /// </summary>
    public long SequenceBytesMax { get; init; } = 96L << 20;

    /// <summary>
    /// Offset after the last record that is compared, by partition of the readings: where storage has stopped while records still come. Null: all that there is.
    /// </summary>
    public IReadOnlyDictionary<int, long>? Ends { get; init; }

    /// <summary>Devices that are compared. Default all.</summary>
    public AuditSample Sample { get; init; } = AuditSample.All;
}
