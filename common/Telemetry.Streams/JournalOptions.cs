using System.ComponentModel.DataAnnotations;

namespace Telemetry.Streams;

/// <summary>Settings of the journal. The defaults suit one machine with one disk.</summary>
public sealed record JournalOptions
{
    /// <summary>Directory of the log's files; created when missing. One process at a time.</summary>
    [Required]
    public required string Directory { get; init; }

    /// <summary>
    /// Fsync at most once in this time; an append after a quiet time is written at once. Zero: as fast as the disk.
    /// Default 2.5 ms.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:10")]
    public TimeSpan CommitInterval { get; init; } = TimeSpan.FromMilliseconds(2.5);

    /// <summary>
    /// While records keep coming, a commit waits up to this long since the last one for <see cref="CommitBytes"/> of them: the file system writes whole blocks of 4 KiB, however few bytes of one are
    /// new. It waits in steps of <see cref="CommitInterval"/>; three that bring nothing, a transaction or an offset to commit ends the wait. Default 20 ms.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:10")]
    public TimeSpan CommitIntervalMax { get; init; } = TimeSpan.FromMilliseconds(20);

    /// <summary>So many bytes are worth a commit after <see cref="CommitInterval"/>. Default 16 KiB.</summary>
    [Range(0, 1L << 30)]
    public long CommitBytes { get; init; } = 16L << 10;

    /// <summary>A segment file is closed when it reaches this size in bytes. Default 128 MiB, at least 4 KiB.</summary>
    [Range(4096, 1L << 31)]
    public long SegmentBytes { get; init; } = 128L << 20;

    /// <summary>The same for compacted topics: only closed segments are compacted. Default 16 MiB.</summary>
    [Range(4096, 1L << 31)]
    public long CompactedSegmentBytes { get; init; } = 16L << 20;

    /// <summary>A segment is closed at this age, so that retention by time can remove it. Default 6 h.</summary>
    public TimeSpan SegmentAge { get; init; } = TimeSpan.FromHours(6);

    /// <summary>Largest record (key, headers and value together) in bytes. Default 1 MiB.</summary>
    [Range(1, 256 << 20)]
    public int RecordBytesMax { get; init; } = 1 << 20;

    /// <summary>
    /// Bytes appended and not yet durable over all producers; beyond it <c>TryAppend</c> returns false. Default 256 MiB.
    /// </summary>
    [Range(1 << 16, 1L << 40)]
    public long PendingBytesMax { get; init; } = 256L << 20;

    /// <summary>
    /// Appends fail with <see cref="RecordLogError.DiskFull"/> while the file system has less free bytes than this;
    /// what is left serves commits. Default 64 MiB; 0 switches the floor off.
    /// </summary>
    [Range(0, long.MaxValue)]
    public long FreeBytesMin { get; init; } = 64L << 20;

    /// <summary>Retention and compaction look at the log this often. Default 1 min; zero: only when called.</summary>
    public TimeSpan MaintenanceInterval { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>How long a compacted topic keeps a tombstone, by the record's time. Default 24 h.</summary>
    public TimeSpan TombstoneRetention { get; init; } = TimeSpan.FromHours(24);

    /// <summary>
    /// A group member that has not polled for this long loses its partitions (Kafka's max.poll.interval.ms).
    /// Default 5 min.
    /// </summary>
    public TimeSpan PollIntervalMax { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// A transaction open for longer is aborted, its producer fenced (Kafka's transaction.timeout.ms). Default 1 min.
    /// </summary>
    public TimeSpan TransactionTimeout { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>The commit file is rewritten when it has grown by this many bytes. Default 4 MiB.</summary>
    [Range(4096, 1 << 30)]
    public long CommitFileBytes { get; init; } = 4L << 20;

    /// <summary>Bytes of one read of a consumer. Default 256 KiB.</summary>
    [Range(4096, 64 << 20)]
    public int ReadBytes { get; init; } = 256 << 10;
}
