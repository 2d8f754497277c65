using System.Text;
using MQTTnet.Protocol;
using Telemetry.Simulator.Machines;
using Telemetry.Simulator.Signals;

namespace Telemetry.Simulator.Devices;

/// <summary>
/// One device: measures at its pace, keeps what is not acknowledged, sends it again with the same event ids after a broken
/// connection. It has no task and no timer of its own: a scheduler visits it, and its connection calls it.
/// <code>
/// Waiting --visit--> Connecting --answer--> Connected --broken--> Waiting      any --stop--> Stopped
///    ^------------------failed-----'
/// </code>
/// </summary>
internal sealed class SimulatedDevice : IDeviceLinkOwner
{
    /// <summary>Longest time between two visits; what other threads change is seen by then.</summary>
    public const long VisitIntervalUs = 250_000;

    private const ulong Duplicate = 1UL << 63;
    private const long RetryUs = 1_000_000;

    private readonly Lock _gate = new();
    private readonly FleetContext _fleet;
    private readonly PendingPublishes _pending;
    private readonly IDeviceLink _link;
    private readonly int _number;
    private readonly string _name;
    private readonly byte[] _nameBytes;
    private readonly ulong _bootId;
    private readonly int _readings;
    private readonly MeasuredBatch _measured;

    // Guarded by the gate.
    private State _state;
    private bool _booted;
    private int _attempt;
    private int _inFlight;
    private long _connectAtUs;
    private long _produceAtUs;
    private long _pausedUntilUs;
    private long _lastTimeUs;
    private Task _connecting = Task.CompletedTask;

    /// <param name="fleet">What all devices share.</param>
    /// <param name="number">Number of the device.</param>
    /// <param name="bootId">Its boot.</param>
    /// <param name="startUs">Event time of the start.</param>
    /// <param name="connect">Makes its connection.</param>
    /// <param name="machine">The machine that it measured before, with its memory; null: a new one.</param>
    public SimulatedDevice(FleetContext fleet, int number, ulong bootId, long startUs, ConnectDevice connect, Machine? machine = null)
    {
        var options = fleet.Options;
        _fleet = fleet;
        _number = number;
        _bootId = bootId;
        _readings = options.ReadingsPerPublish;
        _measured = new MeasuredBatch(_readings);
        _name = options.DeviceName(number);
        _nameBytes = Encoding.ASCII.GetBytes(_name);
        var interval = TimeSpan.FromMicroseconds((double)fleet.PublishIntervalUs / _readings);
        Machine = machine ?? new Machine(
            new MachinePlan(options.Seed, options.Realism, startUs, interval, options.FaultsPerDeviceDay, options.ConditionsPerDeviceDay),
            number,
            _name,
            fleet.Labels);
        _pending = new PendingPublishes(options.QueueMax);
        _link = connect(this, _name);
        fleet.Ledger.Begin(number, _name, bootId);
    }

    public Machine Machine { get; }

    private enum State : byte
    {
        Waiting,
        Connecting,
        Connected,
        Stopped,
    }

