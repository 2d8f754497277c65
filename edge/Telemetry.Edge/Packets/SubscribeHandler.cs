using System.Text;
using Telemetry.Edge.Connections;
using Telemetry.Edge.Reasons;
using Telemetry.Edge.Routing;
using Telemetry.Edge.Topics;
using Telemetry.Mqtt;

namespace Telemetry.Edge.Packets;

/// <summary>SUBSCRIBE and UNSUBSCRIBE from a client.</summary>
internal sealed class SubscribeHandler(BrokerCore core, SubscriptionTree tree)
{
    private readonly MessageRouter _router = core.Router;

    public ReadStep Subscribe(MqttConnection connection, ReadOnlySpan<byte> body)
    {
        var version = connection.Client!.Version;
        if (!SubscribePacket.TryParse(body, version, out var packet, out var error))
        {
            return connection.Fail(error);
        }

        var identifier = packet.Properties?.SubscriptionIdentifier ?? 0;
        var codes = new ReasonCode[packet.Requests.Count];
        if (connection.Session!.Keep is not null && _router.Log!.MustWait(connection.Session, isAtMostOnce: false))
        {
            return ReadStep.WaitForLog;
        }

        List<Subscription>? wantRetained = null;
        List<Task>? stored = null;
        for (var i = 0; i < codes.Length; i++)
        {
            codes[i] = Subscribe(connection, packet.Requests[i], identifier, ref wantRetained, ref stored);
        }

        var answer = new SubAckPacket { PacketIdentifier = packet.PacketIdentifier, ReasonCodes = codes };
        AnswerWhenStored(connection, stored, () =>
        {
            connection.Pump.Write(
                (version, answer, connection.Client.MaximumPacketSize), // [MQTT-3.1.2-24]
                static (output, a) => SubAckPacket.Write(output, a.version, a.answer, a.MaximumPacketSize));
            foreach (var subscription in wantRetained ?? [])
            {
                _router.SendRetained(subscription);
            }
        });
        return ReadStep.Next;
    }

    public ReadStep Unsubscribe(MqttConnection connection, ReadOnlySpan<byte> body)
    {
        var version = connection.Client!.Version;
        if (!UnsubscribePacket.TryParse(body, version, out var packet, out var error))
        {
            return connection.Fail(error);
        }

        var session = connection.Session!;
        if (session.Keep is not null && _router.Log!.MustWait(session, isAtMostOnce: false))
        {
            return ReadStep.WaitForLog;
        }

        var codes = new ReasonCode[packet.Filters.Count];
        List<Task>? stored = null;
        for (var i = 0; i < codes.Length; i++)
        {
            var filter = packet.Filters[i];
            var utf8 = Encoding.UTF8.GetBytes(filter);
            var existed = session.Forget(filter) && tree.Remove(utf8, session);
            codes[i] = existed ? ReasonCode.Success : ReasonCode.NoSubscriptionExisted;
            if (existed && session.Keep is { } keep)
            {
                (stored ??= []).Add(keep.Store.RemoveAsync(session, utf8));
            }
        }

        var answer = new UnsubAckPacket { PacketIdentifier = packet.PacketIdentifier, ReasonCodes = codes };
        AnswerWhenStored(connection, stored, () => connection.Pump.Write(
            (version, answer, connection.Client.MaximumPacketSize),
            static (output, a) => UnsubAckPacket.Write(output, a.version, a.answer, a.MaximumPacketSize)));
        return ReadStep.Next;
    }

    /// <summary>A subscription of a session that survives is answered when it would.</summary>
    private static void AnswerWhenStored(MqttConnection connection, List<Task>? stored, Action answer)
    {
        if (stored is null)
        {
            answer();
            return;
        }

        _ = AnswerAsync();

        async Task AnswerAsync()
        {
            try
            {
                await Task.WhenAll(stored);
                answer();
                connection.Pump.Wake();
            }
            catch (Exception)
            {
                // The log did not take it: no answer may go out. The client subscribes again when it comes back.
                connection.RequestClose(CloseReason.LogUnavailable);
            }
        }
    }

    private ReasonCode Subscribe(
        MqttConnection connection, SubscriptionRequest request, uint identifier, ref List<Subscription>? wantRetained, ref List<Task>? stored)
    {
        if (request.Filter is not { } filter)
        {
            return ReasonCode.TopicFilterInvalid;
        }

        if (TopicLevels.Count(filter.Utf8.Span) > core.Options.MaxTopicLevels)
        {
            return ReasonCode.TopicFilterInvalid;
        }

        if (!core.Authorizer.MaySubscribe(connection.Client!.Identity, filter.Utf8.Span))
        {
            core.Security.Audit.SubscribeDenied(connection.Client.Identity, connection.RemoteEndPoint, filter.Utf8.Span);
            return ReasonCode.NotAuthorized;
        }

        var session = connection.Session!;
        if (session.SubscriptionCount >= core.Options.MaxSubscriptionsPerSession && !session.IsSubscribed(filter.Text))
        {
            return ReasonCode.QuotaExceeded;
        }

        var subscription = new Subscription(
            session, Encoding.UTF8.GetBytes(filter.Text), (byte)request.Qos, request.NoLocal, request.RetainAsPublished, identifier);
        if (!core.Sessions.Subscribe(filter.Text, subscription, out var existed))
        {
            return ReasonCode.UnspecifiedError;
        }

        if (session.Keep is { } keep)
        {
            (stored ??= []).Add(keep.Store.SaveAsync(session, subscription));
        }

        var send = request.RetainHandling == RetainHandling.SendAtSubscribe
            || (request.RetainHandling == RetainHandling.SendIfNewSubscription && !existed);
        if (send && !filter.IsShared)
        {
            (wantRetained ??= []).Add(subscription);
        }

        return (ReasonCode)(byte)request.Qos;
    }
}
