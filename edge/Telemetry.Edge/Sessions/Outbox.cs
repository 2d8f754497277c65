using Telemetry.Edge.Messages;
using Telemetry.Edge.Reasons;
using Telemetry.Edge.Topics;

namespace Telemetry.Edge.Sessions;

/// <summary>
/// A session's way out: messages waiting, the window of those in flight, and retained messages still owed to new subscriptions. Bounded
/// by number and by bytes; bytes count until the subscriber has acknowledged. QoS 0 passes messages that wait for the window
/// [MQTT-4.9.0-3]; while the window is open, all go in the order they came. Not thread-safe: the session's lock guards it.
/// </summary>
/// <param name="limits">What it may hold.</param>
/// <param name="isKept">True for a session that survives: what it holds is on the log, and how far it has got is written down.</param>
internal sealed class Outbox(SessionLimits limits, bool isKept = false)
{
    /// <summary>Retained messages are fetched while fewer messages than this wait.</summary>
    private const int FeedBelow = 32;

    /// <summary>Nodes of the retained store visited at a time: well below a millisecond.</summary>
    private const int NodesASlice = 1024;

    private readonly RingBuffer<(long Order, Outgoing Copy)> _atMostOnce = new();
    private readonly RingBuffer<(long Order, Outgoing Copy)> _guaranteed = new();
    private readonly InflightWindow _window = new();
    private readonly RingBuffer<(ushort Identifier, long SendableAt)> _pubRels = new();
    private readonly Dictionary<int, long> _taken = [];
    private List<RetainedFeed>? _feeds;
    private Dictionary<(int Partition, long Offset), InFlightIdentifier>? _restoring;
    private long _version;
    private long _durable;
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

    /// <summary>Raised with each change that is to be written down.</summary>
    public long Version => _version;

    /// <summary>The version from which on a packet may go out that waits for it; 0 when none waits.</summary>
    public long AwaitedVersion { get; private set; }

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
        if (isKept)
        {
            if (TryNextPubRel(out delivery))
            {
                return true;
            }

            Stage(quota, now, ref expired);
        }

        if (_window.TryResend(quota, _durable, out delivery))
        {
            return true;
        }

        while (Waiting > 0)
        {
            var open = !isKept && _guaranteed.Count > 0 && !_window.HasResends && _window.OutstandingHere < quota;
            var guaranteedFirst = open && (_atMostOnce.Count == 0 || _guaranteed[0].Order < _atMostOnce[0].Order);
            if (!guaranteedFirst && _atMostOnce.Count == 0)
            {
                return false;
            }

            var (_, copy) = (guaranteedFirst ? _guaranteed : _atMostOnce).RemoveFirst();
            if (copy.Message.IsExpired(now))
            {
                Release(copy);
                expired++;
                continue;
            }

            if (guaranteedFirst)
            {
                delivery = _window.Send(copy);
                return true;
            }

            Release(copy);
            delivery = new Delivery(false, copy, 0, false);
            return true;
        }

