using Telemetry.Edge.Connections;
using Telemetry.Edge.Diagnostics;
using Telemetry.Edge.Messages;
using Telemetry.Edge.Routing;
using Telemetry.Edge.Sessions;
using Telemetry.Edge.Topics;
using Telemetry.Mqtt;
using Telemetry.Mqtt.Ingest;

namespace Telemetry.Edge.Packets;

/// <summary>
/// PUBLISH from a client. Ingest topics go to the log, and to subscribers when the log has them; all others to subscribers and the
/// retained store.
/// Handling one packet twice, after a wait, does nothing twice.
/// </summary>
internal sealed class PublishHandler(BrokerCore core)
{
    private readonly UnacknowledgedIngest _unacknowledged = new(core.Metrics);
    private readonly TopicFilter[] _fromMemory = [.. core.Options.AcknowledgeFromMemory.Select(TopicFilter.Parse)];

    private static ReadOnlySpan<byte> TraceParent => "traceparent"u8;

    public ReadStep Handle(MqttConnection connection, byte flags, ReadOnlySpan<byte> body)
    {
        var client = connection.Client!;
        if (!PublishPacket.TryParse(flags, body, client.Version, out var packet, out var error)
            || !connection.InboundAliases.TryResolve(packet, out var topic, out error))
        {
            return connection.Fail(error);
        }

        if (packet.SubscriptionIdentifier != 0)
        {
            return connection.Fail(MqttError.Protocol(
                "MQTT-3.3.4-6", "A client must not send a Subscription Identifier in PUBLISH."));
        }

        if (packet.Retain && core.Options.MaxRetainedMessages == 0 && client.Version == MqttVersion.V500)
        {
            return connection.Fail(new MqttError(ReasonCode.RetainNotSupported, "MQTT-3.2.2-14", "No messages are retained here."));
        }

        if (packet.Qos != MqttQos.AtMostOnce && MustWait(connection, packet, out var step))
        {
            return step;
        }

        if (!ReservedTopics.MayPublish(topic))
        {
            connection.Received.Add((int)packet.Qos);
            Answer(connection, packet, ReasonCode.NotAuthorized, ReservedTopics.Refusal);
            return ReadStep.Next;
        }

        var ingest = core.Ingest;
        var right = core.Authorizer.MayPublish(client.Identity, topic);
        if (right == PublishRight.Denied)
        {
            core.Security.Audit.PublishDenied(client.Identity, connection.RemoteEndPoint, topic);
            connection.Received.Add((int)packet.Qos);
            Answer(connection, packet, ReasonCode.NotAuthorized, "This client may not publish to this topic.");
            return ReadStep.Next;
        }

        if (ingest is not null && ingest.Accepts(topic))
        {
            return Ingest(ingest, connection, packet, topic, right);
        }

        if (core.Router.Log?.MustWait(connection.Session!, packet.Qos == MqttQos.AtMostOnce && !packet.Retain) == true)
        {
            return ReadStep.WaitForLog;
        }

        connection.Received.Add((int)packet.Qos);
        Route(connection, packet, topic);
        return ReadStep.Next;
    }

    /// <summary>More unanswered publishes than our Receive Maximum: an error in 5.0 [MQTT-3.3.4-7], a pause in 3.1.1.</summary>
    private bool MustWait(MqttConnection connection, in PublishPacket packet, out ReadStep step)
    {
        step = ReadStep.Next;
        var maximum = core.Options.ReceiveMaximum;
        if (connection.Client!.Version == MqttVersion.V311)
        {
            step = ReadStep.WaitForAcks;
            return connection.Acks.Count >= maximum;
        }

        var unanswered = connection.Acks.CountQos1 + connection.ExactlyOnce.Count;
        if (unanswered < maximum || (packet.Qos == MqttQos.ExactlyOnce && connection.ExactlyOnce.Contains(packet.PacketIdentifier)))
        {
            return false;
        }

        step = connection.Fail(new MqttError(
            ReasonCode.ReceiveMaximumExceeded, "MQTT-3.3.4-7", "More publishes are unacknowledged than our Receive Maximum allows."));
        return true;
    }

