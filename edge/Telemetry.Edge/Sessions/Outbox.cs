namespace Telemetry.Edge.Sessions;

/// <summary>
/// A session's way out: messages waiting, bounded, and the window of those in flight. QoS 0 passes messages that wait for the
/// window [MQTT-4.9.0-3]; while the window is open, all go in the order they came. Not thread-safe: the session's lock guards it.
/// </summary>
internal sealed class Outbox
{
    private readonly RingBuffer<(long Order, Outgoing Copy)> _atMostOnce = new();
    private readonly RingBuffer<(long Order, Outgoing Copy)> _guaranteed = new();
    private readonly InflightWindow _window = new();
    private long _order;
    private long _bytes;

    /// <summary>Messages waiting, not those in flight.</summary>
    public int Waiting => _atMostOnce.Count + _guaranteed.Count;

    public int InFlight => _window.Count;

    /// <summary>What counts against the Receive Maximum of the present connection.</summary>
    public int OutstandingHere => _window.OutstandingHere;

    public bool HasGuaranteedWaiting => _guaranteed.Count > 0;

    /// <summary>Takes a copy for later.</summary>
    /// <returns>False when the queue is full: the newest is dropped, so that what is kept has no hole in it.</returns>
    public bool TryEnqueue(in Outgoing copy, int maxMessages, long maxBytes)
    {
        var size = copy.Message.Size;
        if ((Waiting >= maxMessages && !copy.IsRetained) || (_bytes + size > maxBytes && Waiting > 0))
        {
            return false;
        }

        _bytes += size;
        (copy.Qos == 0 ? _atMostOnce : _guaranteed).AddLast((_order++, copy));
        return true;
    }

    /// <summary>The next packet to write.</summary>
    /// <param name="quota">Most messages in flight: the client's Receive Maximum and our own limit.</param>
    /// <param name="now">Clock of the broker, for expiry. [MQTT-3.3.2-5]</param>
    /// <param name="expired">Raised by each message that had expired.</param>
    /// <param name="delivery">What to write.</param>
    public bool TryNext(int quota, long now, ref int expired, out Delivery delivery)
    {
        if (_window.TryResend(quota, out delivery))
        {
            return true;
        }

        while (Waiting > 0)
        {
            var open = _guaranteed.Count > 0 && !_window.HasResends && _window.OutstandingHere < quota;
            var guaranteedFirst = open && (_atMostOnce.Count == 0 || _guaranteed[0].Order < _atMostOnce[0].Order);
            if (!guaranteedFirst && _atMostOnce.Count == 0)
            {
                return false;
            }

            var (_, copy) = (guaranteedFirst ? _guaranteed : _atMostOnce).RemoveFirst();
            _bytes -= copy.Message.Size;
            if (copy.Message.IsExpired(now))
            {
                expired++;
                continue;
            }

            delivery = guaranteedFirst ? _window.Send(copy) : new Delivery(false, copy, 0, false);
            return true;
        }

        return false;
    }

    /// <inheritdoc cref="InflightWindow.Apply"/>
    public InflightState? Apply(ushort identifier, InflightInput input) => _window.Apply(identifier, input);

    /// <inheritdoc cref="InflightWindow.Abandon"/>
    public void Abandon(ushort identifier) => _window.Abandon(identifier);

    /// <summary>A new connection took the session: unfinished messages go out again first, with DUP.</summary>
    public void Restart() => _window.Restart();

    /// <summary>The connection is gone: QoS 0 messages that were waiting go with it.</summary>
    /// <returns>How many went.</returns>
    public int DropAtMostOnce()
    {
        var dropped = _atMostOnce.Count;
        while (_atMostOnce.Count > 0)
        {
            _bytes -= _atMostOnce.RemoveFirst().Copy.Message.Size;
        }

        return dropped;
    }
}
