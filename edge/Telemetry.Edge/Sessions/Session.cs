using Telemetry.Edge.Messages;
using Telemetry.Edge.Reasons;
using Telemetry.Edge.Timing;
using Telemetry.Edge.Topics;

namespace Telemetry.Edge.Sessions;

/// <summary>
/// State of one client that outlives its connections: subscriptions, outbound messages, QoS 2 identifiers received, will.
/// Its own lock guards it; no lock of another session or of the broker is taken under it.
/// </summary>
internal sealed class Session(string clientId, SessionLimits limits, SessionKeep? keep = null) : WheelEntry, ISubscriber
{
    private readonly Lock _gate = new();
    private ISessionOwner? _owner;
    private Outbox? _outbox;
    private Dictionary<string, Subscription>? _subscriptions;
    private InboundExactlyOnce? _inbound;
    private int _sendQuota;
    private int _logged;
    private SessionState _state;

    public string ClientId { get; } = clientId;

    /// <summary>The identity it belongs to, for ever: <see cref="MqttClientIdentity.Owner"/>.</summary>
    public string Owner { get; init; } = MqttClientIdentity.Anonymous;

    /// <summary>What a session that survives has besides; null for one that ends with its connection or with the process.</summary>
    public SessionKeep? Keep { get; } = keep;

    /// <summary>What runs when <see cref="WheelEntry.DueAt"/> passes; set by the registry.</summary>
    public Action<Session, long>? OnDue { get; set; }

    public SessionState State => _state;

    public bool IsConnected => Volatile.Read(ref _owner) is not null;

    /// <summary>True when a guaranteed message could be written at once. A hint: read without the lock.</summary>
    public bool HasSendQuota =>
        IsConnected && (_outbox is not { } outbox || (!outbox.HasGuaranteedWaiting && outbox.OutstandingHere < _sendQuota));

    /// <summary>The will of the connection, until it was published or cancelled. Guarded by the registry's lock of this client id.</summary>
    public StoredWill? Will { get; set; }

    /// <summary>How long the session lives on without a connection; null for ever. Guarded as <see cref="Will"/>.</summary>
    public TimeSpan? Expiry { get; set; } = TimeSpan.Zero;

    /// <summary>When the waiting will is due and when the session ends, on the broker's clock. Guarded as <see cref="Will"/>.</summary>
    public long WillDueAt { get; set; } = long.MaxValue;

    public long EndsAt { get; set; } = long.MaxValue;

    /// <summary>QoS 2 identifiers received.</summary>
    public InboundExactlyOnce Inbound => LazyInitializer.EnsureInitialized(ref _inbound);

    /// <summary>True while publishes of this client are on their way through the log: later ones must not overtake them.</summary>
    public bool HasLogged => Volatile.Read(ref _logged) > 0;

    public int SubscriptionCount => _subscriptions?.Count ?? 0;

    public int Waiting
    {
        get
        {
            lock (_gate)
            {
                return _outbox?.Waiting ?? 0;
            }
        }
    }

    /// <summary>Bytes of messages waiting and in flight.</summary>
    public long QueuedBytes
    {
        get
        {
            lock (_gate)
            {
                return _outbox?.Bytes ?? 0;
            }
        }
    }

    /// <summary>True when retained messages are owed and could be fetched now: the writer comes back for them.</summary>
    public bool WantsFeeding => _outbox is { CanFeed: true };

    public void CountLogged(int change) => Interlocked.Add(ref _logged, change);

    public override void Due(long now) => OnDue?.Invoke(this, now);

    /// <summary>The connection takes the session. Nothing is written before it asks with <see cref="TryNext"/>.</summary>
    /// <returns>The connection that had it, if any.</returns>
    public ISessionOwner? Attach(ISessionOwner connection, int receiveMaximum)
    {
        lock (_gate)
        {
            Move(SessionInput.Attach);
            var previous = _owner;
            Volatile.Write(ref _owner, connection);
            _sendQuota = Math.Min(receiveMaximum, limits.MaxInFlight);
            _outbox?.Restart();
            return previous;
        }
    }

    /// <summary>The connection lets go of the session.</summary>
    /// <returns>False when it did not have it any more.</returns>
    public bool TryDetach(ISessionOwner connection, out int droppedAtMostOnce)
    {
        lock (_gate)
        {
            droppedAtMostOnce = 0;
            if (!ReferenceEquals(_owner, connection))
            {
                return false;
            }

            Volatile.Write(ref _owner, null);
            Move(SessionInput.Detach);
            droppedAtMostOnce = _outbox?.DropAtMostOnce() ?? 0;
            return true;
        }
    }