    private void Route(MqttConnection connection, in PublishPacket packet, ReadOnlySpan<byte> topic)
    {
        var session = connection.Session!;
        if (packet.Qos == MqttQos.ExactlyOnce && session.Inbound.Contains(packet.PacketIdentifier))
        {
            connection.ExactlyOnce.Take(packet.PacketIdentifier);
            IsNew(connection, packet.PacketIdentifier, connection.Acks.Reserve(packet.PacketIdentifier, 2, AckWindow.NotMeasured));
            return;
        }

        if (!packet.IsPayloadFormatValid)
        {
            Answer(connection, packet, ReasonCode.PayloadFormatInvalid, "The payload is said to be UTF-8 and is not.");
            return;
        }

        var code = core.Router.Route(packet, topic, session, out var logged);
        if (logged is null)
        {
            Answer(connection, packet, code, core.Ingest?.HintFor(topic));
            return;
        }

        if (packet.Qos == MqttQos.AtLeastOnce && IsAcknowledgedFromMemory(topic))
        {
            logged.IsAnswered = true;
            logged.Start(null, 0, 0, session.ClientId);
            Answer(connection, packet, logged.Code, core.Ingest?.HintFor(topic));
            return;
        }

        Start(logged, connection, packet, core.Ingest?.HintFor(topic));
    }

