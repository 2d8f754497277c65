using System.ComponentModel.DataAnnotations;
using Telemetry.Simulator.Ledger;

namespace Telemetry.Simulator.Options;

/// <summary>A fleet and how it behaves.</summary>
public sealed record SimulatorOptions : IValidatableObject
{
    /// <summary>Placeholder of the device id in <see cref="Topic"/>.</summary>
    public const string DevicePlaceholder = "{device}";

    /// <summary>Same seed, same signals and faults. Default 1.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Number of devices, each with a connection of its own. Default 10,000.</summary>
    [Range(1, 1_000_000)]
    public int Devices { get; init; } = 10_000;

    /// <summary>Readings an hour of the whole fleet; 0: as fast as the broker acknowledges. Default 10,000,000.</summary>
    [Range(0, 1e12)]
    public double RatePerHour { get; init; } = 10_000_000;

    /// <summary>Factor on the rate during a burst, as after an outage or at a shift change. Default 1: no burst.</summary>
    [Range(0.01, 1000)]
    public double BurstFactor { get; init; } = 1;

    /// <summary>Begin of the burst, counted from the start of the run. Default 30 s.</summary>
    public TimeSpan BurstAfter { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Length of the burst. Default 20 s.</summary>
    public TimeSpan BurstDuration { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>Readings in each publish. Default 1.</summary>
    [Range(1, 1000)]
    public int ReadingsPerPublish { get; init; } = 1;

    /// <summary>How long to produce, from the first connection on; null: until cancelled.</summary>
    public TimeSpan? Duration { get; init; }

    /// <summary>
    /// Time before the start that some devices are given a past for, played fast and before the fleet begins. Needs a bounded rate. Null
    /// (default): none; <c>up</c> without a duration gives a new data directory six hours.
    /// </summary>
    public TimeSpan? History { get; init; }

    /// <summary>Devices that get a past, the first ones. Default 100.</summary>
    [Range(1, 100_000)]
    public int HistoryDevices { get; init; } = 100;

    /// <summary>How long playing the past takes. Default 40 s.</summary>
    public TimeSpan HistoryWithin { get; init; } = TimeSpan.FromSeconds(40);

    /// <summary>Time after the end for what is sent or queued to be acknowledged. Default 30 s.</summary>
    public TimeSpan DrainTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Name or address of the broker. Default this machine.</summary>
    [Required]
    public string Host { get; init; } = "127.0.0.1";

    /// <summary>Port of the broker. Default 1883.</summary>
    [Range(1, 65_535)]
    public int Port { get; init; } = 1883;

    /// <summary>True: TLS. Default false.</summary>
    public bool Tls { get; init; }

    /// <summary>PEM file of the authority that signed the broker's certificate; null: those the machine trusts.</summary>
    public string? CaFile { get; init; }

    /// <summary>User name of every device; null: none.</summary>
    public string? UserName { get; init; }

    /// <summary>Password of every device; null: none.</summary>
    public string? Password { get; init; }

    /// <summary>File with that password, in place of <see cref="Password"/>. Default none.</summary>
    public string? PasswordFile { get; init; }

    /// <summary>Topic name; {device} stands for the device id. Default the ingest topic.</summary>
    [Required]
    public string Topic { get; init; } = "telemetry/v1/{device}/readings";

    /// <summary>Filter under which devices take commands, with {device} in it; empty takes none. Each command is answered at once.</summary>
    public string CommandFilter { get; init; } = "telemetry/v1/{device}/commands/+";

    /// <summary>
    /// Topic name under which each device says once a run, retained, what it is: its name, place and sensors; with {device} in it. Empty: it says nothing. Default that of
    /// the catalogue.
    /// </summary>
    public string CatalogueTopic { get; init; } = "telemetry/v1/{device}/catalogue";

    /// <summary>First part of the device ids, which go on with - and the number. Default press.</summary>
    [RegularExpression("^[A-Za-z0-9._:-]{1,50}$")]
    public string DevicePrefix { get; init; } = "press";

    /// <summary>1 or 2. Default 1.</summary>
    [Range(1, 2)]
    public int Qos { get; init; } = 1;

    /// <summary>Silence after which a device pings. Default 60 s.</summary>
    public TimeSpan KeepAlive { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Publishes of one device that wait for their acknowledgement at once. Default 4.</summary>
    [Range(1, LedgerLayout.Window)]
    public int MaxInFlight { get; init; } = 4;

    /// <summary>
    /// Publishes a device keeps, sent or not, until they are acknowledged. When it is full the device measures no more and
    /// counts what it skipped, as one with a small flash would. Default 64.
    /// </summary>
    [Range(1, LedgerLayout.Window)]
    public int QueueMax { get; init; } = 64;

    /// <summary>Connections begun a second. Default 1,000.</summary>
    [Range(1, 100_000)]
    public double ConnectRatePerSecond { get; init; } = 1_000;

    /// <summary>First wait before connecting again; doubles, with jitter, up to <see cref="ReconnectDelayMax"/>. Default 0.5 s.</summary>
    public TimeSpan ReconnectDelay { get; init; } = TimeSpan.FromSeconds(0.5);

    /// <summary>Longest wait before connecting again. Default 15 s.</summary>
    public TimeSpan ReconnectDelayMax { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Mean number of faults of a device a day. Default 3: some twenty a minute over 10,000 devices.</summary>
    [Range(0, 100_000)]
    public double FaultsPerDeviceDay { get; init; } = 3;

    /// <summary>
    /// plain (default): every device sends at its pace, as a load test needs it. hard: what real fleets do to detectors; devices are off or
    /// offline at times, so the rate is somewhat below <see cref="RatePerHour"/>.
    /// </summary>
    public Realism Realism { get; init; }

    /// <summary>
    /// Mean number of times a day that a device of the hard fleet is switched off, offline, has its clock set back or misses a sensor. Default 0.5.
    /// </summary>
    [Range(0, 10_000)]
    public double ConditionsPerDeviceDay { get; init; } = 0.5;

    /// <summary>Share of publishes sent a second time after their acknowledgement. Default 0.001.</summary>
    [Range(0, 1)]
    public double DuplicateShare { get; init; } = 0.001;

    /// <summary>Share of publishes sent after the one that follows them. Default 0.001.</summary>
    [Range(0, 1)]
    public double OutOfOrderShare { get; init; } = 0.001;

    /// <summary>Directory of the sent-ledgers. Default "ledger". Each run adds its own files.</summary>
    [Required]
    public string LedgerDirectory { get; init; } = "ledger";

    /// <summary>JSON-lines file of what was played on purpose, appended to; null: none.</summary>
    public string? LabelsFile { get; init; }

    /// <summary>File for the final report in JSON; null: none.</summary>
    public string? ReportPath { get; init; }

    /// <summary>
    /// Names this run: boot ids derive from it and the seed. Null (default): random, as the boots of real devices are. With
    /// a fixed one a second run repeats the event ids of the first, and its readings vanish as duplicates.
    /// </summary>
    public ulong? RunId { get; init; }

    /// <summary>Time between progress reports. Default 1 s.</summary>
    public TimeSpan ProgressInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (MaxInFlight > QueueMax)
        {
            yield return new($"MaxInFlight ({MaxInFlight}) must not exceed QueueMax ({QueueMax}).", [nameof(MaxInFlight)]);
        }

        if (ProgressInterval <= TimeSpan.Zero || ReconnectDelay <= TimeSpan.Zero || ReconnectDelayMax < ReconnectDelay)
        {
            yield return new("ProgressInterval and ReconnectDelay must be above zero, ReconnectDelayMax at least ReconnectDelay.");
        }

        if (History < TimeSpan.Zero || History > TimeSpan.FromDays(31) || HistoryWithin < TimeSpan.FromSeconds(1) || HistoryWithin > TimeSpan.FromHours(1))
        {
            yield return new("History must be 0 to 31 days, HistoryWithin 1 s to 1 h.", [nameof(History), nameof(HistoryWithin)]);
        }

        if (CaFile is not null && !File.Exists(CaFile))
        {
            yield return new($"CaFile {CaFile} is not there.", [nameof(CaFile)]);
        }
    }

    /// <summary>
    /// Time after the start at which the last publish of each device falls, less up to a minute; null: each publishes at a moment of its own. Only for a past, which ends where the live
    /// fleet begins.
    /// </summary>
    internal TimeSpan? LastPublishAt { get; init; }

    /// <summary>Where a device's readings go.</summary>
    internal string TopicOf(string device) => Topic.Replace(DevicePlaceholder, device, StringComparison.Ordinal);

    /// <summary>Filter of a device's commands; null when it takes none.</summary>
    internal string? CommandFilterOf(string device) =>
        CommandFilter.Length == 0 ? null : CommandFilter.Replace(DevicePlaceholder, device, StringComparison.Ordinal);

    /// <summary>Where a device says what it is; null when it does not.</summary>
    internal string? CatalogueTopicOf(string device) =>
        CatalogueTopic.Length == 0 ? null : CatalogueTopic.Replace(DevicePlaceholder, device, StringComparison.Ordinal);

    internal string DeviceName(int device) => $"{DevicePrefix}-{device:D5}";

    /// <summary>Time between two publishes of one device; zero when the rate is unbounded.</summary>
    internal TimeSpan PublishInterval =>
        RatePerHour == 0 ? TimeSpan.Zero : TimeSpan.FromSeconds(3600 * (double)Devices * ReadingsPerPublish / RatePerHour);
}