    /// <summary>The session is over.</summary>
    /// <returns>Its subscriptions, to be taken out of the tree.</returns>
    public Subscription[] End(out ISessionOwner? owner)
    {
        lock (_gate)
        {
            Move(SessionInput.End);
            owner = _owner;
            Volatile.Write(ref _owner, null);
            _outbox?.Clear();
            _outbox = null;
            var subscriptions = _subscriptions?.Values.ToArray() ?? [];
            _subscriptions = null;
            _inbound?.Clear();
            return subscriptions;
        }
    }

    /// <summary>Offers a copy of a message.</summary>
    public EnqueueResult Enqueue(in Outgoing copy, long now)
    {
        lock (_gate)
        {
            if (_owner is null && (copy.Qos == 0 || _state == SessionState.Ended))
            {
                return new EnqueueResult(DropCause.NotConnected, null);
            }

            _outbox ??= new Outbox(limits, Keep is not null);
            return new EnqueueResult(_outbox.Enqueue(copy, now), _owner);
        }
    }

    /// <summary>Retained messages are owed to a new subscription; they go out as the queue drains.</summary>
    public ISessionOwner? AddFeed(RetainedFeed feed)
    {
        lock (_gate)
        {
            if (_state != SessionState.Ended)
            {
                (_outbox ??= new Outbox(limits, Keep is not null)).AddFeed(feed);
            }

            return _owner;
        }
    }

    /// <summary>The next packet for the connection, when it still has the session.</summary>
    public bool TryNext(ISessionOwner connection, long now, ref int expired, out Delivery delivery)
    {
        delivery = default;
        if (_outbox is null)
        {
            return false;
        }

        bool found;
        ProgressNeed need;
        lock (_gate)
        {
            if (!ReferenceEquals(_owner, connection) || _outbox is null)
            {
                return false;
            }

            if (_outbox.CanFeed && !_outbox.Feed(now))
            {
                limits.Budget!.WhenRoom(FeedAgain);
            }

            found = _outbox.TryNext(_sendQuota, now, ref expired, out delivery);
            need = Keep?.NeedOf(_outbox) ?? ProgressNeed.None;
        }

        Tell(need);
        return found;
    }

    /// <inheritdoc cref="InflightWindow.Apply(ushort, InflightInput)"/>
    public InflightState? Apply(ISessionOwner connection, ushort identifier, InflightInput input)
    {
        InflightState? state;
        ProgressNeed need;
        lock (_gate)
        {
            if (!ReferenceEquals(_owner, connection) || _outbox is null)
            {
                return null;
            }

            state = _outbox.Apply(identifier, input);
            need = Keep?.NeedOf(_outbox) ?? ProgressNeed.None;
        }

        Tell(need);
        return state;
    }

    /// <summary>Writes down how far the session has got, unless that is being done or nothing has changed.</summary>
    /// <param name="writer">Output.</param>
    /// <param name="version">To be told to <see cref="ProgressWritten"/>.</param>
    /// <returns>False when there is nothing to write now.</returns>
    public bool TryWriteProgress(RecordWriter writer, out long version)
    {
        lock (_gate)
        {
            version = 0;
            if (_outbox is null || !Keep!.TryBegin(_outbox.Version))
            {
                return false;
            }

            version = _outbox.Write(writer, Keep.Incarnation, Keep.Epoch);
            return true;
        }
    }

    /// <summary>What was written down is durable, or the log did not take it.</summary>
    public void ProgressWritten(long version, bool isDurable)
    {
        ISessionOwner? owner;
        ProgressNeed need;
        lock (_gate)
        {
            Keep!.Ended(isDurable ? version : 0);
            if (_outbox is null)
            {
                return;
            }

            if (isDurable)
            {
                _outbox.Written(version);
            }

            owner = _owner;
            need = Keep.NeedOf(_outbox);
        }

        // A failed append is tried again by the timer, not here: the log is in trouble already.
        Tell(isDurable ? need : need == ProgressNeed.None ? need : ProgressNeed.Soon);
        owner?.Wake();
    }

    /// <summary>After a restart: how far the session had got.</summary>
    public void Restore(OutboundProgress progress)
    {
        lock (_gate)
        {
            (_outbox ??= new Outbox(limits, isKept: true)).Restore(progress);
        }
    }