    private bool IsAcknowledgedFromMemory(ReadOnlySpan<byte> topic)
    {
        foreach (var filter in _fromMemory)
        {
            if (filter.Matches(topic))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Its place among the answers is taken before it goes: the log may answer at once.</summary>
    private static void Start(LoggedPublish logged, MqttConnection connection, in PublishPacket packet, string? reason)
    {
        var session = connection.Session!;
        logged.Reason = reason;
        if (packet.Qos == MqttQos.AtMostOnce)
        {
            logged.Start(null, 0, 0, session.ClientId);
            return;
        }

        var ticket = connection.Acks.Reserve(packet.PacketIdentifier, (byte)packet.Qos, AckWindow.NotMeasured);
        var isExactlyOnce = packet.Qos == MqttQos.ExactlyOnce;
        if (isExactlyOnce)
        {
            session.Inbound.Receive(packet.PacketIdentifier, connection.Acks, ticket, pending: true);
            connection.ExactlyOnce.Take(packet.PacketIdentifier);
        }

        var state = MqttConnection.PackState(ticket, packet.PacketIdentifier, (int)packet.Qos);
        logged.Start(connection, state, isExactlyOnce ? packet.PacketIdentifier : (ushort)0, session.ClientId);
    }

    private ReadStep Ingest(
        IIngest ingest, MqttConnection connection, in PublishPacket packet, ReadOnlySpan<byte> topic, PublishRight right)
    {
        var ticket = 0UL;
        if (packet.Qos == MqttQos.ExactlyOnce)
        {
            connection.ExactlyOnce.Take(packet.PacketIdentifier);
        }

        if (packet.Qos != MqttQos.AtMostOnce)
        {
            ticket = connection.Acks.Reserve(packet.PacketIdentifier, (byte)packet.Qos, core.Time.GetTimestamp());
            if (packet.Qos == MqttQos.ExactlyOnce && !IsNew(connection, packet.PacketIdentifier, ticket))
            {
                connection.Received.Add(2);
                return ReadStep.Next;
            }
        }

        var publish = Describe(connection, packet, topic, right);
        using var trace = EdgeTraces.Start(publish);
        IIngestCompletion completion = packet.Qos == MqttQos.AtMostOnce ? _unacknowledged : connection;
        if (core.Router.Subscriptions > 0 && connection.Watch.IsWatched(core.Router, topic))
        {
            completion = new StoredDelivery(core.Router, MessageOf(packet, topic), connection.Session, completion);
        }

        if (ingest.TryIngest(publish, completion, MqttConnection.PackState(ticket, packet.PacketIdentifier, (int)packet.Qos)))
        {
            connection.Received.Add((int)packet.Qos);
            return ReadStep.Next;
        }

        EdgeTraces.Forget(trace);
        if (packet.Qos != MqttQos.AtMostOnce)
        {
            connection.Acks.Cancel();
        }

        if (packet.Qos == MqttQos.ExactlyOnce)
        {
            connection.Session!.Inbound.Undo(packet.PacketIdentifier);
            connection.ExactlyOnce.Return(packet.PacketIdentifier);
        }

        return ReadStep.WaitForIngest;
    }

    /// <summary>False for a repeated QoS 2 publish: it is answered, now or when the first one is.</summary>
    private static bool IsNew(MqttConnection connection, ushort identifier, ulong ticket)
    {
        switch (connection.Session!.Inbound.Receive(identifier, connection.Acks, ticket, pending: true))
        {
            case ReceiveResult.New:
                return true;
            case ReceiveResult.RepeatedDone:
                connection.Acks.Complete(ticket, ReasonCode.Success, null);
                return false;
            case ReceiveResult.RepeatedHere:
                connection.Acks.Cancel();
                return false;
            default:
                return false;
        }
    }

    /// <summary>For subscribers. Nothing on an ingest topic is retained: the log keeps all of it.</summary>
    private Message MessageOf(in PublishPacket packet, ReadOnlySpan<byte> topic) => new(
        PublishMessage.From(packet, topic),
        (byte)packet.Qos,
        retain: false,
        Message.ExpiryTime(core.Wheel.Now, packet.MessageExpiryInterval));

    private static IngestPublish Describe(
        MqttConnection connection, in PublishPacket packet, ReadOnlySpan<byte> topic, PublishRight right)
    {
        var identity = connection.Client!.Identity;
        packet.TryGetUserProperty(TraceParent, out var traceParent);
        return new IngestPublish
        {
            TopicName = topic,
            Payload = packet.Payload,
            ClientId = identity.ClientId,
            UserName = identity.UserName,
            CertificateName = identity.CertificateName,
            SpeaksForOthers = right == PublishRight.AllowedByName,
            ContentType = packet.ContentType,
            TraceParent = traceParent,
            Qos = (int)packet.Qos,
            Duplicate = packet.Duplicate,
        };
    }

    /// <summary>Answers a publish that is settled. A refused QoS 2 publish frees its identifier. [MQTT-4.3.3-9]</summary>
    private static void Answer(MqttConnection connection, in PublishPacket packet, ReasonCode code, string? reason)
    {
        if (packet.Qos == MqttQos.AtMostOnce)
        {
            return;
        }

        if (packet.Qos == MqttQos.ExactlyOnce)
        {
            var inbound = connection.Session!.Inbound;
            if (code >= ReasonCode.UnspecifiedError && connection.Client!.Version == MqttVersion.V500)
            {
                inbound.Release(packet.PacketIdentifier);
                connection.ExactlyOnce.Return(packet.PacketIdentifier);
            }
            else
            {
                inbound.Receive(packet.PacketIdentifier, connection.Acks, 0, pending: false);
                connection.ExactlyOnce.Take(packet.PacketIdentifier);
            }
        }

        Acknowledge(connection, packet, code, reason);
    }

    /// <summary>PUBACK or PUBREC: at once when no earlier publish waits for its own, else in its turn.</summary>
    private static void Acknowledge(MqttConnection connection, in PublishPacket packet, ReasonCode code, string? reason)
    {
        var acks = connection.Acks;
        if (acks.Count > 0)
        {
            acks.Complete(acks.Reserve(packet.PacketIdentifier, (byte)packet.Qos, AckWindow.NotMeasured), code, reason);
            return;
        }

        var type = packet.Qos == MqttQos.AtLeastOnce ? MqttPacketType.PubAck : MqttPacketType.PubRec;
        connection.Pump.WriteAck(type, packet.PacketIdentifier, code, reason);
    }
}
