using System.ComponentModel.DataAnnotations;

namespace Telemetry.Storage.Schema;

/// <summary>What of the schema is a matter of configuration. Applied at every start, also to existing tables.</summary>
public sealed record SchemaOptions
{
    /// <summary>
    /// Cluster of the servers (their <c>remote_servers</c>): tables are made on every host, replicated, and users' queries go to all
    /// shards. The servers must define the macros <c>shard</c> and <c>replica</c> and have a Keeper. Choose before the first start: existing
    /// tables do not change. Default empty: one server.
    /// </summary>
    [RegularExpression(@"^[A-Za-z0-9_.-]*$")]
    public string Cluster { get; init; } = "";

    /// <summary>Raw readings, anomalies and device events older than this go, a whole part at a time. Default 730 days.</summary>
    public TimeSpan RawRetention { get; init; } = TimeSpan.FromDays(730);

    /// <summary>Rows of the 1-minute rollup older than this go. Default 90 days. Hours and days are kept.</summary>
    public TimeSpan MinuteRetention { get; init; } = TimeSpan.FromDays(90);

    /// <summary>
    /// Inserts fail below this much free disk, in bytes, before anything is written: write errors on part files may be
    /// swallowed by the engine. Well above what one merge needs. Default 2 GB.
    /// </summary>
    [Range(0, long.MaxValue)]
    public long FreeDiskBytesMin { get; init; } = 2_000_000_000;
}
