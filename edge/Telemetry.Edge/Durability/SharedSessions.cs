using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using Telemetry.Edge.Messages;
using Telemetry.Edge.Reasons;
using Telemetry.Edge.Sessions;
using Telemetry.Edge.Topics;

namespace Telemetry.Edge.Durability;

/// <summary>
/// Sessions of a log that several nodes share. Every node keeps up with all of them. Who has a session is decided by the order of the
/// log: a claim is a record with the next epoch, and of two claims of one epoch the first counts. A node that reads another's claim lets
/// go of its connection. What a node writes without having the session is ignored, and written over by the one that has it.
/// </summary>
internal sealed class SharedSessions(SessionRegistry registry, SessionStore store, IBrokerLog log, WallClock clock) : ISharedSessions
{
    /// <summary>A node that said nothing for so long is gone: its sessions are taken over, so that they end and their wills go out.</summary>
    private const long SilenceMs = 20_000;

    private const long HeartbeatMs = 4_000;

    private readonly ConcurrentDictionary<ulong, TaskCompletionSource<bool>> _claims = new();
    private readonly ConcurrentDictionary<string, long> _heard = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, byte> _ending = new(StringComparer.Ordinal);
    private long _heartbeatAt;

    /// <summary>True for a client whose session survives, or did so far. Others are on one node, and no record says so.</summary>
    public bool NeedsClaim(in SessionRequest request) =>
        request.Expiry != TimeSpan.Zero || (registry.TryGet(request.ClientId, out var session) && session!.Keep is not null);

    /// <summary>Claims the session of a client, or makes one; completes when the log says that this node has it and all that belongs to it was read.</summary>
    /// <exception cref="BrokerLogException">The log did not take the claim.</exception>
    public async Task<SessionClaim> ClaimAsync(SessionRequest request, CancellationToken cancellationToken)
    {
        while (true)
        {
            bool isResumed;
            ulong epoch;
            Task<bool> answer;
            lock (registry.LockOf(request.ClientId))
            {
                registry.TryGet(request.ClientId, out var existing);
                isResumed = existing?.Keep is not null && existing.Owner == request.Owner && !request.CleanStart && existing.Expiry != TimeSpan.Zero;
                epoch = (existing?.Keep?.Epoch ?? 0) + 1;
                answer = Append(request.ClientId, new SessionRecord(
                    isResumed ? existing!.Keep!.Incarnation : Random(), request.Owner, Seconds(request.Expiry), 0, request.Will) { Epoch = epoch });
            }

            // Refused: another claim came first in the log. This connection is the newer one, so it goes above it.
            if (await answer.WaitAsync(cancellationToken))
            {
                await log.CatchUpAsync(BrokerTopic.Messages, cancellationToken);
                if (registry.TryGet(request.ClientId, out var session) && session!.Keep is { } keep)
                {
                    // What was in flight elsewhere and is not on the log any more is done with.
                    session.EndRestore();
                    lock (keep.Taken)
                    {
                        session.Inbound.Reset(keep.Taken);
                    }
                }

                return new SessionClaim(isResumed, epoch);
            }
        }
    }

    /// <inheritdoc/>
    public void RequestEnd(Session session)
    {
        if (!_ending.TryAdd(session.ClientId, 0))
        {
            return;
        }

        var keep = session.Keep!;
        _ = Append(session.ClientId, new SessionRecord(keep.Incarnation, session.Owner, 0, keep.DisconnectedAtMs, null) { Epoch = keep.Epoch + 1, IsEnd = true });
    }

    /// <summary>A record of a session was read.</summary>
    public void Apply(string client, ReadOnlySpan<byte> value)
    {
        if (value.IsEmpty)
        {
            ApplyTombstone(client);
            return;
        }

        var record = SessionRecord.Read(value);
        var isMine = _claims.TryRemove(record.Claim, out var waiting);
        var accepted = false;
        ISessionOwner? previous = null;
        StoredWill? will = null;
        SessionRegistry.Ending? ending = null;
        Session? session;
        lock (registry.LockOf(client))
        {
            registry.TryGet(client, out session);
            var known = session?.Keep?.Epoch ?? 0;
            if (record.Claim == 0)
            {
                session = ApplyUpdate(client, session, record);
            }
            else if (record.Epoch > known)
            {
                accepted = true;
                previous = record.IsEnd ? End(session, record, isMine, out ending) : Take(client, ref session, record, isMine, out will, out ending);
            }
            else if (session!.Keep!.IsHere && !isMine)
            {
                store.SaveAsync(session);
            }
        }

        if (isMine && record.IsEnd)
        {
            _ending.TryRemove(client, out _);
        }

        previous?.RequestClose(CloseReason.TakenOver);
        if (session is not null && (will is not null || ending is not null))
        {
            registry.Publish(ending?.Session ?? session, will, ending);
        }

        waiting?.TrySetResult(accepted);
    }

