using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using Telemetry.Edge.Messages;
using Telemetry.Edge.Reasons;
using Telemetry.Edge.Timing;
using Telemetry.Edge.Topics;

namespace Telemetry.Edge.Sessions;

/// <summary>
/// All sessions by client identifier. Connecting, disconnecting and expiring one client are serial, under one of 64 locks
/// chosen by its identifier; different clients do not wait for each other.
/// </summary>
internal sealed class SessionRegistry
{
    private const int Stripes = 64;

    private readonly ConcurrentDictionary<string, Session> _sessions = new(StringComparer.Ordinal);
    private readonly Lock[] _stripes = [.. Enumerable.Range(0, Stripes).Select(_ => new Lock())];
    private readonly EdgeOptions _options;
    private readonly SessionLimits _limits;
    private readonly TimerWheel _wheel;
    private readonly SubscriptionTree _tree;
    private readonly Action<StoredWill, Action?> _publishWill;
    private readonly ISessionStore? _store;

    /// <summary>One for all sessions.</summary>
    private readonly Action<Session, long> _onDue;

    /// <param name="options">Limits.</param>
    /// <param name="budget">What the queues of all sessions may hold together.</param>
    /// <param name="wheel">For will delay and expiry.</param>
    /// <param name="tree">Where the subscriptions of an ended session are taken out.</param>
    /// <param name="publishWill">Called under no session's lock; calls back when the will is as safe as it can be.</param>
    /// <param name="store">Where sessions that outlive their connections are kept; null: in memory only.</param>
    public SessionRegistry(
        EdgeOptions options,
        QueueBudget budget,
        TimerWheel wheel,
        SubscriptionTree tree,
        Action<StoredWill, Action?> publishWill,
        ISessionStore? store = null)
    {
        _store = store;
        _options = options;
        _limits = new SessionLimits(options.MaxQueuedMessages, options.MaxQueuedBytes, options.MaxInFlight, budget);
        _wheel = wheel;
        _tree = tree;
        _publishWill = publishWill;
        _onDue = OnDue;
    }

    public int Count => _sessions.Count;

    /// <summary>Where several nodes keep up with the sessions; null where one node has the log alone.</summary>
    public ISharedSessions? Shared { get; set; }

    /// <summary>All sessions, as they are at some moment.</summary>
    public IEnumerable<Session> All => _sessions.Values;

    /// <summary>Messages in the queues of all sessions. Looks at each.</summary>
    public long CountWaiting()
    {
        var waiting = 0L;
        foreach (var (_, session) in _sessions)
        {
            waiting += session.Waiting;
        }

        return waiting;
    }

    /// <summary>Drops what waits in any session under a topic.</summary>
    /// <param name="prefix">Beginning of the topic name, UTF-8.</param>
    public void DropUnder(ReadOnlySpan<byte> prefix)
    {
        foreach (var session in _sessions.Values)
        {
            session.DropUnder(prefix);
        }
    }

    public bool TryGet(string clientId, out Session? session) => _sessions.TryGetValue(clientId, out session);

    /// <summary>False when the client id has a session of another identity that may not be replaced.</summary>
    public bool MayHave(in SessionRequest request) =>
        !_sessions.TryGetValue(request.ClientId, out var existing) || existing.Owner == request.Owner || MayReplace(existing);

    /// <summary>Gives a connection its session: the one kept for it, or a new one; another connection that has it is closed.</summary>
    /// <returns>Null when there is none for it; <paramref name="refusal"/> says why.</returns>
    public SessionGrant? Connect(ISessionOwner connection, in SessionRequest request, out SessionRefusal refusal)
    {
        refusal = SessionRefusal.None;
        StoredWill? will = null;
        ISessionOwner? previous = null;
        SessionGrant? grant = null;
        Ending? ending = null;
        lock (StripeOf(request.ClientId))
        {
            _sessions.TryGetValue(request.ClientId, out var existing);
            var mine = existing is null || existing.Owner == request.Owner;
            if (!mine && !MayReplace(existing!))
            {
                refusal = SessionRefusal.OfAnotherIdentity;
                return null;
            }

            var resume = existing is not null && mine && !request.CleanStart && existing.Expiry != TimeSpan.Zero;
            if (existing is not null && !resume)
            {
                ending = EndLocked(existing, out previous);
                will = ending.Value.Will;
            }

            if (resume || _sessions.Count < _options.MaxSessions)
            {
                var session = resume ? existing! : Create(request.ClientId, request.Owner, request.Expiry != TimeSpan.Zero);
                _wheel.Cancel(session);
                var takenFrom = session.Attach(connection, request.ReceiveMaximum);
                previous ??= takenFrom;
                // A will without delay was due when its connection was cut; a delayed one is cancelled. [MQTT-3.1.3-9]
                will ??= resume && previous is not null && session.Will is { DelaySeconds: 0 } left ? left : null;
                session.Will = request.Will;
                session.WillDueAt = long.MaxValue;
                session.EndsAt = long.MaxValue;
                session.Expiry = request.Expiry;
                grant = new SessionGrant(session, resume, SaveConnected(session));
            }
            else
            {
                refusal = SessionRefusal.NoRoom;
            }
        }

        previous?.RequestClose(CloseReason.TakenOver);
        if (will is not null)
        {
            _publishWill(will, ending is { } ended ? () => Finish(ended) : null);
        }
        else if (ending is { } ended)
        {
            Finish(ended);
        }

        return grant;
    }

