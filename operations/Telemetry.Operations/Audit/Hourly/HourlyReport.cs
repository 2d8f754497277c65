namespace Telemetry.Operations.Audit.Hourly;

/// <summary>Outcome of one run; counts are readings.</summary>
public sealed record HourlyReport
{
    /// <summary>When it ended.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>Why nothing was compared; null when it was.</summary>
    public string? NotCompared { get; init; }

    /// <summary>Begin of the first hour compared.</summary>
    public DateTimeOffset From { get; init; }

    /// <summary>End of the last hour compared.</summary>
    public DateTimeOffset To { get; init; }

    /// <summary>Readings that the log has of the hours compared.</summary>
    public long Compared { get; init; }

    /// <summary>On the log and not stored, or missing from the hourly rollup.</summary>
    public long Missing { get; init; }

    /// <summary>Stored or rolled up more often than they are on the log.</summary>
    public long Excess { get; init; }

    /// <summary>Hours left out: they hold more event ids than the comparison has memory for.</summary>
    public int HoursTooLarge { get; init; }

    /// <summary>The hours that differ.</summary>
    public IReadOnlyList<HourDifference> Differences { get; init; } = [];
}
