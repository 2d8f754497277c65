using System.Collections.Concurrent;
using System.Text;
using Telemetry.Edge.Durability;
using Telemetry.Edge.Messages;
using Telemetry.Edge.Sessions;
using Telemetry.Edge.Topics;

namespace Telemetry.Edge.Routing;

/// <summary>The way of publishes through the log: which need it, in which order they are written and delivered.</summary>
internal sealed class PublishLog(BrokerLogWriter writer, MessageFloors floors, WallClock clock, bool isShared)
{
    /// <summary>True: several nodes write to the log, and each delivers what it reads.</summary>
    public bool IsShared { get; } = isShared;

    private readonly ConcurrentDictionary<int, PublishLane> _lanes = new();

    public WallClock Clock { get; } = clock;

    /// <summary>Delivers a message to its recipients; set by the router.</summary>
    public Action<Message, Recipient[]>? Deliver { get; set; }

    /// <summary>True when one of the recipients survives the process and gets the message at QoS 1 or 2.</summary>
    public static bool IsNeeded(List<Recipient> recipients, byte qos)
    {
        foreach (var recipient in recipients)
        {
            if (qos > 0 && recipient.Qos > 0 && ((Session)recipient.Subscriber).Keep is not null)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>True when a client has to wait before its next publish is looked at.</summary>
    public bool MustWait(Session session, bool isAtMostOnce) =>
        (writer.IsCongested && (!isAtMostOnce || IsShared)) || (session.HasLogged && LaneOf(session.ClientId).IsFull);

    /// <summary>Completes when <see cref="MustWait"/> may have become false.</summary>
    public async Task WaitAsync(Session session, CancellationToken cancellationToken)
    {
        await writer.WaitAsync(cancellationToken);
        await LaneOf(session.ClientId).WaitAsync(cancellationToken);
    }

    /// <summary>Completes when the log has room; for what is not a client.</summary>
    public Task WaitAsync(CancellationToken cancellationToken) => writer.WaitAsync(cancellationToken);

    public LoggedPublish Begin(
        Message message, List<Recipient> recipients, Session? publisher, string publisherId, bool hasGroups = false, bool isListedOnly = false) =>
        new(this, LaneOf(publisherId), message, [.. recipients], publisher) { HasGroups = hasGroups, IsListedOnly = isListedOnly };

    /// <summary>Where retained messages of a topic are written.</summary>
    public AppendLane RetainedLane(ReadOnlySpan<byte> topic) => writer.LaneOf(BrokerTopic.Retained, topic);

    /// <summary>Writes that a retained message has expired.</summary>
    public void Forget(byte[] topic) => RetainedLane(topic).Append(topic, default, NoAnswer.Instance, 0);

    /// <summary>Writes that a QoS 2 identifier was released, and tells when that is durable: only then may it be used again.</summary>
    public void Release(Session session, ushort identifier, MessageOrigin origin, Action<bool> done)
    {
        var output = RecordWriter.OfThread;
        PublishRecord.WriteRelease(output, new PublisherMark(session.ClientId, session.Keep!.Incarnation, session.Keep.Epoch, identifier));
        LaneOf(session.ClientId).Appends.Append(
            Encoding.UTF8.GetBytes(session.ClientId), output.Written, new ReleaseAnswer(origin, done), 0);
    }

    internal void Delivered(LoggedPublish publish, Recipient[] recipients, MessageOrigin? origin)
    {
        if (origin is not null)
        {
            floors.Add(origin);
        }

        Deliver!(publish.Message, recipients);
    }

    /// <summary>
    /// The log did not take a message that is acknowledged: the clients of this node get it from memory. Other nodes never hear of it.
    /// </summary>
    internal void DeliverUnlogged(Message message, Recipient[] recipients) =>
        Deliver!(message, [.. recipients.Where(r => ((Session)r.Subscriber).Keep is not { IsHere: false })]);

    private PublishLane LaneOf(string publisherId)
    {
        var appends = writer.LaneOf(BrokerTopic.Messages, Encoding.UTF8.GetBytes(publisherId));
        return _lanes.GetOrAdd(appends.Partition, static (_, lane) => new PublishLane(lane), appends);
    }

    private sealed class ReleaseAnswer(MessageOrigin origin, Action<bool> done) : IBrokerLogCompletion
    {
        public void Appended(long offset, Exception? error, ulong state)
        {
            if (error is null)
            {
                origin.Finish();
            }

            done(error is null);
        }
    }
}
