using System.ComponentModel.DataAnnotations;
using Telemetry.Contracts.Wire;
using Telemetry.Streams.Deduplication;
using Telemetry.Streams.State;

namespace Telemetry.Storage;

/// <summary>How the sink writes.</summary>
public sealed record SinkOptions
{
    /// <summary>Consumer group on the readings. Default telemetry-storage.</summary>
    [Required]
    public string Group { get; init; } = "telemetry-storage";

    /// <summary>Fences a former process of the same name. Default telemetry-storage.</summary>
    [Required]
    public string TransactionalId { get; init; } = "telemetry-storage";

    /// <summary>At most one raw INSERT in this time, unless a block is full. Default 150 ms.</summary>
    public TimeSpan RawFlushInterval { get; init; } = TimeSpan.FromMilliseconds(150);

    /// <summary>
    /// The same while nobody has read the store for <see cref="UnreadAfter"/>: each INSERT writes some 50 kB to disk however few its rows are. Known only of the engine
    /// in this process that is not served to others, and ignored for blocks of <see cref="RawRowsUnread"/>. The next query waits until what is held back is stored. Default 5 s.
    /// </summary>
    public TimeSpan RawFlushIntervalUnread { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Readings that are worth an INSERT after <see cref="RawFlushInterval"/> also while nobody reads. Default 20,000.</summary>
    [Range(1, 900_000)]
    public int RawRowsUnread { get; init; } = 20_000;

    /// <summary>Nobody waits for readings when the last query of a reader is this long ago. Default 10 s.</summary>
    public TimeSpan UnreadAfter { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Rollups, and with them the checkpoint, follow this often. Default 5 s.</summary>
    public TimeSpan RollupInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// The same while nobody has read the store for <see cref="UnreadAfter"/>, or until half of <see cref="BacklogRowsMax"/> waits: a row of a rollup is then written once for several
    /// readings. The next query brings the usual pace back, and reads what the rollups lack from raw. After a crash so much of the log is read again. Default 150 s.
    /// </summary>
    public TimeSpan RollupIntervalUnread { get; init; } = TimeSpan.FromSeconds(150);

    /// <summary>Anomalies, device events, incidents, alarms and the catalogue are flushed this often when there are any. Default 250 ms.</summary>
    public TimeSpan EventFlushInterval { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>The same while nobody has read the store for <see cref="UnreadAfter"/>. Default 5 s.</summary>
    public TimeSpan EventFlushIntervalUnread { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Readings in one raw INSERT, about (a record is never split). Default 200,000.</summary>
    [Range(1, 900_000)]
    public int RawRowsMax { get; init; } = 200_000;

    /// <summary>
    /// Readings held for the rollups, about; reaching half of it flushes them early, reaching all of it stops consumption.
    /// Also bounds a rollup INSERT. Default 900,000 (about 37 MB).
    /// </summary>
    [Range(1000, 900_000)]
    public int BacklogRowsMax { get; init; } = 900_000;

    /// <summary>Records taken from the log at a time. Default 4096.</summary>
    [Range(1, 1_000_000)]
    public int RecordsPerPollMax { get; init; } = 4096;

    /// <summary>Pause between polls that brought little, to take more at a time. Default 10 ms.</summary>
    public TimeSpan PollLinger { get; init; } = TimeSpan.FromMilliseconds(10);

    /// <summary>Consumption stops while the engine's disk has less free than this, in bytes; the log keeps the readings. Default 3 GB.</summary>
    [Range(0, long.MaxValue)]
    public long FreeDiskBytesMin { get; init; } = 3_000_000_000;

    /// <summary>How often the free disk is looked at. Default 2 s.</summary>
    public TimeSpan FreeDiskInterval { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Parts are read back (CHECK TABLE) in the background: the engine may acknowledge a write that the disk refused. Default true.
    /// </summary>
    public bool CheckParts { get; init; } = true;

    /// <summary>
    /// How long a checkpoint waits for the parts that INSERTs have written since the last one to be read back; then it goes on, and they are
    /// read back later. Default 2 s.
    /// </summary>
    public TimeSpan PartsCheckWait { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// How often new parts are looked for, and the first pause before one that could not be read is tried again; the pause doubles up
    /// to 5 min. Default 5 s.
    /// </summary>
    public TimeSpan PartsCheckInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Claims partitions and checks each INSERT against the claims also with the engine in this process. With a server, or when this
    /// process serves its engine to others, it is always done. Default false: the data directory's lock keeps others out.
    /// </summary>
    public bool FenceEmbedded { get; init; }

    /// <summary>How long a former owner's running INSERT may take to end by itself, when its partition is taken over. Default 2 s.</summary>
    public TimeSpan FenceGrace { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long such an INSERT may take to end once it is being killed; then the take-over fails and is tried again. Default 1 min.</summary>
    public TimeSpan FenceTimeout { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>First pause after an error; doubles up to <see cref="RetryMax"/>. Default 200 ms.</summary>
    public TimeSpan RetryMin { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>Longest pause between two tries. Default 15 s.</summary>
    public TimeSpan RetryMax { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long stopping may take to write what was consumed. Default 30 s. What is not written then is read again.</summary>
    public TimeSpan DrainTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>When months that are over are merged to one part.</summary>
    public ClosedMonthOptions ClosedMonths { get; init; } = new();

    /// <summary>Bounds of the duplicate filter.</summary>
    public DuplicateFilterOptions Duplicates { get; init; } = new();

    /// <summary>Bounds and pace of the filter's snapshots.</summary>
    public KeyedStateOptions State { get; init; } = new() { SnapshotCycle = TimeSpan.FromMinutes(5) };

    /// <summary>Schema id in front of dead letters. Default that of a log without registry.</summary>
    public int DeadLetterSchemaId { get; init; } = SchemaIds.DeadLetter;
}