    /// <summary>A subscription was read.</summary>
    public void ApplySubscription(string client, ReadOnlySpan<byte> filter, ReadOnlySpan<byte> value)
    {
        var text = System.Text.Encoding.UTF8.GetString(filter);
        lock (registry.LockOf(client))
        {
            if (!registry.TryGet(client, out var session) || session!.Keep is not { } keep)
            {
                return;
            }

            if (keep.IsHere)
            {
                if (value.IsEmpty && session.Find(text) is { } lost)
                {
                    // Another node took it away when it did not have the session any more.
                    store.SaveAsync(session, lost);
                }

                return;
            }

            if (value.IsEmpty)
            {
                registry.Unsubscribe(session, text, filter);
            }
            else if (SubscriptionRecord.Read(value) is var record && record.Incarnation == keep.Incarnation)
            {
                registry.Subscribe(
                    text,
                    new Subscription(session, filter.ToArray(), record.Qos, record.NoLocal, record.RetainAsPublished, record.Identifier),
                    out _);
            }
        }
    }

    /// <summary>Progress of a session was read.</summary>
    public void ApplyProgress(string client, ReadOnlySpan<byte> value)
    {
        lock (registry.LockOf(client))
        {
            if (value.IsEmpty || !registry.TryGet(client, out var session) || session!.Keep is not { } keep)
            {
                return;
            }

            var progress = OutboundProgress.Read(value, keep.Incarnation);
            if (keep.IsHere)
            {
                if (progress is null || progress.Epoch != keep.Epoch)
                {
                    session.TouchProgress();
                }
            }
            else if (progress is not null && progress.Epoch == keep.Epoch)
            {
                session.Follow(progress);
            }
        }
    }

    /// <summary>A node said that it lives, or that it leaves.</summary>
    public void ApplyNode(string node, bool lives)
    {
        if (lives)
        {
            _heard[node] = clock.NowMs;
        }
        else
        {
            _heard.TryRemove(node, out _);
        }
    }

    /// <summary>Other nodes that live, as far as they have said so.</summary>
    public int Others
    {
        get
        {
            var now = clock.NowMs;
            return _heard.Count(n => n.Key.Length > 0 && n.Key != log.Node && now - n.Value < SilenceMs);
        }
    }

    /// <summary>After the start: other nodes have until now to be heard of.</summary>
    public void Started()
    {
        var now = clock.NowMs;
        foreach (var node in registry.All.Select(s => s.Keep?.Node ?? ""))
        {
            if (node != log.Node)
            {
                _heard.TryAdd(node, now);
            }
        }

        Heartbeat(now);
    }

    /// <summary>Says that this node lives, and takes over what silent nodes had. Called by the broker's timer.</summary>
    public void Tick()
    {
        var now = clock.NowMs;
        if (now - _heartbeatAt < HeartbeatMs)
        {
            return;
        }

        Heartbeat(now);
        _heard[log.Node] = now;
        var first = _heard.Where(n => now - n.Value < SilenceMs).Min(n => n.Key);
        foreach (var session in registry.All)
        {
            if (session.Keep is not { IsHere: false } keep)
            {
                continue;
            }

            // Ours from before a restart; of others only one node takes over what a silent one had.
            var isSilent = !_heard.TryGetValue(keep.Node, out var heard) || now - heard >= SilenceMs;
            if (keep.Node == log.Node || (isSilent && first == log.Node))
            {
                Adopt(session, now);
            }
        }
    }

    private static ulong Random() => BinaryPrimitives.ReadUInt64LittleEndian(RandomNumberGenerator.GetBytes(sizeof(ulong))) | 1;

