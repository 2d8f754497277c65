using System.ComponentModel.DataAnnotations;

namespace Telemetry.Host.Configuration;

/// <summary>The comparison of log and store, hour by hour, that the query role repeats while the platform runs.</summary>
public sealed record AuditScheduleOptions
{
    /// <summary>How often log and store are compared; a run reads what the log has got since the one before. Default 15 min; zero: never.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan Interval { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>
    /// Whole hours of event time that each run compares: readings that are later than this are compared by <c>telemetry audit</c> alone. Default 3.
    /// </summary>
    [Range(1, 168)]
    public int Hours { get; init; } = 3;

    /// <summary>Memory for event ids of all hours together. An hour with more than its part is not compared, and the log says so. Default 64 MiB.</summary>
    [Range(1 << 20, 1L << 40)]
    public long MemoryBytesMax { get; init; } = 64L << 20;
}
