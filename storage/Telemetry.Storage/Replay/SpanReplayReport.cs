namespace Telemetry.Storage.Replay;

/// <summary>What is to be replayed.</summary>
/// <param name="From">First event time, inclusive.</param>
/// <param name="To">Last event time, exclusive.</param>
/// <param name="Apply">True: put what the log says in place where the store differs. False: only compare.</param>
/// <param name="FutureMax">How far event times may be ahead of the time their record was taken: the log is read from that much before.</param>
public sealed record SpanReplayRequest(DateTimeOffset From, DateTimeOffset To, bool Apply, TimeSpan FutureMax);

/// <summary>The log against the store, over a span of event time.</summary>
public sealed record SpanReplayReport
{
    /// <summary>Readings of the span on the log, copies removed.</summary>
    public long Log { get; init; }

    /// <summary>Readings of the span in raw.</summary>
    public long Stored { get; init; }

    /// <summary>On the log and not in raw.</summary>
    public long Missing { get; init; }

    /// <summary>In raw and not on the log, or more than once.</summary>
    public long Surplus { get; init; }

    /// <summary>In both, with another sensor, time, value or quality.</summary>
    public long Different { get; init; }

    /// <summary>Buckets of the rollups of the months concerned that do not follow from raw.</summary>
    public long RollupBuckets { get; init; }

    /// <summary>False: the log no longer holds everything of the span, so nothing can be put in place.</summary>
    public bool LogIsComplete { get; init; }

    /// <summary>Months of raw put in place, as yyyymm.</summary>
    public IReadOnlyList<int> Swapped { get; init; } = [];

    /// <summary>Partitions of rollups built again.</summary>
    public IReadOnlyList<string> Rebuilt { get; init; } = [];

    /// <summary>What could not be built again, and why.</summary>
    public IReadOnlyList<string> Skipped { get; init; } = [];

    /// <summary>Anomalies and device events.</summary>
    public IReadOnlyList<EventReplayReport> Events { get; init; } = [];

    /// <summary>True: the store says what the log says.</summary>
    public bool IsClean => Missing == 0 && Surplus == 0 && Different == 0 && RollupBuckets == 0 && Events.All(e => e.IsClean);
}

/// <summary>The log against one table of events.</summary>
public sealed record EventReplayReport
{
    /// <summary>Table.</summary>
    public required string Table { get; init; }

    /// <summary>Events of the span on the log.</summary>
    public long Log { get; init; }

    /// <summary>Rows of the span.</summary>
    public long Stored { get; init; }

    /// <summary>On the log and not in the table.</summary>
    public long Missing { get; init; }

    /// <summary>In the table and not on the log, or more often.</summary>
    public long Surplus { get; init; }

    /// <summary>False: the log no longer holds everything of the span, so nothing can be put in place.</summary>
    public bool LogIsComplete { get; init; }

    /// <summary>Months put in place, as yyyymm.</summary>
    public IReadOnlyList<int> Swapped { get; init; } = [];

    /// <summary>True: the table says what the log says.</summary>
    public bool IsClean => Missing == 0 && Surplus == 0;
}
