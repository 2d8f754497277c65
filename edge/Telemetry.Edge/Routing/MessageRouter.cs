using Telemetry.Edge.Diagnostics;
using Telemetry.Edge.Messages;
using Telemetry.Edge.Reasons;
using Telemetry.Edge.Sessions;
using Telemetry.Edge.Timing;
using Telemetry.Edge.Topics;
using Telemetry.Mqtt;

namespace Telemetry.Edge.Routing;

/// <summary>From a publish to the queues of its subscribers and to the retained store. Takes no lock but those of the sessions it reaches.</summary>
internal sealed class MessageRouter(
    SubscriptionTree tree, RetainedMessages retained, TimerWheel wheel, EdgeMetrics metrics, int maxTopicLevels)
{
    /// <summary>Routes a received publish. Copies it only when someone wants it.</summary>
    /// <returns>Success, No matching subscribers, or why it was refused.</returns>
    public ReasonCode Route(in PublishPacket packet, ReadOnlySpan<byte> topic, Session publisher)
    {
        if (!packet.Retain)
        {
            var matches = TopicMatches.OfThread;
            tree.Match(topic, matches);
            if (matches.IsEmpty)
            {
                return ReasonCode.NoMatchingSubscribers;
            }
        }

        var expiresAt = Message.ExpiryTime(wheel.Now, packet.MessageExpiryInterval);
        var message = new Message(PublishMessage.From(packet, topic), (byte)packet.Qos, packet.Retain, expiresAt);
        return Deliver(message, publisher);
    }

    /// <summary>Routes a message of our own, or a will.</summary>
    public ReasonCode Route(Message message) => Deliver(message, null);

    /// <summary>Sends the retained messages that match a new subscription, as its session has room for them. [MQTT-3.3.1-9]</summary>
    public void SendRetained(Subscription subscription) =>
        ((Session)subscription.Subscriber).AddFeed(new RetainedFeed(retained, subscription))?.Wake();

    /// <summary>Delivers; a retained message is kept first, so that whoever subscribes meanwhile finds it there or gets it live.</summary>
    private ReasonCode Deliver(Message message, Session? publisher)
    {
        var refused = message.Retain && !TryRetain(message);
        var matches = TopicMatches.OfThread;
        tree.Match(message.Topic, matches);
        var recipients = matches.Resolve(publisher);
        foreach (var recipient in recipients)
        {
            var copy = new Outgoing(
                message,
                Math.Min(message.Qos, recipient.Qos),
                message.Retain && recipient.RetainAsPublished,
                recipient.Identifier,
                recipient.MoreIdentifiers);
            Offer((Session)recipient.Subscriber, copy);
        }

        return refused ? ReasonCode.QuotaExceeded
            : recipients.Count > 0 ? ReasonCode.Success
            : ReasonCode.NoMatchingSubscribers;
    }

    /// <returns>False: there is no room; counted, and the sender is told where the protocol has words for it.</returns>
    private bool TryRetain(Message message)
    {
        if (TopicLevels.Count(message.Topic) <= maxTopicLevels && retained.Set(message))
        {
            return true;
        }

        metrics.Dropped(DropCause.RetainedFull, 1);
        return false;
    }

    private void Offer(Session session, in Outgoing copy)
    {
        var result = session.Enqueue(copy, wheel.CoarseNow);
        metrics.Dropped(result.Drop, result.Drop == DropCause.None ? 0 : 1);
        result.Wake?.Wake();
    }
}
