using System.ComponentModel.DataAnnotations;
using Telemetry.Contracts;
using Telemetry.Contracts.Wire;
using Telemetry.Processing.Detectors;
using Telemetry.Processing.Detectors.Typed;
using Telemetry.Processing.Profiles;
using Telemetry.Streams.Deduplication;
using Telemetry.Streams.State;

namespace Telemetry.Processing;

/// <summary>Settings of processing. All times except the first three are times of the log or of events, never of the wall clock.</summary>
public sealed record ProcessingOptions
{
    /// <summary>Outputs, state and offsets are committed this often. Default 500 ms.</summary>
    public TimeSpan CommitInterval { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>First pause after a failed commit or a failed partition; doubles up to <see cref="RetryDelayMax"/>. Default 200 ms.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>Longest pause between tries. Default 10 s.</summary>
    public TimeSpan RetryDelayMax { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Consumer group. Default <c>telemetry-processing</c>.</summary>
    [Required]
    public string Group { get; init; } = "telemetry-processing";

    /// <summary>Differs for each instance of a group; an instance that starts with the same one fences the former. Default <c>telemetry-processing-0</c>.</summary>
    [Required]
    public string TransactionalId { get; init; } = "telemetry-processing-0";

    /// <summary>Topic with the readings.</summary>
    [Required]
    public string ReadingsTopic { get; init; } = LogTopics.Readings;

    /// <summary>Compacted topic with the state, partitioned as <see cref="ReadingsTopic"/>.</summary>
    [Required]
    public string StateTopic { get; init; } = LogTopics.DetectorState;

    /// <summary>Compacted topic with the settings of detectors and where they are in force; one partition.</summary>
    [Required]
    public string SettingsTopic { get; init; } = LogTopics.DetectorSettings;

    /// <summary>
    /// File with settings of detectors (docs/detectors.md). At the start its content becomes the next version if it differs from what the file
    /// last said; what was set through the API since is replaced. None (default): only the API sets them.
    /// </summary>
    public string? DetectorSettingsFile { get; init; }

    /// <summary>Records processed in one partition after which a commit comes before its time. Default 20,000.</summary>
    [Range(1, 1_000_000)]
    public int CommitRecordsMax { get; init; } = 20_000;

    /// <summary>Output bytes of one partition after which a commit comes before its time. Default 4 MiB.</summary>
    [Range(1, 1 << 28)]
    public int CommitBytesMax { get; init; } = 4 << 20;

    /// <summary>Records taken from the log at once. Default 2000.</summary>
    [Range(1, 100_000)]
    public int PollRecordsMax { get; init; } = 2000;

    /// <summary>Blocks of records waiting for a partition's worker; beyond it the partition is paused. Default 4.</summary>
    [Range(1, 1024)]
    public int BlocksInFlightMax { get; init; } = 4;

    /// <summary>How far events of a partition may lie behind its newest one and still be on time. Default 1 min.</summary>
    public TimeSpan AllowedDisorder { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>How far behind the watermark a reading may be to be judged still; older ones are only stored (counted by device). Default 7 days.</summary>
    public TimeSpan AllowedLateness { get; init; } = TimeSpan.FromDays(7);

    /// <summary>
    /// Readings that came after a newer one of their series are judged, in the order of time, when no more have come for this long. Default 10 s.
    /// </summary>
    public TimeSpan LateWait { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>They wait at most this long; the state of a series before a gap is kept as long for what comes of the gap later. Default 10 min.</summary>
    public TimeSpan LateWaitMax { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Readings of one device that wait, in bytes (40 each); with more they are judged at once. Default 1 MiB: 26,000 readings.</summary>
    [Range(40, 1 << 28)]
    public int LateBytesPerDeviceMax { get; init; } = 1 << 20;

    /// <summary>An event time further than this beyond its ingest time does not move the watermark. Default 1 min.</summary>
    public TimeSpan FutureTolerance { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>A partition without a record for this long is idle: its watermark says nothing about freshness. Default 30 s.</summary>
    public TimeSpan IdleAfter { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// A device of which it is not known how often it is heard (fewer than eight records) is silent after this long. Otherwise after five of its
    /// own intervals, or two and a half of its longest usual pause. Default 1 h.
    /// </summary>
    public TimeSpan SilentAfter { get; init; } = TimeSpan.FromHours(1);

    /// <summary>No device is silent earlier than this. Default 5 s.</summary>
    public TimeSpan SilentAtLeast { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// After a pause in which a partition got no record at all (the platform or its edges stood still) devices have this long to be heard again before they
    /// count as silent. Default 1 min.
    /// </summary>
    public TimeSpan SilentGrace { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// A partition without a record for this long in which something has fallen due (the silence of a device) gets one that says that time has
    /// passed. Default 1 s.
    /// </summary>
    public TimeSpan TickAfter { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Missing sequences have this long to arrive before a gap is reported. Default 2 min.</summary>
    public TimeSpan SequenceGapAfter { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>A clock this far off is reported. Default 2 min.</summary>
    public TimeSpan ClockSkewRaise { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>A reported clock within this is well again. Default 1 min.</summary>
    public TimeSpan ClockSkewClear { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>One sample of a device's clock is the best of the records of this time (and of four records at least). Default 1 min.</summary>
    public TimeSpan ClockWindow { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>An incident ends when its findings are over for this long, in event time: what follows sooner has the same cause. Default 1 min.</summary>
    public TimeSpan IncidentHoldOff { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>The second record of an incident comes at least this long after the first, in event time, each one after twice as long, 10 min at most. Default 10 s.</summary>
    public TimeSpan IncidentUpdateEvery { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The incidents of a device that stays silent end after this long. Default 1 h.</summary>
    public TimeSpan IncidentAbandonAfter { get; init; } = TimeSpan.FromHours(1);

    /// <summary>An alert of a detector that knows no end (those of ML.NET) counts this long, in event time. Default 5 min.</summary>
    public TimeSpan AlertHoldOff { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Such an alert that goes on is an anomaly again after this long, in event time. Default 1 h.</summary>
    public TimeSpan AlertRepeat { get; init; } = TimeSpan.FromHours(1);

    /// <summary>
    /// Series of one device; one that has given nothing for a day makes room for a new one, else the new one is only stored (counted by device).
    /// Default 4096.
    /// </summary>
    [Range(1, 65_536)]
    public int SeriesPerDeviceMax { get; init; } = 4096;

    /// <summary>
    /// State of the series of one partition and of readings that wait, in bytes; beyond it the devices silent for longest start afresh (counted).
    /// Default 512 MiB: a process with four partitions may hold four times that.
    /// </summary>
    [Range(10_000, long.MaxValue)]
    public long StateBytesMax { get; init; } = 512L << 20;

    /// <summary>
    /// Largest state of the series of one device, in bytes; lowers <see cref="SeriesPerDeviceMax"/> where detectors are big. Default 8 MiB.
    /// </summary>
    [Range(10_000, 100_000_000)]
    public int DeviceStateBytesMax { get; init; } = 8 << 20;

    /// <summary>
    /// Bounds of duplicate removal. Hashes are short, as they are state of every device and only tell here that a device gives ids twice: storage, whose
    /// hashes are long, dead-letters the readings.
    /// </summary>
    public DuplicateFilterOptions Duplicates { get; init; } = new() { ShortHashes = true };

    /// <summary>Bounds and pace of the state.</summary>
    public KeyedStateOptions State { get; init; } = new();

    /// <summary>Makes the detectors that every series has; called once for each partition. Default <see cref="TypedDetector"/>.</summary>
    [Required]
    public Func<IReadOnlyList<ISeriesDetector>> Detectors { get; init; } = static () => [new TypedDetector(new TypedOptions())];

    /// <summary>
    /// Unit of a device's sensor for texts, empty when it is not known; null: none is known. It changes words, never what is found. Asked from several threads.
    /// </summary>
    public Func<string, string, string>? UnitOf { get; init; }

    /// <summary>
    /// What is known of sensors beforehand: limits, rates, shapes. Where it changes, processing says so on the log, and judges by it from there on; null:
    /// nothing is known.
    /// </summary>
    internal ISensorProfiles? Profiles { get; init; }

    /// <summary>Schema id in front of anomalies.</summary>
    public int AnomalySchemaId { get; init; } = SchemaIds.Anomaly;

    /// <summary>Schema id in front of incidents.</summary>
    public int IncidentSchemaId { get; init; } = SchemaIds.Incident;

    /// <summary>Schema id in front of device events.</summary>
    public int DeviceEventSchemaId { get; init; } = SchemaIds.DeviceEvent;

    /// <summary>Schema id in front of dead letters.</summary>
    public int DeadLetterSchemaId { get; init; } = SchemaIds.DeadLetter;
}
