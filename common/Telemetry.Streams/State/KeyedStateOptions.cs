using System.ComponentModel.DataAnnotations;

namespace Telemetry.Streams.State;

/// <summary>Bounds and pace of keyed state.</summary>
public sealed record KeyedStateOptions
{
    /// <summary>
    /// Keys with state in one partition. Beyond it, at the next sweep, those silent for longest go (counted). Default 1,000,000.
    /// </summary>
    [Range(1, int.MaxValue)]
    public int KeysMax { get; init; } = 1_000_000;

    /// <summary>A key without a record for this long, by the log's timestamps, starts afresh. Default 30 days.</summary>
    public TimeSpan Expiry { get; init; } = TimeSpan.FromDays(30);

    /// <summary>
    /// A sweep removes expired keys and those beyond <see cref="KeysMax"/> after records of this weight (each weighs 1 unless the
    /// owner says more), so that it falls on the same record in every run. Also by how much a limit can be passed. Default 4096.
    /// </summary>
    [Range(1, int.MaxValue)]
    public int SweepStride { get; init; } = 4096;

    /// <summary>
    /// Within this time every changed key is written once, however little input came. Also about how much input a restart replays at most.
    /// Default 10 minutes.
    /// </summary>
    public TimeSpan SnapshotCycle { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>
    /// State bytes written for each byte of input: with more input keys are written sooner than the cycle asks for, and a restart replays less.
    /// Default 0.1.
    /// </summary>
    [Range(0.0, 10.0)]
    public double SnapshotShare { get; init; } = 0.1;

    /// <summary>State bytes written with one commit, about (the cycle gets longer when it does not suffice). Default 1 MiB.</summary>
    [Range(1, int.MaxValue)]
    public int SnapshotBytesPerCommitMax { get; init; } = 1 << 20;

    /// <summary>A state larger than this is written as several records. Must be well below the log's largest record. Default 512 KiB.</summary>
    [Range(1024, 1 << 29)]
    public int PieceBytesMax { get; init; } = 512 << 10;
}
