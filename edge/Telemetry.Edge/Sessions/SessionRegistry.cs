using System.Collections.Concurrent;
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
    private readonly Action<StoredWill> _publishWill;

    /// <param name="options">Limits.</param>
    /// <param name="budget">What the queues of all sessions may hold together.</param>
    /// <param name="wheel">For will delay and expiry.</param>
    /// <param name="tree">Where the subscriptions of an ended session are taken out.</param>
    /// <param name="publishWill">Called under no session's lock.</param>
    public SessionRegistry(EdgeOptions options, QueueBudget budget, TimerWheel wheel, SubscriptionTree tree, Action<StoredWill> publishWill)
    {
        _options = options;
        _limits = new SessionLimits(options.MaxQueuedMessages, options.MaxQueuedBytes, options.MaxInFlight, budget);
        _wheel = wheel;
        _tree = tree;
        _publishWill = publishWill;
    }

    public int Count => _sessions.Count;

    public bool TryGet(string clientId, out Session? session) => _sessions.TryGetValue(clientId, out session);

    /// <summary>Gives a connection its session: the one kept for it, or a new one; another connection that has it is closed.</summary>
    /// <returns>Null when there is none for it; <paramref name="refusal"/> says why.</returns>
    public SessionGrant? Connect(ISessionOwner connection, in SessionRequest request, out SessionRefusal refusal)
    {
        refusal = SessionRefusal.None;
        StoredWill? will = null;
        ISessionOwner? previous = null;
        SessionGrant? grant = null;
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
                will = EndLocked(existing, out previous);
            }

            if (resume || _sessions.Count < _options.MaxSessions)
            {
                grant = new SessionGrant(resume ? existing! : Create(request.ClientId, request.Owner), resume);
                var session = grant.Value.Session;
                _wheel.Cancel(session);
                var takenFrom = session.Attach(connection, request.ReceiveMaximum);
                previous ??= takenFrom;
                // A will without delay was due when its connection was cut; a delayed one is cancelled. [MQTT-3.1.3-9]
                will ??= resume && previous is not null && session.Will is { DelaySeconds: 0 } left ? left : null;
                session.Will = request.Will;
                session.WillDueAt = long.MaxValue;
                session.EndsAt = long.MaxValue;
                session.Expiry = request.Expiry;
            }
            else
            {
                refusal = SessionRefusal.NoRoom;
            }
        }

        previous?.RequestClose(CloseReason.TakenOver);
        if (will is not null)
        {
            _publishWill(will);
        }

        return grant;
    }

    /// <summary>The connection is gone. Does nothing when the session was taken over.</summary>
    /// <param name="session">Its session.</param>
    /// <param name="connection">The connection.</param>
    /// <param name="discardWill">It said goodbye properly.</param>
    /// <param name="expiry">Expiry that DISCONNECT asked for, in place of the one of CONNECT.</param>
    /// <param name="droppedAtMostOnce">QoS 0 messages that were waiting for it.</param>
    public void Disconnect(Session session, ISessionOwner connection, bool discardWill, TimeSpan? expiry, out int droppedAtMostOnce)
    {
        StoredWill? due;
        lock (StripeOf(session.ClientId))
        {
            if (!session.TryDetach(connection, out droppedAtMostOnce))
            {
                return;
            }

            session.Will = discardWill ? null : session.Will;
            session.Expiry = expiry ?? session.Expiry;

            due = session.Expiry == TimeSpan.Zero ? EndLocked(session, out _) : KeepLocked(session);
        }

        if (due is not null)
        {
            _publishWill(due);
        }
    }

    private StoredWill? KeepLocked(Session session)
    {
        var now = _wheel.Now;
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
        lock (StripeOf(session.ClientId))
        {
            if (session.State != SessionState.Offline)
            {
                return;
            }

            if (session.EndsAt <= now)
            {
                due = EndLocked(session, out _);
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

        if (due is not null)
        {
            _publishWill(due);
        }
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
    private StoredWill? EndLocked(Session session, out ISessionOwner? owner)
    {
        _wheel.Cancel(session);
        foreach (var subscription in session.End(out owner))
        {
            _tree.Remove(subscription.Filter, session);
        }

        _sessions.TryRemove(KeyValuePair.Create(session.ClientId, session));
        var will = session.Will;
        session.Will = null;
        return will;
    }

    /// <summary>
    /// Nobody proved to own an anonymous session, so an identity that was proved may have its client id, never its content.
    /// </summary>
    private bool MayReplace(Session existing) =>
        _options.SessionOfAnotherIdentity == ForeignSession.Fresh || existing.Owner == MqttClientIdentity.Anonymous;

    private Session Create(string clientId, string owner)
    {
        var session = new Session(clientId, _limits) { OnDue = OnDue, Owner = owner };
        _sessions[clientId] = session;
        return session;
    }

    private Lock StripeOf(string clientId) =>
        _stripes[(int)((uint)string.GetHashCode(clientId, StringComparison.Ordinal) % Stripes)];
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
internal readonly record struct SessionGrant(Session Session, bool Present);