    /// <summary>The connection is gone. Does nothing when the session was taken over.</summary>
    /// <param name="session">Its session.</param>
    /// <param name="connection">The connection.</param>
    /// <param name="discardWill">It said goodbye properly.</param>
    /// <param name="expiry">Expiry that DISCONNECT asked for, in place of the one of CONNECT.</param>
    /// <param name="droppedAtMostOnce">QoS 0 messages that were waiting for it.</param>
    /// <param name="nowMs">The time of day, in milliseconds since 1970.</param>
    public void Disconnect(Session session, ISessionOwner connection, bool discardWill, TimeSpan? expiry, out int droppedAtMostOnce, long nowMs = 0)
    {
        StoredWill? due = null;
        Ending? ending = null;
        lock (StripeOf(session.ClientId))
        {
            if (!session.TryDetach(connection, out droppedAtMostOnce))
            {
                return;
            }

            session.Will = discardWill ? null : session.Will;
            session.Expiry = expiry ?? session.Expiry;
            if (session.Expiry == TimeSpan.Zero && (Shared is null || session.Keep is null))
            {
                ending = EndLocked(session, out _);
            }
            else
            {
                due = KeepLocked(session, nowMs);
            }
        }

        Publish(session, due, ending);
    }

    /// <summary>After a restart, before clients are let in: a session that the log holds.</summary>
    public Session Restore(string clientId, SessionRecord record)
    {
        var keep = new SessionKeep(_store!, record.Incarnation)
        {
            DisconnectedAtMs = record.DisconnectedAtMs,
            Epoch = record.Epoch,
            Node = record.Node,
        };
        var session = new Session(clientId, _limits, keep)
        {
            OnDue = _onDue,
            Owner = record.Owner,
            Expiry = record.ExpirySeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
            Will = record.Will,
        };
        _sessions[clientId] = session;
        return session;
    }

    /// <summary>
    /// After a restart, when everything was read: a session that was connected has lost its connection now; life and will delay of the
    /// others run from when they lost theirs.
    /// </summary>
    public void EndRestore(long nowMs)
    {
        foreach (var session in _sessions.Values)
        {
            session.EndRestore();
            var since = session.Keep!.DisconnectedAtMs;
            StoredWill? due;
            lock (StripeOf(session.ClientId))
            {
                // A clock that was put back must not lengthen a life.
                due = KeepLocked(session, nowMs, since == 0 ? 0 : Math.Max(0, nowMs - since));
            }

            Publish(session, due, null);
        }
    }

    /// <summary>Makes a subscription.</summary>
    /// <returns>False when the session is over.</returns>
    public bool Subscribe(string filter, Subscription subscription, out bool existed)
    {
        var session = (Session)subscription.Subscriber;
        if (!session.TryRemember(filter, subscription, out existed))
        {
            return false;
        }

        _tree.Add(subscription);
        if (session.State == SessionState.Ended)
        {
            // It ended between the two steps, and whoever ended it looked before ours was in the tree.
            _tree.Remove(subscription.Filter, session);
        }

        return true;
    }

    /// <summary>Publishes what is due, and takes the records of a session away that has ended.</summary>
    internal void Publish(Session session, StoredWill? due, in Ending? ending)
    {
        if (ending is { } ended)
        {
            if (ended.Will is { } last)
            {
                _publishWill(last, () => Finish(ended));
                return;
            }

            Finish(ended);
        }
        else if (due is not null)
        {
            _publishWill(due, session.Keep is null ? null : () => SaveAgain(session));
        }
    }

    private Task? SaveConnected(Session session)
    {
        if (session.Keep is not { } keep)
        {
            return null;
        }

        keep.DisconnectedAtMs = 0;
        return _store!.SaveAsync(session);
    }

    /// <summary>The will has been published: the record need not hold it any more.</summary>
    private void SaveAgain(Session session)
    {
        lock (StripeOf(session.ClientId))
        {
            if (session.State != SessionState.Ended)
            {
                _store!.SaveAsync(session);
            }
        }
    }

    /// <summary>The session's will, if it had one, is safe: its records go.</summary>
    private void Finish(in Ending ending)
    {
        var session = ending.Session;
        if (session.Keep is null)
        {
            return;
        }

        lock (StripeOf(session.ClientId))
        {
            _sessions.TryGetValue(session.ClientId, out var successor);
            _store!.Remove(session, ending.Filters, successor);
        }
    }

