using System.Diagnostics.Metrics;

namespace Telemetry.Streams.StoreAndForward;

/// <summary>Meter "Telemetry.Streams": the journal in front of the log.</summary>
internal sealed class ForwardMetrics : IDisposable
{
    private static readonly KeyValuePair<string, object?> LiveTag = new("lane", "live");
    private static readonly KeyValuePair<string, object?> BacklogTag = new("lane", "backlog");

    private readonly Meter _meter = new(StreamsMeter.Name);
    private readonly Counter<long> _sent;
    private readonly Counter<long> _dropped;
    private readonly Counter<long> _refused;
    private readonly Counter<long> _faults;
    private long _droppedTotal;

    public ForwardMetrics(Func<ForwardStatus> status)
    {
        _sent = _meter.CreateCounter<long>("telemetry.forward.sent", "{record}", "Records sent to the log, by lane: live ones, and backlog.");
        _dropped = _meter.CreateCounter<long>("telemetry.forward.dropped", "{record}", "Records removed without having been forwarded, because the journal was full.");
        _refused = _meter.CreateCounter<long>("telemetry.forward.refused", "{record}", "Times a record had to wait because the journal was full.");
        _faults = _meter.CreateCounter<long>("telemetry.forward.faults", "{fault}", "Times the log could not be reached or failed.");
        _meter.CreateObservableGauge("telemetry.forward.backlog.records", () => status().Records, "{record}", "Records on disk that the log does not have yet.");
        _meter.CreateObservableGauge("telemetry.forward.backlog.bytes", () => status().Bytes, "By", "Their bytes.");
        _meter.CreateObservableGauge("telemetry.forward.backlog.age", () => status().Age.TotalSeconds, "s", "Age of the oldest of them.");
        _meter.CreateObservableGauge("telemetry.forward.disk", () => status().DiskBytes, "By", "Bytes of the journal on disk.");
        _meter.CreateObservableGauge("telemetry.forward.disk.limit", () => status().DiskBytesMax, "By", "Most bytes it may take.");
    }

    public long DroppedTotal => Interlocked.Read(ref _droppedTotal);

    public void Live() => _sent.Add(1, LiveTag);

    public void Backlog() => _sent.Add(1, BacklogTag);

    public void Dropped(long records, string topic)
    {
        Interlocked.Add(ref _droppedTotal, records);
        _dropped.Add(records, new KeyValuePair<string, object?>("topic", topic));
    }

    public void Refused() => _refused.Add(1);

    public void Fault() => _faults.Add(1);

    public void Dispose() => _meter.Dispose();
}
