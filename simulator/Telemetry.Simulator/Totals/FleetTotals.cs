using System.Diagnostics.Metrics;

namespace Telemetry.Simulator.Totals;

/// <summary>Counters of the fleet, also on the meter "Telemetry.Simulator".</summary>
internal sealed class FleetTotals : IDisposable
{
    private readonly Meter _meter = new("Telemetry.Simulator");
    private long _connected;
    private long _sent;
    private long _acked;
    private long _rejected;
    private long _skipped;
    private long _pending;
    private long _resent;
    private long _duplicated;
    private long _outOfOrder;
    private long _disconnects;
    private long _reconnects;
    private long _connectFailures;
    private volatile string? _lastError;

    public FleetTotals()
    {
        _meter.CreateObservableGauge("telemetry.simulator.devices.connected", () => Interlocked.Read(ref _connected), "{device}", "Devices connected.");
        _meter.CreateObservableGauge("telemetry.simulator.publishes.pending", () => Pending, "{publish}", "Publishes without an answer.");
        _meter.CreateObservableCounter("telemetry.simulator.readings.sent", () => Interlocked.Read(ref _sent), "{reading}", "Readings sent at least once.");
        _meter.CreateObservableCounter("telemetry.simulator.readings.acked", () => Interlocked.Read(ref _acked), "{reading}", "Readings acknowledged.");
        _meter.CreateObservableCounter("telemetry.simulator.readings.rejected", () => Interlocked.Read(ref _rejected), "{reading}", "Readings refused for good.");
        _meter.CreateObservableCounter("telemetry.simulator.readings.skipped", () => Interlocked.Read(ref _skipped), "{reading}", "Readings not measured because a queue was full.");
        _meter.CreateObservableCounter("telemetry.simulator.disconnects", () => Interlocked.Read(ref _disconnects), "{connection}", "Connections that ended unasked.");
    }

    public long Pending => Interlocked.Read(ref _pending);

    public void Queued() => Interlocked.Increment(ref _pending);

    public void Sent(int readings) => Interlocked.Add(ref _sent, readings);

    public void Acked(int readings)
    {
        Interlocked.Add(ref _acked, readings);
        Interlocked.Decrement(ref _pending);
    }

    public void Rejected(int readings)
    {
        Interlocked.Add(ref _rejected, readings);
        Interlocked.Decrement(ref _pending);
    }

    public void Skipped(int readings) => Interlocked.Add(ref _skipped, readings);

    public void Resent() => Interlocked.Increment(ref _resent);

    public void Duplicated() => Interlocked.Increment(ref _duplicated);

    public void OutOfOrder() => Interlocked.Increment(ref _outOfOrder);

    public void Connected(bool again)
    {
        Interlocked.Increment(ref _connected);
        if (again)
        {
            Interlocked.Increment(ref _reconnects);
        }
    }

    public void Disconnected(string? error)
    {
        Interlocked.Decrement(ref _connected);
        if (error is not null)
        {
            Interlocked.Increment(ref _disconnects);
            _lastError = error;
        }
    }

    public void ConnectFailed(string error)
    {
        Interlocked.Increment(ref _connectFailures);
        _lastError = error;
    }

    public SimulatorProgress Snapshot(TimeSpan elapsed) => new()
    {
        Elapsed = elapsed,
        Connected = Interlocked.Read(ref _connected),
        Sent = Interlocked.Read(ref _sent),
        Acked = Interlocked.Read(ref _acked),
        Rejected = Interlocked.Read(ref _rejected),
        Skipped = Interlocked.Read(ref _skipped),
        PublishesPending = Pending,
        PublishesResent = Interlocked.Read(ref _resent),
        PublishesDuplicated = Interlocked.Read(ref _duplicated),
        PublishesOutOfOrder = Interlocked.Read(ref _outOfOrder),
        Disconnects = Interlocked.Read(ref _disconnects),
        Reconnects = Interlocked.Read(ref _reconnects),
        ConnectFailures = Interlocked.Read(ref _connectFailures),
        LastError = _lastError,
    };

    public void Dispose() => _meter.Dispose();
}