    /// <summary>The session has no connection any more; will and end are scheduled.</summary>
    /// <returns>The will, when it is due at once.</returns>
    internal StoredWill? KeepLocked(Session session, long nowMs, long goneForMs = 0)
    {
        var now = _wheel.Now - goneForMs;
        if (session.Keep is { } keep && (keep.DisconnectedAtMs == 0 || goneForMs == 0))
        {
            keep.DisconnectedAtMs = nowMs;

            // Still with its will: only when that has been published is it taken out.
            _store!.SaveAsync(session);
        }

        session.EndsAt = session.Expiry is { } expiry ? now + (long)expiry.TotalMilliseconds : long.MaxValue;
        StoredWill? due = null;
        if (session.Will is { DelaySeconds: 0 } will)
        {
            due = will;
            session.Will = null;
        }
        else if (session.Will is { } delayed)
        {
            session.WillDueAt = now + (delayed.DelaySeconds * 1000L);
        }

        Schedule(session);
        return due;
    }

    private void OnDue(Session session, long now)
    {
        StoredWill? due = null;
        Ending? ending = null;
        lock (StripeOf(session.ClientId))
        {
            if (session.State != SessionState.Offline || session.Keep is { IsHere: false })
            {
                return;
            }

            if (session.EndsAt <= now && Shared is not null && session.Keep is not null)
            {
                Shared.RequestEnd(session);
            }
            else if (session.EndsAt <= now)
            {
                ending = EndLocked(session, out _);
            }
            else
            {
                if (session.WillDueAt <= now)
                {
                    due = session.Will;
                    session.Will = null;
                    session.WillDueAt = long.MaxValue;
                }

                Schedule(session);
            }
        }

        Publish(session, due, ending);
    }

    private void Schedule(Session session)
    {
        var next = Math.Min(session.EndsAt, session.WillDueAt);
        if (next != long.MaxValue)
        {
            _wheel.Schedule(session, next);
        }
    }

    /// <summary>Ends the session; its will, delayed or not, is due now.</summary>
    internal Ending EndLocked(Session session, out ISessionOwner? owner)
    {
        _wheel.Cancel(session);
        var subscriptions = session.End(out owner);
        foreach (var subscription in subscriptions)
        {
            _tree.Remove(subscription.Filter, session);
        }

        _sessions.TryRemove(KeyValuePair.Create(session.ClientId, session));
        var will = session.Will;
        session.Will = null;
        return new Ending(session, will, session.Keep is null ? [] : [.. subscriptions.Select(s => s.Filter)]);
    }

    /// <summary>
    /// Nobody proved to own an anonymous session, so an identity that was proved may have its client id, never its content.
    /// </summary>
    private bool MayReplace(Session existing) =>
        _options.SessionOfAnotherIdentity == ForeignSession.Fresh || existing.Owner == MqttClientIdentity.Anonymous;

    private Session Create(string clientId, string owner, bool outlivesConnection)
    {
        var keep = _store is not null && outlivesConnection
            ? new SessionKeep(_store, BinaryPrimitives.ReadUInt64LittleEndian(RandomNumberGenerator.GetBytes(sizeof(ulong))))
            : null;
        var session = new Session(clientId, _limits, keep) { OnDue = _onDue, Owner = owner };
        _sessions[clientId] = session;
        return session;
    }

    /// <summary>Nothing is due for a session that another node has.</summary>
    internal void Unschedule(Session session) => _wheel.Cancel(session);

    /// <summary>Takes a subscription out.</summary>
    internal void Unsubscribe(Session session, string filter, ReadOnlySpan<byte> utf8)
    {
        if (session.Forget(filter))
        {
            _tree.Remove(utf8, session);
        }
    }

    /// <summary>Orders what happens to one client id.</summary>
    internal Lock LockOf(string clientId) => StripeOf(clientId);

    private Lock StripeOf(string clientId) =>
        _stripes[(int)((uint)string.GetHashCode(clientId, StringComparison.Ordinal) % Stripes)];

    /// <summary>A session that is over: its will goes out, then its records go.</summary>
    internal readonly record struct Ending(Session Session, StoredWill? Will, byte[][] Filters);
}

/// <summary>What CONNECT asks of its session.</summary>
/// <param name="ClientId">Client identifier, assigned if need be.</param>
/// <param name="CleanStart">Forget what is kept.</param>
/// <param name="Expiry">Life after the connection; null for ever.</param>
/// <param name="ReceiveMaximum">Of the client.</param>
/// <param name="Will">To publish when the connection ends.</param>
/// <param name="Owner">Who asks: <see cref="MqttClientIdentity.Owner"/>.</param>
internal readonly record struct SessionRequest(
    string ClientId, bool CleanStart, TimeSpan? Expiry, int ReceiveMaximum, StoredWill? Will, string Owner);

/// <summary>Why a connection gets no session.</summary>
internal enum SessionRefusal
{
    None,

    /// <summary>There are as many sessions as there may be.</summary>
    NoRoom,

    /// <summary>Its client id has a session that belongs to somebody else.</summary>
    OfAnotherIdentity,
}

/// <summary>The session of a new connection.</summary>
/// <param name="Session">It.</param>
/// <param name="Present">It was there before.</param>
/// <param name="Stored">Completes when the session would survive; null when it need not.</param>
internal readonly record struct SessionGrant(Session Session, bool Present, Task? Stored);
