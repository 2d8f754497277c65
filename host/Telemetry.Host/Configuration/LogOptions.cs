using System.ComponentModel.DataAnnotations;
using Telemetry.Streams.StoreAndForward;

namespace Telemetry.Host.Configuration;

/// <summary>Topics on the log.</summary>
public sealed record LogOptions
{
    /// <summary>
    /// Partitions of the readings topic and its companions when they are created. Each partition is one processing loop
    /// and one marker row an insert. Default 4; fixed once the topic exists.
    /// </summary>
    [Range(1, 1024)]
    public int Partitions { get; init; } = 4;

    /// <summary>How long readings, anomalies and device events stay on the log. Default 7 days.</summary>
    public TimeSpan Retention { get; init; } = TimeSpan.FromDays(7);

    /// <summary>Most bytes of readings kept a partition; 0 is no bound. Default 8 GiB.</summary>
    [Range(0, long.MaxValue)]
    public long RetentionBytes { get; init; } = 8L << 30;

    /// <summary>How long dead letters stay. Default 30 days.</summary>
    public TimeSpan DeadLetterRetention { get; init; } = TimeSpan.FromDays(30);

    /// <summary>
    /// How long messages for persistent MQTT sessions stay. Not less than <c>Edge:SessionExpiryMax</c>, or a session that comes back late
    /// misses messages after a restart. Default 8 days.
    /// </summary>
    public TimeSpan SessionRetention { get; init; } = TimeSpan.FromDays(8);

    /// <summary>How long the audit log stays. Default 365 days.</summary>
    public TimeSpan AuditRetention { get; init; } = TimeSpan.FromDays(365);

    /// <summary>A journal on this machine in front of Kafka, for edges whose way there may be cut.</summary>
    public StoreAndForwardOptions StoreAndForward { get; init; } = new();
}
