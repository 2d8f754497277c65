using System.Collections.Concurrent;
using Telemetry.Edge.Messages;
using Telemetry.Edge.Sessions;
using Telemetry.Edge.Topics;

namespace Telemetry.Edge.Durability;

/// <summary>Keeps sessions on the log: a record for each session, each of its subscriptions, and how far it has got.</summary>
internal sealed class SessionStore(BrokerLogWriter writer, MessageFloors floors, WallClock clock, string node) : ISessionStore
{
    /// <summary>How often it is noted from where on the messages topic is needed.</summary>
    private const long CheckpointMs = 10_000;

    private readonly ConcurrentQueue<Session> _changed = new();
    private Dictionary<int, long> _checkpoint = [];
    private long _checkpointAt;

    /// <inheritdoc/>
    public Task SaveAsync(Session session)
    {
        var expiry = session.Expiry is { } span ? (uint?)Math.Min(span.TotalSeconds, uint.MaxValue) : null;
        var record = new SessionRecord(session.Keep!.Incarnation, session.Owner, expiry, session.Keep.DisconnectedAtMs, session.Will)
        {
            Epoch = session.Keep.Epoch,
            Node = node,
        };
        var answer = new LogAnswer();
        Append(session.ClientId, record, answer);
        return answer.Task;
    }

    /// <summary>Writes a record of a session as it is given.</summary>
    public void Append(string clientId, SessionRecord record, IBrokerLogCompletion answer)
    {
        var output = RecordWriter.OfThread;
        record.Write(output);
        Append(SessionRecordKind.Session, clientId, default, output.Written.ToArray(), answer);
    }

    /// <summary>Says that this node lives, or, with false, that it leaves.</summary>
    public void AppendNode(bool lives) => Append(SessionRecordKind.Node, node, default, lives ? [1] : [], NoAnswer.Instance);

    /// <inheritdoc/>
    public Task SaveAsync(Session session, Subscription subscription)
    {
        var answer = new LogAnswer();
        var output = RecordWriter.OfThread;
        new SubscriptionRecord(
            session.Keep!.Incarnation, subscription.Qos, subscription.NoLocal, subscription.RetainAsPublished, subscription.Identifier).Write(output);
        Append(SessionRecordKind.Subscription, session.ClientId, subscription.Filter, output.Written.ToArray(), answer);
        return answer.Task;
    }

    /// <inheritdoc/>
    public Task RemoveAsync(Session session, byte[] filter)
    {
        var answer = new LogAnswer();
        Append(SessionRecordKind.Subscription, session.ClientId, filter, [], answer);
        return answer.Task;
    }

    /// <inheritdoc/>
    public void Remove(Session session, IReadOnlyList<byte[]> filters, Session? successor)
    {
        foreach (var filter in filters)
        {
            if (successor?.IsSubscribed(System.Text.Encoding.UTF8.GetString(filter)) != true)
            {
                Append(SessionRecordKind.Subscription, session.ClientId, filter, [], NoAnswer.Instance);
            }
        }

        if (successor?.Keep is null)
        {
            Append(SessionRecordKind.Progress, session.ClientId, default, [], NoAnswer.Instance);
            Append(SessionRecordKind.Session, session.ClientId, default, [], NoAnswer.Instance);
        }
    }

    /// <summary>After a restart: a record that belongs to no session.</summary>
    public void RemoveStray(ReadOnlySpan<byte> key, string clientId) =>
        LaneOf(clientId).Append(key, default, NoAnswer.Instance, 0);

    /// <inheritdoc/>
    public void ProgressChanged(Session session, bool urgent)
    {
        if (urgent)
        {
            WriteProgress(session);
        }
        else if (session.Keep!.TryList())
        {
            _changed.Enqueue(session);
        }
    }

    /// <summary>Writes what was not urgent. Called by the broker's timer.</summary>
    public void Tick()
    {
        for (var count = _changed.Count; count > 0 && _changed.TryDequeue(out var session); count--)
        {
            session.Keep!.Unlist();
            WriteProgress(session);
        }

        if (clock.NowMs - _checkpointAt >= CheckpointMs)
        {
            _checkpointAt = clock.NowMs;
            WriteCheckpoint();
        }
    }

    /// <summary>Notes from which offsets on the messages topic is needed, if that has changed.</summary>
    public void WriteCheckpoint()
    {
        var floor = floors.Floors();
        if (floor.Count == _checkpoint.Count && floor.All(p => _checkpoint.TryGetValue(p.Key, out var known) && known == p.Value))
        {
            return;
        }

        _checkpoint = floor;
        var output = RecordWriter.OfThread;
        foreach (var (partition, offset) in floor)
        {
            output.Number((ulong)partition).Number(offset);
        }

        Append(SessionRecordKind.Checkpoint, "", default, output.Written.ToArray(), NoAnswer.Instance);
    }

    private void WriteProgress(Session session)
    {
        var output = RecordWriter.OfThread;
        if (session.TryWriteProgress(output, out var version))
        {
            Append(SessionRecordKind.Progress, session.ClientId, default, output.Written.ToArray(), new ProgressAnswer(session), (ulong)version);
        }
    }

    private void Append(
        SessionRecordKind kind, string clientId, ReadOnlySpan<byte> filter, ReadOnlySpan<byte> value, IBrokerLogCompletion answer, ulong state = 0)
    {
        var key = SessionKeys.Write(RecordWriter.OfThread, kind, clientId, filter).Written.ToArray();
        LaneOf(clientId).Append(key, value, answer, state);
    }

    /// <summary>All records of a client lie in one partition, so that their order is known.</summary>
    private AppendLane LaneOf(string clientId) => writer.LaneOf(BrokerTopic.Sessions, System.Text.Encoding.UTF8.GetBytes(clientId));

    private sealed class ProgressAnswer(Session session) : IBrokerLogCompletion
    {
        public void Appended(long offset, Exception? error, ulong state) => session.ProgressWritten((long)state, error is null);
    }
}
