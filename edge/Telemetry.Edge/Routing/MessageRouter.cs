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
        var matches = TopicMatches.OfThread;
        tree.Match(topic, matches);
        if (matches.IsEmpty && !packet.Retain)
        {
            return ReasonCode.NoMatchingSubscribers;
        }

        var expiresAt = Message.ExpiryTime(wheel.Now, packet.MessageExpiryInterval);
        var message = new Message(PublishMessage.From(packet, topic), (byte)packet.Qos, packet.Retain, expiresAt);
        return Route(message, matches, publisher);
    }

    /// <summary>Routes a message of our own, or a will.</summary>
    public ReasonCode Route(Message message, Session? publisher = null)
    {
        var matches = TopicMatches.OfThread;
        tree.Match(message.Topic, matches);
        return Route(message, matches, publisher);
    }

    /// <summary>Sends the retained messages that match a new subscription. [MQTT-3.3.1-9]</summary>
    public void SendRetained(Subscription subscription)
    {
        List<Message> found = [];
        retained.Match(subscription.Filter, wheel.Now, found);
        foreach (var message in found)
        {
            var copy = new Outgoing(
                message, Math.Min(message.Qos, subscription.Qos), Retain: true, subscription.Identifier, IsRetained: true);
            Offer((Session)subscription.Subscriber, copy);
        }
    }

    private ReasonCode Route(Message message, TopicMatches matches, Session? publisher)
    {
        if (message.Retain && (TopicLevels.Count(message.Topic) > maxTopicLevels || !retained.Set(message)))
        {
            metrics.Dropped(DropCause.RetainedFull, 1);
            return ReasonCode.QuotaExceeded;
        }

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

        return recipients.Count > 0 ? ReasonCode.Success : ReasonCode.NoMatchingSubscribers;
    }

    private void Offer(Session session, in Outgoing copy)
    {
        var result = session.Enqueue(copy);
        metrics.Dropped(result.Drop, result.Drop == DropCause.None ? 0 : 1);
        result.Wake?.Wake();
    }
}
