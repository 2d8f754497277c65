using Telemetry.Edge.Connections;
using Telemetry.Edge.Reasons;
using Telemetry.Edge.Sessions;
using Telemetry.Mqtt;

namespace Telemetry.Edge.Packets;

/// <summary>PUBACK, PUBREC, PUBREL and PUBCOMP from a client.</summary>
internal sealed class AckHandler(BrokerCore core)
{
    public ReadStep Handle(MqttConnection connection, MqttPacketType type, ReadOnlySpan<byte> body)
    {
        if (!PubAckPacket.TryParse(type, body, connection.Client!.Version, out var packet, out var error))
        {
            return connection.Fail(error);
        }

        if (type == MqttPacketType.PubRel)
        {
            Release(connection, packet.PacketIdentifier);
            return ReadStep.Next;
        }

        core.Metrics.AckReceived();
        var input = type switch
        {
            MqttPacketType.PubAck => InflightInput.PubAck,
            MqttPacketType.PubComp => InflightInput.PubComp,
            _ when packet.ReasonCode >= ReasonCode.UnspecifiedError => InflightInput.PubRecError,
            _ => InflightInput.PubRec,
        };
        var state = connection.Session!.Apply(connection, packet.PacketIdentifier, input);
        if (input == InflightInput.PubRec && (state is null || connection.Session.Keep is null))
        {
            // A session that survives sends it by itself, when it would know after a crash that PUBREC came.
            // PUBREL even for an identifier that is not known: the receiver must be able to finish. [MQTT-4.3.3-4]
            var code = state is null ? ReasonCode.PacketIdentifierNotFound : ReasonCode.Success;
            connection.Pump.WriteAck(MqttPacketType.PubRel, packet.PacketIdentifier, code);
        }
        return ReadStep.Next;
    }

    /// <summary>The identifier of a QoS 2 publish is free again. [MQTT-4.3.3-11]</summary>
    private void Release(MqttConnection connection, ushort identifier)
    {
        var known = connection.Session!.Inbound.Release(identifier, out var origin);
        if (known)
        {
            connection.ExactlyOnce.Return(identifier);
        }

        if (origin is not null)
        {
            // Not before it is durable: after a crash the identifier would seem taken, and swallow the next message that carries it.
            core.Router.Log!.Release(connection.Session, identifier, origin, isDurable => Released(connection, identifier, isDurable));
            return;
        }

        connection.Pump.WriteAck(
            MqttPacketType.PubComp, identifier, known ? ReasonCode.Success : ReasonCode.PacketIdentifierNotFound);
    }

    private static void Released(MqttConnection connection, ushort identifier, bool isDurable)
    {
        if (!isDurable)
        {
            connection.RequestClose(CloseReason.LogUnavailable);
            return;
        }

        connection.Pump.WriteAck(MqttPacketType.PubComp, identifier);
        connection.Pump.Wake();
    }
}
