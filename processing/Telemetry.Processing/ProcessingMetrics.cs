using System.Diagnostics.Metrics;
using Telemetry.Contracts.V1;

namespace Telemetry.Processing;

/// <summary>
/// Meter "Telemetry.Processing". Readings in = duplicates + ambiguous + conflicts + unusable + too late + without room + given to detectors + held
/// (late ones, of which those given later are counted apart, and those that came too late even for that as too late).
/// Of records processed again after a crash the counts come again; the log does not.
/// </summary>
internal sealed class ProcessingMetrics : IDisposable
{
    private readonly Meter _meter = new("Telemetry.Processing");
    private readonly Counter<long> _records;
    private readonly Counter<long> _readings;
    private readonly Counter<long> _notFed;
    private readonly Counter<long> _fed;
    private readonly Counter<long> _late;
    private readonly Counter<long> _future;
    private readonly Counter<long> _deadLettered;
    private readonly Counter<long> _anomalies;
    private readonly Counter<long> _incidents;
    private readonly Counter<long> _held;
    private readonly Counter<long> _fedLate;
    private readonly Counter<long> _ticks;
    private readonly Counter<long> _alertsHeld;
    private readonly Counter<long> _repaired;
    private readonly Counter<long> _outOfService;
    private readonly Counter<long> _events;
    private readonly Counter<long> _commitFailures;
    private readonly Counter<long> _restarts;
    private readonly Histogram<double> _commits;

    public ProcessingMetrics(Func<IEnumerable<PartitionStatus>> partitions, TimeProvider time)
    {
        _records = _meter.CreateCounter<long>("telemetry.processing.records", "{record}", "Records taken from the log.");
        _readings = _meter.CreateCounter<long>("telemetry.processing.readings", "{reading}", "Readings in those records.");
        _fed = _meter.CreateCounter<long>("telemetry.processing.readings.detected", "{reading}", "Readings given to detectors.");
        _notFed = _meter.CreateCounter<long>(
            "telemetry.processing.readings.passed", "{reading}", "Readings not given to detectors, by reason.");
        _late = _meter.CreateCounter<long>("telemetry.processing.readings.late", "{reading}", "Readings behind the watermark.");
        _future = _meter.CreateCounter<long>(
            "telemetry.processing.readings.future", "{reading}", "Readings too far ahead of their ingest time to move the watermark.");
        _deadLettered = _meter.CreateCounter<long>(
            "telemetry.processing.records.dead_lettered", "{record}", "Records that could not be decoded.");
        _anomalies = _meter.CreateCounter<long>("telemetry.processing.anomalies", "{anomaly}", "Anomalies written, by kind.");
        _incidents = _meter.CreateCounter<long>("telemetry.processing.incidents", "{incident}", "Incidents opened, by kind.");
        _held = _meter.CreateCounter<long>(
            "telemetry.processing.readings.held", "{reading}", "Readings that came after a newer one of their series and wait to be judged in order.");
        _fedLate = _meter.CreateCounter<long>(
            "telemetry.processing.readings.detected_late", "{reading}", "Readings that waited and were given to detectors.");
        _ticks = _meter.CreateCounter<long>(
            "telemetry.processing.ticks", "{record}", "Records without readings that say only that time has passed.");
        _alertsHeld = _meter.CreateCounter<long>(
            "telemetry.processing.alerts.held", "{alert}", "Alerts that belong to an incident already reported.");
        _outOfService = _meter.CreateCounter<long>(
            "telemetry.processing.alerts.out_of_service", "{alert}", "Alerts of series that are out of service: not raised.");
        _repaired = _meter.CreateCounter<long>(
            "telemetry.processing.detections.repaired", "{reading}", "Detector results of the repaired arithmetic.");
        _events = _meter.CreateCounter<long>("telemetry.processing.device_events", "{event}", "Device events written, by kind.");
        _commitFailures = _meter.CreateCounter<long>("telemetry.processing.commits.failed", "{commit}", "Commits that failed, by error.");
        _restarts = _meter.CreateCounter<long>(
            "telemetry.processing.partitions.restarted", "{restart}", "Partitions started again after a fault.");
        _commits = _meter.CreateHistogram<double>(
            "telemetry.processing.commit.duration", "s", "From the first append of a transaction to its commit.");
        Gauge("telemetry.processing.watermark.lag", "s", "Now less the watermark; not of idle partitions.",
            s => s is { Watermark: { } watermark, IsIdle: false } ? (time.GetUtcNow() - watermark).TotalSeconds : null);
        Gauge("telemetry.processing.devices", "{device}", "Devices with state.", static s => s.Devices);
        Gauge("telemetry.processing.devices.dirty", "{device}", "Devices whose state is to be written.", static s => s.DevicesDirty);
        Gauge("telemetry.processing.series", "{series}", "Series with state.", static s => s.Series);
        Gauge("telemetry.processing.state.bytes", "By", "State of series and readings that wait.", static s => s.StateBytes);
        Gauge("telemetry.processing.replay", "{record}", "Offsets a restart would replay.", static s => s.ReplayRecords);
        Gauge("telemetry.processing.devices.evicted", "{device}", "Devices that lost their state to the bounds.", static s => s.DevicesEvicted);
        Gauge("telemetry.processing.series.evicted", "{series}", "Series that lost their state to the bounds.", static s => s.SeriesEvicted);

        void Gauge(string name, string unit, string description, Func<PartitionStatus, double?> value) =>
            _meter.CreateObservableGauge(name, () => Measure(partitions(), value), unit, description);
    }

