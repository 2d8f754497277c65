namespace Telemetry.Streams.Deduplication;

/// <summary>What the bounds made the filter forget. One owner; not safe for concurrent writing.</summary>
public sealed class DuplicateStatistics
{
    /// <summary>Gaps closed because a boot had too many ranges.</summary>
    public long GapsClosed { get; internal set; }

    /// <summary>Boots reduced to their highest sequence.</summary>
    public long BootsClosed { get; internal set; }

    /// <summary>Boots forgotten altogether.</summary>
    public long BootsForgotten { get; internal set; }

    /// <summary>Readings with the event id of another one.</summary>
    public long Conflicts { get; internal set; }
}
