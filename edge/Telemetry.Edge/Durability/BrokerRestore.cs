using Microsoft.Extensions.Logging;
using Telemetry.Edge.Diagnostics;
using Telemetry.Edge.Messages;
using Telemetry.Edge.Sessions;
using Telemetry.Edge.Topics;

namespace Telemetry.Edge.Durability;

/// <summary>
/// Brings back what the log holds: sessions and subscriptions, how far each has got, retained messages, then the messages that somebody
/// still needs. Before the first client is let in.
/// </summary>
internal sealed class BrokerRestore(
    IBrokerLog log, SessionRegistry sessions, RetainedMessages retained, MessageFloors floors, SessionStore store, BrokerLogWriter writer,
    WallClock clock, ILogger logger, TakeRecord? messagesTo = null, DropUnder? deletionsTo = null)
{
    private readonly Dictionary<string, SessionRecord> _sessions = [];
    private readonly Dictionary<string, byte[]> _progress = [];
    private readonly Dictionary<(string Client, string Filter), (SubscriptionRecord Record, byte[] Filter)> _subscriptions = [];
    private readonly Dictionary<int, long> _from = [];
    private readonly TakeRecord? _messagesTo = messagesTo;
    private int _messages;

    /// <summary>Nodes that have written, and whether the last thing they said was that they live.</summary>
    public Dictionary<string, bool> Nodes { get; } = new(StringComparer.Ordinal);

    /// <summary>By partition of the messages topic, the offset that was read from; absent: its beginning.</summary>
    public IReadOnlyDictionary<int, long> From => _from;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await log.ReadAsync(BrokerTopic.Sessions, static _ => 0, new LogReader(ReadSession, logger), cancellationToken);
        Build();
        await log.ReadAsync(BrokerTopic.Retained, static _ => 0, new LogReader(ReadRetained, logger), cancellationToken);
        await log.ReadAsync(
            BrokerTopic.Messages, partition => _from.GetValueOrDefault(partition), new LogReader(_messagesTo ?? ReadMessage, logger, deletionsTo ?? sessions.DropUnder), cancellationToken);
        if (!log.IsShared)
        {
            sessions.EndRestore(clock.NowMs);
        }

        logger.Restored(sessions.Count, retained.Count, _messages);
    }

    private void ReadSession(int partition, long offset, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        if (!SessionKeys.TryRead(key, out var kind, out var client, out var filter))
        {
            throw new FormatException("The key is not one of ours.");
        }

        switch (kind)
        {
            case SessionRecordKind.Session when value.IsEmpty:
                _sessions.Remove(client);
                break;
            case SessionRecordKind.Session:
                Take(client, SessionRecord.Read(value));
                break;
            case SessionRecordKind.Progress when value.IsEmpty:
                _progress.Remove(client);
                break;
            case SessionRecordKind.Progress:
                _progress[client] = value.ToArray();
                break;
            case SessionRecordKind.Subscription when value.IsEmpty:
                _subscriptions.Remove((client, System.Text.Encoding.UTF8.GetString(filter)));
                break;
            case SessionRecordKind.Subscription:
                _subscriptions[(client, System.Text.Encoding.UTF8.GetString(filter))] = (SubscriptionRecord.Read(value), filter.ToArray());
                break;
            case SessionRecordKind.Checkpoint:
                _from.Clear();
                var reader = new RecordReader(value);
                while (!reader.IsEmpty)
                {
                    _from[reader.Int()] = reader.Signed();
                }

                break;
            case SessionRecordKind.Node:
                Nodes[client] = !value.IsEmpty;
                break;
            default:
                throw new FormatException($"Records of kind {kind} are not known to this version.");
        }
    }

    /// <summary>The first claim of an epoch counts, and what the node that made it says; see SharedSessions.</summary>
    private void Take(string client, SessionRecord record)
    {
        var known = _sessions.GetValueOrDefault(client);
        if (known is not null && (record.Claim == 0 ? record.Epoch < known.Epoch : record.Epoch <= known.Epoch))
        {
            return;
        }

        if (record.IsEnd)
        {
            _sessions.Remove(client);
        }
        else
        {
            _sessions[client] = record;
        }
    }

    private void Build()
    {
        foreach (var (client, record) in _sessions)
        {
            var session = sessions.Restore(client, record);
            session.Keep!.IsHere = !log.IsShared;
            if (_progress.TryGetValue(client, out var bytes) && OutboundProgress.Read(bytes, record.Incarnation) is { } progress)
            {
                session.Restore(progress);
            }
        }

        foreach (var ((client, filter), (record, utf8)) in _subscriptions)
        {
            if (sessions.TryGet(client, out var session) && session!.Keep?.Incarnation == record.Incarnation)
            {
                sessions.Subscribe(
                    filter, new Subscription(session, utf8, record.Qos, record.NoLocal, record.RetainAsPublished, record.Identifier), out _);
                continue;
            }

            if (log.IsShared)
            {
                // Whose it is may be written behind it.
                continue;
            }

            // Left by a session that ended when the process did.
            store.RemoveStray(SessionKeys.Write(RecordWriter.OfThread, SessionRecordKind.Subscription, client, utf8).Written.ToArray(), client);
        }

        _subscriptions.Clear();
        _progress.Clear();
    }

    private void ReadRetained(int partition, long offset, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        if (value.IsEmpty)
        {
            retained.Remove(key);
            return;
        }

        var message = RetainedRecord.Read(key, value, clock.ToBrokerTime);
        if (message.IsExpired(clock.ToBrokerTime(clock.NowMs)) && !log.IsShared)
        {
            retained.Remove(key);
            writer.LaneOf(BrokerTopic.Retained, key).Append(key, default, NoAnswer.Instance, 0);
            return;
        }

        retained.Set(message);
    }

    private void ReadMessage(int partition, long offset, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        var record = PublishRecord.Read(value, clock.ToBrokerTime);
        var publisher = PublisherOf(record.Publisher);
        if (record.Message is null)
        {
            if (publisher?.Inbound.Release(record.Publisher.PacketIdentifier, out var released) == true)
            {
                released?.Finish();
            }

            return;
        }

        var origin = new MessageOrigin(partition, offset);
        floors.Add(origin);
        publisher?.Inbound.Restore(record.Publisher.PacketIdentifier, origin);
        record.Message.Origin = origin;
        foreach (var recipient in record.Recipients)
        {
            if (sessions.TryGet(recipient.ClientId, out var session) && session!.Keep?.Incarnation == recipient.Incarnation)
            {
                _messages += session.Restore(new Outgoing(
                    record.Message, recipient.Qos, recipient.Retain, recipient.Identifier, recipient.MoreIdentifiers)) ? 1 : 0;
            }
        }

        origin.Finish();
    }

    private Session? PublisherOf(in PublisherMark mark) =>
        mark.PacketIdentifier != 0 && sessions.TryGet(mark.ClientId, out var session) && session!.Keep?.Incarnation == mark.Incarnation
            ? session
            : null;
}