    private static uint? Seconds(TimeSpan? span) => span is { } known ? (uint)Math.Min(known.TotalSeconds, uint.MaxValue) : null;

    private void Heartbeat(long now)
    {
        _heartbeatAt = now;
        store.AppendNode(lives: true);
    }

    private void Adopt(Session session, long now)
    {
        lock (registry.LockOf(session.ClientId))
        {
            var keep = session.Keep!;
            if (keep.IsHere || session.State == SessionState.Ended)
            {
                return;
            }

            _ = Append(session.ClientId, new SessionRecord(
                keep.Incarnation, session.Owner, Seconds(session.Expiry), keep.DisconnectedAtMs == 0 ? now : keep.DisconnectedAtMs, session.Will)
            {
                Epoch = keep.Epoch + 1,
            });
        }
    }

    private Task<bool> Append(string client, SessionRecord record)
    {
        var claim = new ClaimAnswer();
        record = record with { Claim = Random(), Node = log.Node };
        _claims[record.Claim] = claim.Read;
        store.Append(client, record, claim);
        return claim.Read.Task;
    }

    /// <summary>What the node that has the session says of it.</summary>
    private Session? ApplyUpdate(string client, Session? session, SessionRecord record)
    {
        if (session?.Keep is not { } keep)
        {
            return session;
        }

        if (keep.IsHere)
        {
            if (record.Node != log.Node || record.Incarnation != keep.Incarnation)
            {
                store.SaveAsync(session);
            }
        }
        else if (keep.Incarnation == record.Incarnation && keep.Epoch == record.Epoch)
        {
            keep.DisconnectedAtMs = record.DisconnectedAtMs;
            session.Will = record.Will;
            session.Expiry = record.ExpirySeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : null;
        }

        return session;
    }

    private ISessionOwner? Take(
        string client, ref Session? session, SessionRecord record, bool isMine, out StoredWill? will, out SessionRegistry.Ending? ending)
    {
        (will, ending) = (null, null);
        ISessionOwner? previous = null;
        if (session is not null && session.Keep?.Incarnation != record.Incarnation)
        {
            // Its will is published by the node that had its connection, or, when there was none, by the one that put another in its place.
            var publishes = session.IsConnected || isMine;
            ending = registry.EndLocked(session, out previous);
            ending = publishes ? ending : null;
            session = null;
        }

        if (session is null)
        {
            session = registry.Restore(client, record);
            session.Keep!.IsHere = isMine;
            return previous;
        }

        var keep = session.Keep!;
        (keep.Epoch, keep.Node, keep.IsHere) = (record.Epoch, record.Node, isMine);
        if (!isMine)
        {
            registry.Unschedule(session);
            previous = session.LetGo();
            will = previous is not null && session.Will is { DelaySeconds: 0 } left ? left : null;
            session.Will = record.Will;
            session.Expiry = record.ExpirySeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : null;
            keep.DisconnectedAtMs = record.DisconnectedAtMs;
        }
        else if (record.DisconnectedAtMs != 0)
        {
            keep.DisconnectedAtMs = record.DisconnectedAtMs;
            will = registry.KeepLocked(session, clock.NowMs, Math.Max(1, clock.NowMs - record.DisconnectedAtMs));
        }

        return previous;
    }

    private ISessionOwner? End(Session? session, SessionRecord record, bool isMine, out SessionRegistry.Ending? ending)
    {
        ending = null;
        if (session?.Keep?.Incarnation != record.Incarnation)
        {
            return null;
        }

        var ended = registry.EndLocked(session, out var previous);
        ending = isMine ? ended : null;
        return previous;
    }

    private void ApplyTombstone(string client)
    {
        lock (registry.LockOf(client))
        {
            if (registry.TryGet(client, out var session) && session!.Keep is { IsHere: true })
            {
                store.SaveAsync(session);
            }
        }
    }

    private sealed class ClaimAnswer : IBrokerLogCompletion
    {
        public TaskCompletionSource<bool> Read { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>Being durable decides nothing: what is read back does.</summary>
        public void Appended(long offset, Exception? error, ulong state)
        {
            if (error is not null)
            {
                Read.TrySetException(error);
                _ = Read.Task.Exception;
            }
        }
    }
}