        return false;
    }

    /// <inheritdoc cref="InflightWindow.Apply(ushort, InflightInput)"/>
    public InflightState? Apply(ushort identifier, InflightInput input)
    {
        var state = _window.Apply(identifier, input, out var released);
        Release(released);
        if (isKept && state is not null)
        {
            _version++;
            if (state == InflightState.AwaitPubComp)
            {
                // PUBREL says that the message will never come again: that must be known after a crash too.
                _window.Defer(identifier, _version);
                _pubRels.AddLast((identifier, _version));
                AwaitedVersion = _version;
            }
        }

        return state;
    }

    /// <summary>Writes down how far the session has got.</summary>
    /// <returns>The version written.</returns>
    public long Write(RecordWriter writer, ulong incarnation, ulong epoch)
    {
        OutboundProgress.Write(writer, incarnation, epoch, _taken, _window);
        return _version;
    }

    /// <summary>What is written down is not ours any more: it has to be written again.</summary>
    public void Touch() => _version++;

    /// <summary>What was written down up to this version is durable.</summary>
    public void Written(long version) => _durable = Math.Max(_durable, version);

    /// <summary>After a restart: what was written down. The messages follow.</summary>
    public void Restore(OutboundProgress progress)
    {
        foreach (var (partition, offset) in progress.Taken)
        {
            _taken[partition] = offset;
        }

        _restoring = progress.InFlight.Where(i => i.Partition >= 0).ToDictionary(i => (i.Partition, i.Offset));
        foreach (var identifier in progress.InFlight)
        {
            _window.Restore(identifier.Identifier, identifier.State, default);
        }
    }

    /// <summary>A message of the log that is meant for this session. One that the session has done with is passed over.</summary>
    public DropCause FromLog(in Outgoing copy, long now)
    {
        var origin = copy.Message.Origin!;
        if (origin.Offset >= _taken.GetValueOrDefault(origin.Partition))
        {
            return Enqueue(copy, now);
        }

        Restore(copy);
        return DropCause.None;
    }

    /// <summary>After a restart: a message of the log that was meant for this session.</summary>
    /// <returns>False when the session was done with it.</returns>
    public bool Restore(in Outgoing copy)
    {
        var origin = copy.Message.Origin!;
        if (origin.Offset >= _taken.GetValueOrDefault(origin.Partition))
        {
            return Waiting < limits.MaxQueuedMessages && Add(copy) == DropCause.None;
        }

        if (_restoring?.Remove((origin.Partition, origin.Offset), out var identifier) == true
            && identifier.State != InflightState.AwaitPubComp)
        {
            Count(copy);
            _window.Fill(identifier.Identifier, copy);
            return true;
        }

        return false;
    }

    /// <summary>
    /// What another node that has the session has written down: this queue keeps up with it, so that this node can take the session over.
    /// </summary>
    public void Follow(OutboundProgress progress)
    {
        var known = new Dictionary<(int, long), Outgoing>();
        void Keep(in Outgoing copy)
        {
            if (copy.Message.Origin is { } origin && IsOnLog(copy))
            {
                known[(origin.Partition, origin.Offset)] = copy;
            }
            else
            {
                // From the retained store: the other node sends its own.
                Release(copy);
            }
        }

        foreach (var copy in _window.TakeAll())
        {
            Keep(copy);
        }

        foreach (var (partition, offset) in progress.Taken)
        {
            _taken[partition] = offset;
        }

        for (var count = _guaranteed.Count; count > 0; count--)
        {
            var (order, copy) = _guaranteed.RemoveFirst();
            if (copy.Message.Origin is { } origin && IsOnLog(copy) && origin.Offset >= _taken.GetValueOrDefault(origin.Partition))
            {
                _guaranteed.AddLast((order, copy));
            }
            else
            {
                Keep(copy);
            }
        }

        _restoring = [];
        foreach (var identifier in progress.InFlight)
        {
            var place = (identifier.Partition, identifier.Offset);
            var isKnown = known.Remove(place, out var copy);
            _window.Restore(identifier.Identifier, identifier.State, copy);
            if (!isKnown && identifier.Partition >= 0)
            {
                _restoring[place] = identifier;
            }
        }

        foreach (var done in known.Values)
        {
            Release(done);
        }
    }

    /// <summary>After a restart, when the log was read: identifiers whose message is gone are free.</summary>
    public void EndRestore()
    {
        _window.DropEmpty();
        _restoring = null;
    }

    /// <inheritdoc cref="InflightWindow.Abandon"/>
    public void Abandon(ushort identifier)
    {
        Release(_window.Abandon(identifier));
        _version++;
    }

    /// <summary>A new connection took the session: unfinished messages go out again first, with DUP.</summary>
    public void Restart()
    {
        // The window sends their PUBRELs again by itself.
        _pubRels.Clear();
        _window.Restart();
    }

    /// <summary>The connection is gone: QoS 0 messages that were waiting go with it, retained ones too.</summary>
    /// <returns>How many went.</returns>
    public int DropAtMostOnce()
    {
        var dropped = _atMostOnce.Count;
        while (_atMostOnce.Count > 0)
        {
            Release(_atMostOnce.RemoveFirst().Copy);
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

    /// <summary>Drops what waits under a topic. What is in flight goes on: the client may have it already.</summary>
    /// <param name="prefix">Beginning of the topic name, UTF-8.</param>
    /// <returns>How many went.</returns>
    public int DropUnder(ReadOnlySpan<byte> prefix) => DropUnder(_guaranteed, prefix) + DropUnder(_atMostOnce, prefix);

    /// <summary>The session is over: everything it held is given back.</summary>
    public void Clear()
    {
        DropAtMostOnce();
        while (_guaranteed.Count > 0)
        {
            Release(_guaranteed.RemoveFirst().Copy);
        }

        _window.Clear(copy => Release(copy));
        _pubRels.Clear();
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

    private int DropUnder(RingBuffer<(long Order, Outgoing Copy)> queue, ReadOnlySpan<byte> prefix)
    {
        var dropped = 0;
        for (var count = queue.Count; count > 0; count--)
        {
            var (order, copy) = queue.RemoveFirst();
            if (copy.Message.Topic.StartsWith(prefix))
            {
                Release(copy);
                dropped++;
            }
            else
            {
                queue.AddLast((order, copy));
            }
        }

        return dropped;
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
        if (IsOnLog(copy))
        {
            copy.Message.Origin!.Hold();
        }

        (copy.Qos == 0 ? _atMostOnce : _guaranteed).AddLast((_order++, copy));
        return DropCause.None;
    }

    private void Release(in Outgoing copy)
    {
        if (copy.Message is not { } message)
        {
            return;
        }

        _bytes -= message.Size;
        _feedWaits = false;
        limits.Budget?.Release(message);
        if (IsOnLog(copy))
        {
            message.Origin!.Finish();
        }
    }

    private bool IsOnLog(in Outgoing copy) => isKept && copy.Qos > 0 && copy.Message.Origin is not null && !copy.IsRetained;

    /// <summary>A message in flight from before a restart: it was let in then, so it is not asked whether there is room.</summary>
    private void Count(in Outgoing copy)
    {
        _bytes += copy.Message.Size;
        limits.Budget?.Take(copy.Message);
        copy.Message.Origin!.Hold();
    }

    /// <summary>Moves what may go out into the window; QoS 2 waits there until its identifier is durable.</summary>
    private void Stage(int quota, long now, ref int expired)
    {
        while (_guaranteed.Count > 0 && _window.Count < quota)
        {
            var (_, copy) = _guaranteed.RemoveFirst();
            if (IsOnLog(copy))
            {
                var origin = copy.Message.Origin!;
                _taken[origin.Partition] = Math.Max(_taken.GetValueOrDefault(origin.Partition), origin.Offset + 1);
                _version++;
            }

            if (copy.Message.IsExpired(now))
            {
                Release(copy);
                expired++;
                continue;
            }

            var waits = copy.Qos == 2 && IsOnLog(copy);
            _window.Stage(copy, waits ? _version : 0);
            AwaitedVersion = waits ? _version : AwaitedVersion;
        }
    }

    private bool TryNextPubRel(out Delivery delivery)
    {
        while (_pubRels.Count > 0 && _pubRels[0].SendableAt <= _durable)
        {
            var identifier = _pubRels.RemoveFirst().Identifier;
            if (_window.IsReleased(identifier))
            {
                delivery = new Delivery(true, default, identifier, false);
                return true;
            }
        }

        delivery = default;
        return false;
    }

    private void RemoveFeed(int at)
    {
        _feeds!.RemoveAt(at);
        _feeds = _feeds.Count == 0 ? null : _feeds;
    }
}
