namespace Telemetry.Operations.Audit.Hourly;

/// <summary>What one run of the hourly comparison covers.</summary>
public sealed record HourlyAuditOptions
{
    /// <summary>Whole hours of event time before the run that are compared. Default 3.</summary>
    public int Hours { get; init; } = 3;

    /// <summary>An hour is compared when it ended this long ago: readings that come later are compared by the next run. Default 5 min.</summary>
    public TimeSpan Settled { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How far an event time may be ahead of the time its reading was taken. Default 1 day.</summary>
    public TimeSpan FutureMax { get; init; } = TimeSpan.FromDays(1);

    /// <summary>Memory for event ids of all hours together. An hour whose ids take more than its part is not compared, and the report says so. Default 64 MiB.</summary>
    public long SequenceBytesMax { get; init; } = 64L << 20;
}
