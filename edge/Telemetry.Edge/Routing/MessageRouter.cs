using System.Buffers.Binary;
using System.Security.Cryptography;
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
    SubscriptionTree tree, RetainedMessages retained, TimerWheel wheel, EdgeMetrics metrics, int maxTopicLevels, PublishLog? log = null)
{
    /// <summary>Orders our own messages among those of clients; no client identifier begins so.</summary>
    private const string OwnId = "\0broker";

    /// <summary>The log that messages of persistent sessions go through; null when nothing survives the process.</summary>
    public PublishLog? Log { get; } = log;

    /// <summary>Routes a received publish. Copies it only when someone wants it.</summary>
    /// <param name="packet">What came.</param>
    /// <param name="topic">Its topic name.</param>
    /// <param name="publisher">Left out of No Local subscriptions.</param>
    /// <param name="logged">Not null: it goes through the log, and its answer comes from there once the caller has started it.</param>
    /// <returns>Success, No matching subscribers, or why it was refused.</returns>
    public ReasonCode Route(in PublishPacket packet, ReadOnlySpan<byte> topic, Session publisher, out LoggedPublish? logged)
    {
        logged = null;
        if (!packet.Retain && Log is not { IsShared: true })
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
        return Route(message, publisher, publisher.ClientId, out logged);
    }

    /// <summary>Routes a message of our own, or a will; waits for the log where it goes through it.</summary>
    /// <exception cref="BrokerLogException">The log did not take it.</exception>
    public async ValueTask<ReasonCode> RouteAsync(Message message, CancellationToken cancellationToken = default)
    {
        if (Log is not null)
        {
            await Log.WaitAsync(cancellationToken);
        }

        var code = Route(message, null, OwnId, out var logged);
        if (logged is null)
        {
            return code;
        }

        var answer = new PublishTask();
        logged.Start(answer, 0, 0, OwnId);
        return await answer.Task.WaitAsync(cancellationToken);
    }

    /// <summary>Forgets retained messages that have expired.</summary>
    public void RemoveExpired(long now) => retained.RemoveExpired(now, Log is null ? null : Log.Forget);

    /// <summary>Publishes what this node alone knows, as its figures: retained here, and not on the log.</summary>
    public void PublishHere(Message message)
    {
        if (message.Retain)
        {
            TryRetain(message);
        }

        RouteHere(message);
    }

    /// <summary>Whether anyone subscribes to the topic, as of <see cref="SubscriptionTree.Version"/>.</summary>
    public bool HasSubscribers(ReadOnlySpan<byte> topic)
    {
        var matches = TopicMatches.OfThread;
        tree.Match(topic, matches);
        return !matches.IsEmpty;
    }

    /// <summary>Subscriptions, all together.</summary>
    public int Subscriptions => tree.Count;

    /// <inheritdoc cref="SubscriptionTree.Version"/>
    public int SubscriptionsVersion => tree.Version;

    /// <summary>Sends the retained messages that match a new subscription, as its session has room for them. [MQTT-3.3.1-9]</summary>
    public void SendRetained(Subscription subscription) =>
        ((Session)subscription.Subscriber).AddFeed(new RetainedFeed(retained, subscription))?.Wake();

    /// <summary>
    /// A retained message is kept before its recipients are looked up, so that whoever subscribes meanwhile finds it there or gets it live.
    /// </summary>
    private ReasonCode Route(Message message, Session? publisher, string publisherId, out LoggedPublish? logged)
    {
        if (message.Retain && Log is not null)
        {
            return RouteRetained(Log, message, publisher, publisherId, out logged);
        }

        logged = null;
        var isRefused = message.Retain && !TryRetain(message);
        var recipients = Match(message, publisher, out var hasGroups);
        var code = CodeOf(isRefused, recipients);
        if (Log is { IsShared: true })
        {
            logged = Log.Begin(message, recipients, publisher, publisherId, hasGroups);
            logged.Code = ReasonCode.Success;
            return code;
        }

        if (Log is not null && (publisher?.HasLogged == true || PublishLog.IsNeeded(recipients, message.Qos)))
        {
            logged = Log.Begin(message, recipients, publisher, publisherId);
            logged.Code = code;
            return code;
        }

        foreach (var recipient in recipients)
        {
            Offer(message, recipient);
        }

        return code;
    }

    private ReasonCode RouteRetained(PublishLog log, Message message, Session? publisher, string publisherId, out LoggedPublish? logged)
    {
        var lane = log.RetainedLane(message.Topic);
        lock (lane.Gate)
        {
            message.RetainedStamp = BinaryPrimitives.ReadUInt64LittleEndian(RandomNumberGenerator.GetBytes(sizeof(ulong)));
            var isRefused = !TryRetain(message);
            var recipients = Match(message, publisher, out var hasGroups);
            logged = log.Begin(message, recipients, publisher, publisherId, hasGroups);
            logged.Code = isRefused || !log.IsShared ? CodeOf(isRefused, recipients) : ReasonCode.Success;
            if (!isRefused)
            {
                logged.AppendRetained(lane, log.Clock);
            }

            return logged.Code;
        }
    }

    private List<Recipient> Match(Message message, Session? publisher, out bool hasGroups)
    {
        var matches = TopicMatches.OfThread;
        tree.Match(message.Topic, matches);
        hasGroups = matches.HasGroups;
        return matches.Resolve(publisher);
    }

    private static ReasonCode CodeOf(bool isRefused, List<Recipient> recipients) => isRefused ? ReasonCode.QuotaExceeded
        : recipients.Count > 0 ? ReasonCode.Success
        : ReasonCode.NoMatchingSubscribers;

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

    private void Offer(Message message, in Recipient recipient)
    {
        var copy = new Outgoing(
            message,
            Math.Min(message.Qos, recipient.Qos),
            message.Retain && recipient.RetainAsPublished,
            recipient.Identifier,
            recipient.MoreIdentifiers);
        var result = ((Session)recipient.Subscriber).Enqueue(copy, wheel.CoarseNow);
        metrics.Dropped(result.Drop, result.Drop == DropCause.None ? 0 : 1);
        result.Wake?.Wake();
    }

    /// <summary>
    /// Delivers on this node only, for what every node does for the clients it has. To a session that survives it goes through the log.
    /// </summary>
    /// <param name="message">What is delivered.</param>
    /// <param name="publisher">Left out of No Local subscriptions.</param>
    /// <returns>False when no client of this node subscribes to the topic.</returns>
    public bool RouteHere(Message message, Session? publisher = null)
    {
        var kept = new List<Recipient>();
        var any = false;
        foreach (var recipient in Match(message, publisher, out _))
        {
            var session = (Session)recipient.Subscriber;
            if (session.Keep is { IsHere: false })
            {
                continue;
            }

            any = true;
            if (session.Keep is not null && recipient.Qos > 0 && message.Qos > 0)
            {
                kept.Add(recipient);
            }
            else
            {
                Offer(message, recipient);
            }
        }

        if (kept.Count > 0)
        {
            Log!.Begin(message, kept, null, OwnId, isListedOnly: true).Start(null, 0, 0, OwnId);
        }

        return any;
    }

    /// <summary>Delivers to the clients of this node what any node has written.</summary>
    /// <param name="record">What was read.</param>
    /// <param name="sender">The publisher's session, when this node knows it.</param>
    /// <param name="listed">Sessions that the record names.</param>
    internal void DeliverHere(in DecodedPublish record, Session? sender, HashSet<string> listed)
    {
        var message = record.Message!;
        var matches = TopicMatches.OfThread;
        tree.Match(message.Topic, matches);
        List<Recipient>? late = null;
        foreach (var recipient in matches.Resolve(sender, withGroups: !record.HasGroups))
        {
            var session = (Session)recipient.Subscriber;
            if (session.Keep is null)
            {
                Offer(message, recipient);
            }
            else if (session.Keep.IsHere && !listed.Contains(session.ClientId))
            {
                if (Math.Min(message.Qos, recipient.Qos) == 0)
                {
                    Offer(message, recipient);
                }
                else
                {
                    (late ??= []).Add(recipient);
                }
            }
        }

        if (late is not null)
        {
            // The publisher's node did not know of the subscription yet.
            var again = new Message(message.Content, message.Qos, message.Retain, message.ExpiresAt);
            Log!.Begin(again, late, null, OwnId, isListedOnly: true).Start(null, 0, 0, OwnId);
        }
    }

    /// <summary>A retained message, or the end of one, was read.</summary>
    internal void Retain(ReadOnlySpan<byte> topic, Message? message)
    {
        if (message is null)
        {
            retained.Remove(topic);
        }
        else if (retained.Get(topic, wheel.CoarseNow)?.RetainedStamp != message.RetainedStamp)
        {
            retained.Set(message);
        }
    }

    /// <summary>Tells a copy to its session's connection.</summary>
    internal void Told(in EnqueueResult result)
    {
        metrics.Dropped(result.Drop, result.Drop == DropCause.None ? 0 : 1);
        result.Wake?.Wake();
    }

    /// <summary>Delivers what the log has.</summary>
    internal void Deliver(Message message, Recipient[] recipients)
    {
        foreach (var recipient in recipients)
        {
            Offer(message, recipient);
        }
    }
}
