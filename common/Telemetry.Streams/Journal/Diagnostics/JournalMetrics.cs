using System.Diagnostics.Metrics;

namespace Telemetry.Streams.Journal.Diagnostics;

/// <summary>Instruments of the meter "Telemetry.Streams"; one set for each open log.</summary>
internal sealed class JournalMetrics : IDisposable
{
    private readonly Meter _meter = new(StreamsMeter.Name);
    private readonly Counter<long> _appendedRecords;
    private readonly Counter<long> _appendedBytes;
    private readonly Counter<long> _failedRecords;
    private readonly Counter<long> _readRecords;
    private readonly Counter<long> _readBytes;
    private readonly Counter<long> _resets;
    private readonly Counter<long> _skippedOffsets;
    private readonly Counter<long> _removedBytes;
    private readonly Counter<long> _maintenanceFailures;
    private readonly Histogram<double> _commit;
    private readonly Histogram<double> _sync;

    public JournalMetrics(Func<long> pendingBytes, Func<IEnumerable<(string Topic, long Bytes)>> sizes)
    {
        _appendedRecords = _meter.CreateCounter<long>("telemetry.streams.records.appended", "{record}", "Records made durable");
        _appendedBytes = _meter.CreateCounter<long>("telemetry.streams.bytes.appended", "By", "Bytes of records made durable");
        _failedRecords = _meter.CreateCounter<long>("telemetry.streams.records.failed", "{record}", "Appends answered with an error");
        _readRecords = _meter.CreateCounter<long>("telemetry.streams.records.read", "{record}", "Records given to consumers");
        _readBytes = _meter.CreateCounter<long>("telemetry.streams.bytes.read", "By", "Bytes consumers read from files");
        _resets = _meter.CreateCounter<long>("telemetry.streams.consumer.resets", "{reset}", "Positions that were not there any more");
        _skippedOffsets = _meter.CreateCounter<long>("telemetry.streams.offsets.skipped", "{offset}", "Offsets a consumer passed by unread because they were removed");
        _removedBytes = _meter.CreateCounter<long>("telemetry.streams.bytes.removed", "By", "Bytes removed by retention");
        _maintenanceFailures = _meter.CreateCounter<long>(
            "telemetry.streams.maintenance.failures", "{failure}", "Rounds of retention and compaction that failed and are tried again");
        _commit = _meter.CreateHistogram<double>("telemetry.streams.commit.duration", "s", "One round: write, fsync, commit frames");
        _sync = _meter.CreateHistogram<double>("telemetry.streams.fsync.duration", "s", "One fsync of a topic");
        _meter.CreateObservableGauge("telemetry.streams.bytes.pending", pendingBytes, "By", "Bytes appended and not yet durable");
        _meter.CreateObservableGauge(
            "telemetry.streams.log.size",
            () => sizes().Select(size => new Measurement<long>(size.Bytes, new KeyValuePair<string, object?>("topic", size.Topic))),
            "By", "Bytes of a topic's segments");
    }

    public void Appended(long records, long bytes, string topic)
    {
        _appendedRecords.Add(records, new KeyValuePair<string, object?>("topic", topic));
        _appendedBytes.Add(bytes, new KeyValuePair<string, object?>("topic", topic));
    }

    public void AppendsFailed(long records, string topic, RecordLogError error) => _failedRecords.Add(
        records, new KeyValuePair<string, object?>("topic", topic), new KeyValuePair<string, object?>("error", error.ToString()));

    public void Read(long records, long bytes, string? group)
    {
        _readRecords.Add(records, new KeyValuePair<string, object?>("group", group ?? ""));
        _readBytes.Add(bytes, new KeyValuePair<string, object?>("group", group ?? ""));
    }

    public void Reset(long skipped, string? group)
    {
        _resets.Add(1, new KeyValuePair<string, object?>("group", group ?? ""));
        _skippedOffsets.Add(Math.Max(0, skipped), new KeyValuePair<string, object?>("group", group ?? ""));
    }

    public void Removed(long bytes, string topic) => _removedBytes.Add(bytes, new KeyValuePair<string, object?>("topic", topic));

    public void MaintenanceFailed() => _maintenanceFailures.Add(1);

    public void Committed(TimeSpan duration) => _commit.Record(duration.TotalSeconds);

    public void Synced(TimeSpan duration) => _sync.Record(duration.TotalSeconds);

    public void Dispose() => _meter.Dispose();
}
