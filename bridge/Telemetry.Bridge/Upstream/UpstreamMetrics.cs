using System.Diagnostics.Metrics;
using Telemetry.Bridge.Links;

namespace Telemetry.Bridge.Upstream;

/// <summary>Meter "Telemetry.Bridge": the client on another broker.</summary>
internal sealed class UpstreamMetrics : IDisposable
{
    private readonly Meter _meter = new("Telemetry.Bridge");
    private readonly Counter<long> _received;
    private readonly Counter<long> _redelivered;
    private readonly Counter<long> _acknowledged;
    private readonly Counter<long> _connects;
    private readonly Counter<long> _faults;
    private readonly Counter<long> _sessionsLost;
    private int _connected;
    private Func<int> _waiting = static () => 0;
    private long _receivedTotal;
    private long _acknowledgedTotal;

    public UpstreamMetrics()
    {
        _received = _meter.CreateCounter<long>("telemetry.bridge.upstream.received", "{message}", "Messages received from the upstream broker, copies too.");
        _redelivered = _meter.CreateCounter<long>("telemetry.bridge.upstream.redelivered", "{message}", "Of those, messages that the broker marked as sent before.");
        _acknowledged = _meter.CreateCounter<long>("telemetry.bridge.upstream.acknowledged", "{message}", "Messages of QoS 1 and 2 acknowledged to the upstream broker, after the log had them.");
        _connects = _meter.CreateCounter<long>("telemetry.bridge.upstream.connects", "{connection}", "Connections to the upstream broker that subscribed.");
        _faults = _meter.CreateCounter<long>("telemetry.bridge.upstream.faults", "{fault}", "Connections to the upstream broker that failed or ended, by fault.");
        _sessionsLost = _meter.CreateCounter<long>("telemetry.bridge.upstream.sessions.lost", "{session}", "Times the upstream broker had forgotten our session, and what it had queued in it.");
        _meter.CreateObservableGauge("telemetry.bridge.upstream.connected", () => Volatile.Read(ref _connected), "1", "1 while subscribed at the upstream broker, else 0.");
        _meter.CreateObservableGauge("telemetry.bridge.upstream.unacknowledged", () => _waiting(), "{message}", "Messages received from the upstream broker and not yet acknowledged.");
    }

    public long ReceivedTotal => Interlocked.Read(ref _receivedTotal);

    public long AcknowledgedTotal => Interlocked.Read(ref _acknowledgedTotal);

    public void Observe(Func<int> waiting) => _waiting = waiting;

    public void Received(bool duplicate)
    {
        Interlocked.Increment(ref _receivedTotal);
        _received.Add(1);
        if (duplicate)
        {
            _redelivered.Add(1);
        }
    }

    public void Acknowledged()
    {
        Interlocked.Increment(ref _acknowledgedTotal);
        _acknowledged.Add(1);
    }

    public void Connected()
    {
        Volatile.Write(ref _connected, 1);
        _connects.Add(1);
    }

    public void Disconnected() => Volatile.Write(ref _connected, 0);

    public void SessionLost() => _sessionsLost.Add(1);

    public void Fault(LinkFault fault)
    {
        if (_faults.Enabled)
        {
            _faults.Add(1, new KeyValuePair<string, object?>("fault", fault.ToString()));
        }
    }

    public void Dispose() => _meter.Dispose();
}