    /// <summary>Adds what was counted and sets the counts back.</summary>
    public void Add(ProcessingCounts counts)
    {
        _records.Add(counts.Records);
        _readings.Add(counts.Readings);
        _fed.Add(counts.Fed);
        Passed("duplicate", counts.Duplicates);
        Passed("ambiguous", counts.Ambiguous);
        Passed("conflict", counts.Conflicts);
        Passed("unusable", counts.Unusable);
        Passed("too-late", counts.TooLate);
        Passed("no-room", counts.NoRoom);
        _held.Add(counts.Held);
        _fedLate.Add(counts.FedLate);
        _ticks.Add(counts.Ticks);
        _late.Add(counts.Late);
        _future.Add(counts.Future);
        _deadLettered.Add(counts.DeadLettered);
        _alertsHeld.Add(counts.AlertsHeld);
        _outOfService.Add(counts.OutOfService);
        _repaired.Add(counts.Repaired);
        AddByKind<AnomalyKind>(_anomalies, counts.Anomalies);
        AddByKind<AnomalyKind>(_incidents, counts.Incidents);
        AddByKind<DeviceEventKind>(_events, counts.Events);
        counts.Clear();
    }

    public void Committed(TimeSpan duration) => _commits.Record(duration.TotalSeconds);

    public void CommitFailed(Streams.RecordLogError error) =>
        _commitFailures.Add(1, new KeyValuePair<string, object?>("error", error.ToString()));

    public void Restarted() => _restarts.Add(1);

    public void Dispose() => _meter.Dispose();

    private void Passed(string reason, long count)
    {
        if (count > 0)
        {
            _notFed.Add(count, new KeyValuePair<string, object?>("reason", reason));
        }
    }

    private static void AddByKind<TKind>(Counter<long> counter, long[] counts)
        where TKind : struct, Enum
    {
        for (var i = 0; i < counts.Length; i++)
        {
            if (counts[i] > 0)
            {
                counter.Add(counts[i], new KeyValuePair<string, object?>("kind", ((TKind)(object)i).ToString()));
            }
        }
    }

    private static IEnumerable<Measurement<double>> Measure(
        IEnumerable<PartitionStatus> partitions, Func<PartitionStatus, double?> value)
    {
        foreach (var status in partitions)
        {
            if (value(status) is { } measured)
            {
                yield return new Measurement<double>(measured, new KeyValuePair<string, object?>("partition", status.Partition));
            }
        }
    }
}
