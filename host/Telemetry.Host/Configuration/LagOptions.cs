using System.ComponentModel.DataAnnotations;

namespace Telemetry.Host.Configuration;

/// <summary>How far consumer groups are behind, and how far the pipeline is, as metrics.</summary>
public sealed record LagOptions
{
    /// <summary>
    /// Groups measured here: those of the roles that run in this process (Own, default), all of ours (All; one process is enough),
    /// or none (None).
    /// </summary>
    public LagScope Scope { get; init; } = LagScope.Own;

    /// <summary>How often lag is measured; each time asks the log for offsets and, where a group is behind, for one record a partition. Default 5 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "01:00:00")]
    public TimeSpan SampleInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How long a reading may be on its way from its device to the log; watermarks of the pipeline stay behind the log by this
    /// much. Default 1 min, as `Processing:AllowedDisorder`.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan AllowedDelay { get; init; } = TimeSpan.FromMinutes(1);
}

/// <summary>Which groups a process measures.</summary>
public enum LagScope
{
    Own,
    All,
    None,
}
