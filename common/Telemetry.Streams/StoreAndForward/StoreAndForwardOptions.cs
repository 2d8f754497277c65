using System.ComponentModel.DataAnnotations;

namespace Telemetry.Streams.StoreAndForward;

/// <summary>A journal in front of the log: what comes while the log is away is kept on this machine's disk and forwarded later.</summary>
public sealed record StoreAndForwardOptions
{
    /// <summary>
    /// True: the roles edge and bridge acknowledge once a record is on this machine's disk, and forward it to Kafka from there. Default false:
    /// they acknowledge once Kafka has it.
    /// </summary>
    public bool Enabled { get; init; }

    /// <summary>Directory of the journal; it must outlive the process. Default <c>forward</c> under <c>Data</c>.</summary>
    [Required]
    public string Directory { get; init; } = "data/forward";

    /// <summary>Most bytes of records on disk. Default 8 GiB.</summary>
    [Range(8L << 20, long.MaxValue)]
    public long MaxBytes { get; init; } = 8L << 30;

    /// <summary>
    /// What happens when they are used up. RefuseNew (default): nothing more is taken and acknowledged until there is room, devices keep it.
    /// DropOldest: the oldest records that are not forwarded are removed, counted, logged and told as a dead letter.
    /// </summary>
    public WhenFull WhenFull { get; init; } = WhenFull.RefuseNew;

    /// <summary>
    /// Bytes a second of backlog sent beside live data, so that a log that has just come back is not flooded. Never less than twice what comes
    /// in, so that a backlog always shrinks. Default 16 MiB; 0: as fast as the log takes it.
    /// </summary>
    [Range(0, long.MaxValue)]
    public long DrainRate { get; init; } = 16L << 20;

    /// <summary>Bytes sent and not yet acknowledged by the log. Default 8 MiB.</summary>
    [Range(64 << 10, 1L << 30)]
    public long InFlightBytesMax { get; init; } = 8L << 20;
}

/// <summary>What happens when the journal in front of the log is full.</summary>
public enum WhenFull
{
    /// <summary>New records wait with their senders.</summary>
    RefuseNew,

    /// <summary>The oldest records go.</summary>
    DropOldest,
}
