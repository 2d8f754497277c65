using System.ComponentModel.DataAnnotations;

namespace Telemetry.Storage.Schema;

/// <summary>What of the schema is a matter of configuration. Applied at every start, also to existing tables.</summary>
public sealed record SchemaOptions : IValidatableObject
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

    /// <summary>
    /// Rows of the 1-minute rollup older than this go, a whole month at a time; older minutes are read from raw. 0: none are written, and all minutes are read from raw, which is smaller
    /// and faster where a sensor measures less often than every 20 s. Default 7 days. Hours and days are kept.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "36500.00:00:00")]
    public TimeSpan MinuteRetention { get; init; } = TimeSpan.FromDays(7);

    /// <summary>
    /// Inserts fail below this much free disk, in bytes, before anything is written: write errors on part files may be
    /// swallowed by the engine. Well above what one merge needs. Default 2 GB.
    /// </summary>
    [Range(0, long.MaxValue)]
    public long FreeDiskBytesMin { get; init; } = 2_000_000_000;

    /// <summary>
    /// Parts that a merge has replaced stay on disk this long. Merged parts are written through to the disk before they count, so nothing depends on
    /// it; it is a margin, well above the 30 s after which the kernel writes what it holds. Default 1 min.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan ReplacedPartsLifetime { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// How many times the largest of some parts of <c>readings</c> or a rollup all of them together must be before they are merged: more leaves more parts to read and writes each reading again
    /// fewer times. The engine's own is 5; it writes a reading at 10 million an hour again some forty times. Left out on servers that do not know <c>merge_selector_base</c>. Default 10.
    /// </summary>
    [Range(2, 50)]
    public int MergeBase { get; init; } = 10;

    /// <summary>Raw readings older than this move to the volume <see cref="ColdVolume"/>, a whole part at a time. Default 0: they stay where they are.</summary>
    public TimeSpan ColdAfter { get; init; }

    /// <summary>
    /// Storage policy of the engine that has the cold volume, and the volume <c>default</c> with the disk <c>default</c> before it. A server has it in its own
    /// configuration, the engine in this process in <c>ClickHouse:ConfigFile</c>. Needed with <see cref="ColdAfter"/>. A table keeps it.
    /// </summary>
    [RegularExpression(@"^[A-Za-z0-9_.-]*$")]
    public string ColdPolicy { get; init; } = "";

    /// <summary>Volume of that policy that old readings move to. Default cold.</summary>
    [RegularExpression(@"^[A-Za-z0-9_.-]+$")]
    public string ColdVolume { get; init; } = "cold";

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (ColdAfter < TimeSpan.Zero || ColdAfter >= RawRetention)
        {
            yield return new ValidationResult("ColdAfter must be 0, or less than RawRetention.", [nameof(ColdAfter)]);
        }

        if (ColdAfter > TimeSpan.Zero && ColdPolicy.Length == 0)
        {
            yield return new ValidationResult("name the storage policy that has the cold volume, for example tiered.", [nameof(ColdPolicy)]);
        }
    }
}