    /// <summary>After a restart: a message of the log for this session.</summary>
    public bool Restore(in Outgoing copy)
    {
        lock (_gate)
        {
            return (_outbox ??= new Outbox(limits, isKept: true)).Restore(copy);
        }
    }

    /// <summary>Another node has the session, and has written down how far it has got.</summary>
    public void Follow(OutboundProgress progress)
    {
        lock (_gate)
        {
            (_outbox ??= new Outbox(limits, isKept: true)).Follow(progress);
        }
    }

    /// <summary>Another node's progress lies over ours on the log: ours is written again.</summary>
    public void TouchProgress()
    {
        ProgressNeed need;
        lock (_gate)
        {
            if (_outbox is null)
            {
                return;
            }

            _outbox.Touch();
            need = Keep!.NeedOf(_outbox);
        }

        Tell(need);
    }

    /// <summary>Another node has claimed the session.</summary>
    /// <returns>The connection that had it here.</returns>
    public ISessionOwner? LetGo()
    {
        lock (_gate)
        {
            var owner = _owner;
            if (owner is not null)
            {
                Volatile.Write(ref _owner, null);
                Move(SessionInput.Detach);
                _outbox?.DropAtMostOnce();
            }

            return owner;
        }
    }

    /// <summary>A message that the log has for this session, whether this node has the session or keeps up with it.</summary>
    public EnqueueResult FromLog(in Outgoing copy, long now)
    {
        lock (_gate)
        {
            return _state == SessionState.Ended
                ? new EnqueueResult(DropCause.NotConnected, null)
                : new EnqueueResult((_outbox ??= new Outbox(limits, isKept: true)).FromLog(copy, now), _owner);
        }
    }

    /// <inheritdoc cref="Outbox.DropUnder(ReadOnlySpan{byte})"/>
    public int DropUnder(ReadOnlySpan<byte> prefix)
    {
        lock (_gate)
        {
            return _outbox?.DropUnder(prefix) ?? 0;
        }
    }

    /// <summary>The subscription with exactly this filter.</summary>
    public Subscription? Find(string filter)
    {
        lock (_gate)
        {
            return _subscriptions?.GetValueOrDefault(filter);
        }
    }

    /// <summary>After a restart: the log was read.</summary>
    public void EndRestore()
    {
        lock (_gate)
        {
            _outbox?.EndRestore();
        }
    }

    /// <summary>Its subscriptions now.</summary>
    public Subscription[] Subscriptions()
    {
        lock (_gate)
        {
            return _subscriptions?.Values.ToArray() ?? [];
        }
    }

    /// <inheritdoc cref="InflightWindow.Abandon"/>
    public void Abandon(ushort identifier)
    {
        lock (_gate)
        {
            _outbox?.Abandon(identifier);
        }
    }

    /// <summary>Notes a subscription, so that it can be taken out of the tree with the session.</summary>
    /// <returns>False when the session is over and has nothing to subscribe with.</returns>
    public bool TryRemember(string filter, Subscription subscription, out bool existed)
    {
        lock (_gate)
        {
            existed = _subscriptions?.ContainsKey(filter) ?? false;
            if (_state == SessionState.Ended)
            {
                return false;
            }

            (_subscriptions ??= [])[filter] = subscription;
            return true;
        }
    }

    public bool IsSubscribed(string filter)
    {
        lock (_gate)
        {
            return _subscriptions?.ContainsKey(filter) ?? false;
        }
    }

    public bool Forget(string filter)
    {
        lock (_gate)
        {
            if (_subscriptions is null || !_subscriptions.Remove(filter, out var subscription))
            {
                return false;
            }

            _outbox?.CancelFeed(subscription.Filter);
            return true;
        }
    }

    private void Tell(ProgressNeed need)
    {
        if (need != ProgressNeed.None)
        {
            Keep!.Store.ProgressChanged(this, need == ProgressNeed.Now);
        }
    }

    private void FeedAgain()
    {
        ISessionOwner? owner;
        lock (_gate)
        {
            _outbox?.FeedAgain();
            owner = _owner;
        }

        owner?.Wake();
    }

    private void Move(SessionInput input) => _state = SessionTransitions.Next(_state, input)
        ?? throw new InvalidOperationException($"A session that is {_state} cannot {input}.");
}
