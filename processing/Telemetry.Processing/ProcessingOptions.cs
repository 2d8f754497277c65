using System.ComponentModel.DataAnnotations;
using Telemetry.Contracts;
using Telemetry.Contracts.Wire;
using Telemetry.Processing.Detectors;
using Telemetry.Processing.Detectors.MlNet;
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

    /// <summary>How far behind the watermark a late reading is still given to detectors. Default 1 h.</summary>
    public TimeSpan AllowedLateness { get; init; } = TimeSpan.FromHours(1);

    /// <summary>An event time further than this beyond its ingest time does not move the watermark. Default 1 min.</summary>
    public TimeSpan FutureTolerance { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>A partition without a record for this long is idle: its watermark says nothing about freshness. Default 30 s.</summary>
    public TimeSpan IdleAfter { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>A device without a record for this long is silent. Default 5 min.</summary>
    public TimeSpan SilentAfter { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Missing sequences have this long to arrive before a gap is reported. Default 2 min.</summary>
    public TimeSpan SequenceGapAfter { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>A clock this far off is reported. Default 2 min.</summary>
    public TimeSpan ClockSkewRaise { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>A reported clock within this is well again. Default 1 min.</summary>
    public TimeSpan ClockSkewClear { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>One sample of a device's clock is the best of the records of this time (and of four records at least). Default 1 min.</summary>
    public TimeSpan ClockWindow { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>An incident ends when its detector has been quiet for this long, in event time. Default 5 min.</summary>
    public TimeSpan AlertHoldOff { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>An incident that goes on is reported again after this long, in event time. Default 1 h.</summary>
    public TimeSpan AlertRepeat { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Series of one device; beyond it the one not seen for longest starts afresh (counted). Default 256.</summary>
    [Range(1, 65_536)]
    public int SeriesPerDeviceMax { get; init; } = 256;

    /// <summary>Series of one partition; beyond it the devices silent for longest start afresh (counted). Default 200,000.</summary>
    [Range(1, 100_000_000)]
    public int SeriesMax { get; init; } = 200_000;

    /// <summary>
    /// Largest state of one device as a record of the log, in bytes; lowers <see cref="SeriesPerDeviceMax"/> where detectors are big. Must
    /// be below the log's largest record. Default 900,000.
    /// </summary>
    [Range(10_000, 100_000_000)]
    public int DeviceStateBytesMax { get; init; } = 900_000;

    /// <summary>Bounds of duplicate removal.</summary>
    public DuplicateFilterOptions Duplicates { get; init; } = new();

    /// <summary>Bounds and pace of the state.</summary>
    public KeyedStateOptions State { get; init; } = new();

    /// <summary>Makes the detectors that every series has; called once for each partition. Default <see cref="DetectorDefaults"/>: one for spikes, one for change points.</summary>
    [Required]
    public Func<IReadOnlyList<ISeriesDetector>> Detectors { get; init; } = static () => DetectorDefaults.Create();

    /// <summary>Schema id in front of anomalies.</summary>
    public int AnomalySchemaId { get; init; } = SchemaIds.Anomaly;

    /// <summary>Schema id in front of incidents.</summary>
    public int IncidentSchemaId { get; init; } = SchemaIds.Incident;

    /// <summary>Schema id in front of device events.</summary>
    public int DeviceEventSchemaId { get; init; } = SchemaIds.DeviceEvent;

    /// <summary>Schema id in front of dead letters.</summary>
    public int DeadLetterSchemaId { get; init; } = SchemaIds.DeadLetter;
}
