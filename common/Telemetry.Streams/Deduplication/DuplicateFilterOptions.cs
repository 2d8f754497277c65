using System.ComponentModel.DataAnnotations;

namespace Telemetry.Streams.Deduplication;

/// <summary>Bounds of what is remembered of one device's sequences.</summary>
public sealed record DuplicateFilterOptions
{
    /// <summary>
    /// Ranges of sequences remembered for one boot; a device without gaps needs one. Beyond it the oldest gap is closed:
    /// what comes for it later is <see cref="DuplicateKind.Ambiguous"/>. Default 256.
    /// </summary>
    [Range(1, 65_536)]
    public int RangesPerBootMax { get; init; } = 256;

    /// <summary>Boots of one device remembered with all their ranges. Default 8.</summary>
    [Range(1, 1024)]
    public int BootsPerDeviceMax { get; init; } = 8;

    /// <summary>
    /// Boots older than those, remembered by their highest sequence alone: up to it everything is ambiguous, above it new.
    /// A boot that falls off this end is forgotten, and a copy of it would pass as new. Default 64.
    /// </summary>
    [Range(0, 65_536)]
    public int ClosedBootsPerDeviceMax { get; init; } = 64;

    /// <summary>Largest value of <see cref="HashedIdsPerBootMax"/>.</summary>
    internal const int HashedIdsEnd = 65_536;

    /// <summary>
    /// Readings of a boot, the last ones, of which a short hash is kept: a second reading with the id of one of them is a copy only if
    /// time, sensor and value are the same, else a conflict. Of older ones it cannot be told, and counts as a copy. Rounded up to a power of two. Default 1024.
    /// </summary>
    [Range(0, HashedIdsEnd)]
    public int HashedIdsPerBootMax { get; init; } = 1024;

    /// <summary>
    /// State keeps eight bits of each hash instead of sixteen: it is half as large, and one conflict in 256 counts as a copy. For who only tells that a
    /// device gives ids twice. Default false where readings are stored, true in processing.
    /// </summary>
    public bool ShortHashes { get; init; }

    /// <summary>Most bytes, in this process, for those hashes (two each, for two boots of a device). Default 64 MiB.</summary>
    [Range(0, long.MaxValue)]
    public long HashBytesMax { get; init; } = 64L << 20;
}