    /// <summary>Does what is due; returns when to come again, microseconds since the start of the run.</summary>
    public long Visit(long nowUs, ConnectLimiter limiter, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (_state == State.Stopped)
            {
                return long.MaxValue;
            }

            if (_state == State.Waiting && nowUs >= _connectAtUs && limiter.TryTake(nowUs))
            {
                _state = State.Connecting;
                _connecting = ConnectAsync(cancellationToken);
            }

            if (_booted && !_fleet.IsUnbounded && !_fleet.IsDraining)
            {
                ProduceDue(nowUs);
            }

            if (_state == State.Connected)
            {
                _link.KeepAlive(nowUs);
            }

            Pump(nowUs);
            return NextVisit(nowUs);
        }
    }

    /// <summary>Closes the connection; nothing is sent from here on.</summary>
    public async Task StopAsync()
    {
        Task connecting;
        lock (_gate)
        {
            if (_state == State.Connected)
            {
                _fleet.Totals.Disconnected(null);
            }

            _state = State.Stopped;
            connecting = _connecting;
        }

        await connecting;
        await _link.DisconnectAsync();
        await _link.DisposeAsync();
    }

    public void Published(in PublishResult result, ulong state)
    {
        if ((state & Duplicate) != 0)
        {
            return;
        }

        lock (_gate)
        {
            _inFlight--;
            switch (result.Outcome)
            {
                case PublishOutcome.Acknowledged:
                    Acked(state);
                    break;
                case PublishOutcome.Refused when !IsTransient(result.ReasonCode):
                    Refused(state, (int)result.ReasonCode);
                    break;
                case PublishOutcome.Refused:
                    _pausedUntilUs = _fleet.NowUs + RetryUs;
                    _pending.Requeue(state);
                    break;
                default:
                    _pending.Requeue(state);
                    break;
            }

            Pump(_fleet.NowUs);
        }
    }

    public void Disconnected(string reason)
    {
        lock (_gate)
        {
            if (_state == State.Connected)
            {
                _fleet.Totals.Disconnected(reason);
                Wait();
            }
        }
    }

    /// <summary>Answers that may be another one later: the broker is short of something, the bytes are not at fault.</summary>
    private static bool IsTransient(MqttPubAckReasonCode code) => code is MqttPubAckReasonCode.UnspecifiedError
        or MqttPubAckReasonCode.ImplementationSpecificError or MqttPubAckReasonCode.QuotaExceeded;

    private async Task ConnectAsync(CancellationToken cancellationToken)
    {
        // Off the scheduler's thread: opening a socket takes its time.
        await Task.Yield();
        try
        {
            await _link.ConnectAsync(cancellationToken);
            Connected();
        }
        catch (DeviceLinkException exception)
        {
            Failed(exception.Message);
        }
        catch (OperationCanceledException)
        {
            Failed("cancelled");
        }
    }

    private void Connected()
    {
        lock (_gate)
        {
            if (_state != State.Connecting)
            {
                return;
            }

            // It ends before it is told of, so what ends after this look finds the device connected.
            if (!_link.IsConnected)
            {
                _fleet.Totals.ConnectFailed("The connection ended at once.");
                Wait();
                return;
            }

            _state = State.Connected;
            _attempt = 0;
            _fleet.Totals.Connected(_booted);
            if (!_booted)
            {
                _booted = true;
                _produceAtUs = _fleet.FirstDueUs(_number, _fleet.NowUs);
            }

            Pump(_fleet.NowUs);
        }
    }

    private void Failed(string reason)
    {
        lock (_gate)
        {
            if (_state == State.Connecting)
            {
                _fleet.Totals.ConnectFailed(reason);
                Wait();
            }
        }
    }

    private void Wait()
    {
        _state = State.Waiting;
        var unit = SeededHash.Unit(_fleet.Options.Seed ^ _bootId, (ulong)_number, 2_001, (ulong)_fleet.NowUs);
        _connectAtUs = _fleet.NowUs + (long)ReconnectBackoff.Delay(_fleet.Options, _attempt++, unit).TotalMicroseconds;
    }

    private void ProduceDue(long nowUs)
    {
        if (nowUs - _produceAtUs > 1_000 * _fleet.PublishIntervalUs)
        {
            // The process slept; a device that slept as well does not measure the past.
            _produceAtUs = nowUs;
        }

        for (; _produceAtUs <= nowUs; _produceAtUs += _fleet.IntervalUsAt(_produceAtUs))
        {
            Produce();
        }
    }

    /// <summary>Measures the time of one publish and keeps the publish that is full; false when there is no room or none is full, since the device is silent.</summary>
    private bool Produce()
    {
        var now = (_fleet.Time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;
        var spacing = _fleet.IsUnbounded ? 1_000 : _fleet.IntervalUsAt(_fleet.NowUs) / _readings;
        var left = _readings;
        var isKept = false;
        while (left > 0)
        {
            var publish = _pending.Next;
            if (_pending.IsFull || !_fleet.Ledger.HasRoom(_number, publish))
            {
                if (!Machine.IsSilent(now))
                {
                    _fleet.Totals.Skipped(left);
                }

                return isKept;
            }

            if (!_measured.Measure(Machine, publish * (ulong)_readings, now, spacing, ref left, ref _lastTimeUs))
            {
                return isKept;
            }

            var payload = BatchEncoder.OfThisThread.Encode(_nameBytes, _bootId, publish * (ulong)_readings, _measured.Readings);
            _measured.Clear();
            _pending.Add(payload, holdBack: Chance(2_002, publish) < _fleet.Options.OutOfOrderShare);
            _fleet.Totals.Queued();
            isKept = true;
        }

        return isKept;
    }

    private void Pump(long nowUs)
    {
        while (_state == State.Connected && nowUs >= _pausedUntilUs && _inFlight < _fleet.Options.MaxInFlight
            && (!Machine.IsOffline || _fleet.IsDraining))
        {
            if (TryNextToSend(out var publish, out var overtaken))
            {
                if (!Send(publish))
                {
                    return;
                }

                if (overtaken is { } late)
                {
                    Overtaken(late);
                }
            }
            else if (!_fleet.IsUnbounded || _fleet.IsDraining || !Produce())
            {
                return;
            }
        }
    }

    private bool TryNextToSend(out ulong publish, out ulong? overtaken)
    {
        // More than a few waiting: they were kept while the uplink was down.
        if (Machine.SendsNewestFirst && _pending.Count > _fleet.Options.MaxInFlight && _pending.TryNewest(out publish))
        {
            overtaken = null;
            return true;
        }

        return _pending.TryNextToSend(wait: !_fleet.IsDraining, out publish, out overtaken);
    }

    private bool Send(ulong publish)
    {
        ref var entry = ref _pending[publish];
        _fleet.Ledger.Sent(_number, publish);
        entry.SentAt = _fleet.Time.GetTimestamp();
        switch (_link.TryPublish(entry.Payload.AsMemory(0, entry.Length), publish))
        {
            case PublishStart.Started:
                CountSent(ref entry);
                entry.State = PendingState.Sent;
                _inFlight++;
                return true;
            case PublishStart.TooLarge:
                CountSent(ref entry);
                Refused(publish, (int)MqttDisconnectReasonCode.PacketTooLarge);
                return true;
            default:
                return false;
        }
    }

    private void CountSent(ref PendingPublishes.Entry entry)
    {
        if (entry.WasSent)
        {
            _fleet.Totals.Resent();
        }
        else
        {
            entry.WasSent = true;
            _fleet.Totals.Sent(_readings);
        }
    }

    private void Overtaken(ulong publish)
    {
        _pending[publish].HoldBack = false;
        _fleet.Totals.OutOfOrder();
        _fleet.Labels?.Delivery("out-of-order", _name, _bootId, FirstSequence(publish), _readings);
    }

    private void Acked(ulong publish)
    {
        ref var entry = ref _pending[publish];
        _fleet.Puback.Record(_fleet.Time.GetElapsedTime(entry.SentAt));
        _fleet.Ledger.Acked(_number, publish);
        if (_state == State.Connected
            && Chance(2_003, publish) < _fleet.Options.DuplicateShare
            && _link.TryPublish(entry.Payload.AsSpan(0, entry.Length).ToArray(), publish | Duplicate) == PublishStart.Started)
        {
            _fleet.Totals.Duplicated();
            _fleet.Labels?.Delivery("duplicate", _name, _bootId, FirstSequence(publish), _readings);
        }

        _pending.Settle(publish);
        _fleet.Totals.Acked(_readings);
    }

    private void Refused(ulong publish, int reasonCode)
    {
        _fleet.Ledger.Refused(_number, publish, reasonCode);
        _pending.Settle(publish);
        _fleet.Totals.Rejected(_readings);
    }

    private ulong FirstSequence(ulong publish) => (publish * (ulong)_readings) + 1;

    private double Chance(ulong what, ulong publish) => SeededHash.Unit(_fleet.Options.Seed, (ulong)_number, what, publish);

    private long NextVisit(long nowUs)
    {
        var next = nowUs + VisitIntervalUs;
        if (_state == State.Waiting)
        {
            next = Math.Min(next, _connectAtUs);
        }

        if (_booted && !_fleet.IsUnbounded && !_fleet.IsDraining)
        {
            next = Math.Min(next, _produceAtUs);
        }

        return next;
    }
}
