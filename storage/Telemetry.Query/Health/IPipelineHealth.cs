namespace Telemetry.Query.Health;

/// <summary>
/// Figures of the pipeline, by whoever hosts it. Called on each <c>GET /api/v1/pipeline</c>: must be quick (what takes
/// time is sampled beforehand) and safe for concurrent use.
/// </summary>
public interface IPipelineHealth
{
    ValueTask<PipelineHealth> ReadAsync(CancellationToken cancellationToken);
}

/// <summary>One look at the pipeline. What is not known is null and shown as such.</summary>
public sealed record PipelineHealth
{
    /// <summary>Names of the roles that run here, for example <c>edge</c>, <c>query</c>.</summary>
    public IReadOnlyList<string> Roles { get; init; } = [];

    public PipelineRates Rates { get; init; } = new();

    /// <summary>Consumer groups and how far each is behind, partition by partition.</summary>
    public IReadOnlyList<PipelineLag> Lag { get; init; } = [];

    public PipelineLatency Latency { get; init; } = new();

    /// <summary>MQTT connections open now.</summary>
    public long? Connections { get; init; }

    /// <summary>Dead letters since start, of every role: publishes refused whole, single readings refused, records nobody could read.</summary>
    public long? DeadLetters { get; init; }

    /// <summary>Readings recognised as second copies and removed since start.</summary>
    public long? Duplicates { get; init; }

    /// <summary>What the newest comparison of log and store found; null: none was made yet, or by nobody here.</summary>
    public PipelineAudit? Audit { get; init; }

    /// <summary>
    /// Largest event time processing has passed, over all partitions the smallest, never in the future. Null: the store's own is shown.
    /// </summary>
    public DateTimeOffset? Watermark { get; init; }
}

/// <summary>Readings (or anomalies, or publishes) a second over the last few seconds.</summary>
/// <param name="Received">Readings that came in over MQTT and were answered: stored or refused. A publish refused whole counts as one.</param>
/// <param name="Acked">Readings durable in the log and acknowledged to their device.</param>
/// <param name="Stored">Readings stored raw.</param>
/// <param name="RolledUp">Readings taken into the rollups.</param>
/// <param name="Anomalies">Anomalies raised.</param>
/// <param name="Publishes">Publishes that came in over MQTT; each carries one reading or many.</param>
public sealed record PipelineRates(
    double? Received = null,
    double? Acked = null,
    double? Stored = null,
    double? RolledUp = null,
    double? Anomalies = null,
    double? Publishes = null);

/// <summary>How far one group is behind in one partition.</summary>
/// <param name="Records">Records between committed and newest.</param>
/// <param name="Seconds">Age of the oldest record not done yet; 0 when there is none.</param>
public sealed record PipelineLag(string Group, string Topic, int Partition, long Records, double Seconds);

/// <summary>Latencies over the last minute or so.</summary>
/// <param name="PubackMs">PUBLISH in to PUBACK out.</param>
/// <param name="E2eMs">Device clock to queryable row.</param>
public sealed record PipelineLatency(LatencyQuantiles? PubackMs = null, LatencyQuantiles? E2eMs = null);

/// <summary>Quantiles in milliseconds.</summary>
public sealed record LatencyQuantiles(double P50, double P95, double P99);

/// <summary>Comparison of log and store by hour; counts are readings.</summary>
/// <param name="AgeSeconds">Since it was made.</param>
/// <param name="Compared">On the log in the hours compared.</param>
/// <param name="Missing">Of these, not stored or not rolled up.</param>
/// <param name="Excess">Stored or rolled up, and not on the log or twice.</param>
/// <param name="HoursDiffering">Hours in which count or sum differ.</param>
public sealed record PipelineAudit(double AgeSeconds, long Compared, long Missing, long Excess, long HoursDiffering);
