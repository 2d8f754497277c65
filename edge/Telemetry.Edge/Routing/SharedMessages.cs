using Telemetry.Edge.Durability;
using Telemetry.Edge.Messages;
using Telemetry.Edge.Sessions;
using Telemetry.Edge.Timing;

namespace Telemetry.Edge.Routing;

/// <summary>
/// Messages of a log that several nodes share: every node reads all of them, keeps those of persistent sessions for when it may have to
/// take one over, and delivers to the clients it has. A QoS 2 publish that was written twice, because its client moved between nodes
/// before it was answered, is known by its identifier and delivered once.
/// </summary>
internal sealed class SharedMessages(SessionRegistry sessions, MessageRouter router, MessageFloors floors, WallClock clock, TimerWheel wheel)
{
    /// <summary>How long a message waits for the record of a session that is not known yet.</summary>
    private const long OrphanMs = 30_000;

    private const int OrphansMax = 100_000;

    private readonly Queue<(long At, string Client, ulong Incarnation, Outgoing Copy)> _orphans = new();

    /// <summary>A record was read; always by one thread.</summary>
    public void Apply(int partition, long offset, ReadOnlySpan<byte> value)
    {
        var record = PublishRecord.Read(value, clock.ToBrokerTime);
        var publisher = Known(record.Publisher.ClientId, record.Publisher.Incarnation);
        if (record.Message is not { } message)
        {
            Release(publisher, record.Publisher);
            return;
        }

        var origin = new MessageOrigin(partition, offset);
        floors.Add(origin);
        message.Origin = origin;
        if (publisher is null || TryTake(publisher, record.Publisher, origin))
        {
            Deliver(record, message);
        }

        origin.Finish();
    }

    /// <summary>Messages read so far whose topic name begins so are deleted; by the thread that reads.</summary>
    public void DropUnder(ReadOnlySpan<byte> prefix)
    {
        sessions.DropUnder(prefix);
        for (var count = _orphans.Count; count > 0; count--)
        {
            var orphan = _orphans.Dequeue();
            if (orphan.Copy.Message.Topic.StartsWith(prefix))
            {
                orphan.Copy.Message.Origin!.Finish();
            }
            else
            {
                _orphans.Enqueue(orphan);
            }
        }
    }

    /// <summary>A session has become known: messages may have been waiting for it.</summary>
    public void SessionKnown()
    {
        for (var count = _orphans.Count; count > 0; count--)
        {
            var orphan = _orphans.Dequeue();
            if (Known(orphan.Client, orphan.Incarnation) is { } session)
            {
                router.Told(session.FromLog(orphan.Copy, wheel.CoarseNow));
                orphan.Copy.Message.Origin!.Finish();
            }
            else if (wheel.CoarseNow - orphan.At < OrphanMs)
            {
                _orphans.Enqueue(orphan);
            }
            else
            {
                orphan.Copy.Message.Origin!.Finish();
            }
        }
    }

    private void Deliver(in DecodedPublish record, Message message)
    {
        var listed = new HashSet<string>(StringComparer.Ordinal);
        foreach (var recipient in record.Recipients)
        {
            listed.Add(recipient.ClientId);
            var copy = new Outgoing(message, recipient.Qos, recipient.Retain, recipient.Identifier, recipient.MoreIdentifiers);
            if (recipient.Incarnation == 0 || recipient.Qos == 0)
            {
                // Chosen by a shared group, without a life beyond its connection: the node that has it delivers.
                if (sessions.TryGet(recipient.ClientId, out var here) && here!.Keep is null or { IsHere: true })
                {
                    router.Told(here.Enqueue(copy, wheel.CoarseNow));
                }
            }
            else if (Known(recipient.ClientId, recipient.Incarnation) is { } session)
            {
                router.Told(session.FromLog(copy, wheel.CoarseNow));
            }
            else if (_orphans.Count < OrphansMax)
            {
                message.Origin!.Hold();
                _orphans.Enqueue((wheel.CoarseNow, recipient.ClientId, recipient.Incarnation, copy));
            }
        }

        if (!record.IsListedOnly)
        {
            sessions.TryGet(record.Sender, out var sender);
            router.DeliverHere(record, sender, listed);
        }
    }

    private Session? Known(string client, ulong incarnation) =>
        incarnation != 0 && sessions.TryGet(client, out var session) && session!.Keep?.Incarnation == incarnation ? session : null;

    private static bool TryTake(Session publisher, in PublisherMark mark, MessageOrigin origin)
    {
        var keep = publisher.Keep!;
        lock (keep.Taken)
        {
            keep.PublishEpoch = Math.Max(keep.PublishEpoch, mark.Epoch);
            if (mark.PacketIdentifier == 0)
            {
                return true;
            }

            if (!keep.Taken.TryAdd(mark.PacketIdentifier, origin))
            {
                return false;
            }

            origin.Hold();
            return true;
        }
    }

    private static void Release(Session? publisher, in PublisherMark mark)
    {
        if (publisher?.Keep is not { } keep)
        {
            return;
        }

        lock (keep.Taken)
        {
            // The release of an earlier node may come behind the next message under the same identifier.
            if (mark.Epoch >= keep.PublishEpoch && keep.Taken.Remove(mark.PacketIdentifier, out var origin))
            {
                origin.Finish();
            }
        }
    }
}
