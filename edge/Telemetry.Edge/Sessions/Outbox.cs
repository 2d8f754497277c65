using Telemetry.Edge.Messages;
using Telemetry.Edge.Reasons;
using Telemetry.Edge.Topics;

namespace Telemetry.Edge.Sessions;

/// <summary>
/// A session's way out: messages waiting, the window of those in flight, and retained messages still owed to new subscriptions. Bounded
/// by number and by bytes; bytes count until the subscriber has acknowledged. QoS 0 passes messages that wait for the window
/// [MQTT-4.9.0-3]; while the window is open, all go in the order they came. Not thread-safe: the session's lock guards it.
/// </summary>
internal sealed class Outbox(SessionLimits limits)
{
    /// <summary>Retained messages are fetched while fewer messages than this wait.</summary>
    private const int FeedBelow = 32;

    /// <summary>Nodes of the retained store visited at a time: well below a millisecond.</summary>
    private const int NodesASlice = 1024;

    private readonly RingBuffer<(long Order, Outgoing Copy)> _atMostOnce = new();
    private readonly RingBuffer<(long Order, Outgoing Copy)> _guaranteed = new();
    private readonly InflightWindow _window = new();
    private List<RetainedFeed>? _feeds;
    private long _order;
    private long _bytes;
    private bool _feedWaits;

    /// <summary>Messages waiting, not those in flight.</summary>
    public int Waiting => _atMostOnce.Count + _guaranteed.Count;

    public int InFlight => _window.Count;

    /// <summary>Bytes of messages waiting and in flight.</summary>
    public long Bytes => _bytes;

    /// <summary>What counts against the Receive Maximum of the present connection.</summary>
    public int OutstandingHere => _window.OutstandingHere;

    public bool HasGuaranteedWaiting => _guaranteed.Count > 0;

    /// <summary>True when retained messages are owed and there is room to fetch some.</summary>
    public bool CanFeed => _feeds is not null && !_feedWaits && Waiting < FeedBelow;

    /// <summary>Takes a copy for later. When the queue is full the newest is dropped, so that what is kept has no hole in it.</summary>
    /// <returns>Why it was dropped; <see cref="DropCause.None"/> when it was taken.</returns>
    public DropCause Enqueue(in Outgoing copy, long now)
    {
        if (_feeds is not null && !copy.IsRetained && QueueRetainedOf(copy.Message, now) is var first && first != DropCause.None)
        {
            return first;
        }

        if (Waiting >= limits.MaxQueuedMessages && !copy.IsRetained)
        {
            return DropCause.QueueFull;
        }

        return Add(copy);
    }

    /// <summary>Retained messages of a new subscription go out as there is room for them.</summary>
    public void AddFeed(RetainedFeed feed)
    {
        CancelFeed(feed.Subscription.Filter);
        (_feeds ??= []).Add(feed);
    }

    /// <summary>The subscription is gone, or was replaced.</summary>
    public void CancelFeed(ReadOnlySpan<byte> filter)
    {
        for (var i = (_feeds?.Count ?? 0) - 1; i >= 0; i--)
        {
            if (filter.SequenceEqual(_feeds![i].Subscription.Filter))
            {
                RemoveFeed(i);
            }
        }
    }

    /// <summary>The process' budget has room again.</summary>
    public void FeedAgain() => _feedWaits = false;

    /// <summary>Fetches some of the retained messages that are owed; stops when there is no room until some message is done with.</summary>
    /// <returns>False when the process' budget has no room for more: call <see cref="FeedAgain"/> when it has.</returns>
    public bool Feed(long now)
    {
        var nodes = NodesASlice;
        while (nodes > 0 && CanFeed)
        {
            var feed = _feeds![0];
            if (feed.Take(ref nodes, now) is { } message)
            {
                var cause = Add(CopyOf(message, feed.Subscription));
                if (cause != DropCause.None)
                {
                    feed.PutBack(message);
                    _feedWaits = true;
                    return cause != DropCause.BudgetFull;
                }
            }

            if (feed.IsDone)
            {
                RemoveFeed(0);
            }
        }

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
            if (copy.Message.IsExpired(now))
            {
                Release(copy.Message);
                expired++;
                continue;
            }

            if (guaranteedFirst)
            {
                delivery = _window.Send(copy);
                return true;
            }

            Release(copy.Message);
            delivery = new Delivery(false, copy, 0, false);
            return true;
        }

        return false;
    }

    /// <inheritdoc cref="InflightWindow.Apply(ushort, InflightInput)"/>
    public InflightState? Apply(ushort identifier, InflightInput input)
    {
        var state = _window.Apply(identifier, input, out var released);
        Release(released.Message);
        return state;
    }

    /// <inheritdoc cref="InflightWindow.Abandon"/>
    public void Abandon(ushort identifier) => Release(_window.Abandon(identifier).Message);

    /// <summary>A new connection took the session: unfinished messages go out again first, with DUP.</summary>
    public void Restart() => _window.Restart();

    /// <summary>The connection is gone: QoS 0 messages that were waiting go with it, retained ones too.</summary>
    /// <returns>How many went.</returns>
    public int DropAtMostOnce()
    {
        var dropped = _atMostOnce.Count;
        while (_atMostOnce.Count > 0)
        {
            Release(_atMostOnce.RemoveFirst().Copy.Message);
        }

        for (var i = (_feeds?.Count ?? 0) - 1; i >= 0; i--)
        {
            if (_feeds![i].Subscription.Qos == 0)
            {
                RemoveFeed(i);
            }
        }

        return dropped;
    }

    /// <summary>The session is over: everything it held is given back.</summary>
    public void Clear()
    {
        DropAtMostOnce();
        while (_guaranteed.Count > 0)
        {
            Release(_guaranteed.RemoveFirst().Copy.Message);
        }

        _window.Clear(Release);
        _feeds = null;
    }

    private static Outgoing CopyOf(Message message, Subscription subscription) => new(
        message, Math.Min(message.Qos, subscription.Qos), Retain: true, subscription.Identifier, IsRetained: true);

    /// <summary>The retained message that is still owed for a topic goes before a live one: the order of a topic is kept.</summary>
    private DropCause QueueRetainedOf(Message live, long now)
    {
        foreach (var feed in _feeds!)
        {
            if (feed.Ahead(live.Topic, now) is { } owed)
            {
                var cause = Add(CopyOf(owed, feed.Subscription));
                if (cause != DropCause.None)
                {
                    return cause;
                }

                feed.WentAhead(owed);
            }
        }

        return DropCause.None;
    }

    private DropCause Add(in Outgoing copy)
    {
        var size = copy.Message.Size;
        if (_bytes > 0 && _bytes + size > limits.MaxQueuedBytes)
        {
            return DropCause.QueueFull;
        }

        if (limits.Budget?.TryTake(copy.Message) == false)
        {
            return DropCause.BudgetFull;
        }

        _bytes += size;
        (copy.Qos == 0 ? _atMostOnce : _guaranteed).AddLast((_order++, copy));
        return DropCause.None;
    }

    private void Release(Message? message)
    {
        if (message is not null)
        {
            _bytes -= message.Size;
            _feedWaits = false;
            limits.Budget?.Release(message);
        }
    }

    private void RemoveFeed(int at)
    {
        _feeds!.RemoveAt(at);
        _feeds = _feeds.Count == 0 ? null : _feeds;
    }
}
