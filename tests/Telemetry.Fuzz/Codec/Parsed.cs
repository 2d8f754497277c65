using System.Buffers;
using Telemetry.Mqtt;
using Telemetry.Testing.Mqtt;

namespace Telemetry.Fuzz.Codec;

/// <summary>A packet that was read: every field of it as text, and how to write it again.</summary>
/// <param name="Text">Equal for equal packets.</param>
/// <param name="Write">Writes it; returns the bytes it took.</param>
internal sealed record Parsed(string Text, Func<IBufferWriter<byte>, int> Write)
{
    /// <summary>Reads a body that is known to be a packet.</summary>
    public static Parsed From(MqttPacketType type, byte flags, ReadOnlySpan<byte> body, MqttVersion version, bool fromServer)
    {
        switch (type)
        {
            case MqttPacketType.Publish:
                return Publish(flags, body, version);
            case MqttPacketType.PubAck or MqttPacketType.PubRec or MqttPacketType.PubRel or MqttPacketType.PubComp:
                return Acknowledgement(type, body, version);
            case MqttPacketType.Connect:
                _ = ConnectPacket.TryParse(body, out var connect, out _);
                return new Parsed(Dump.Connect(connect!), o => ClientPackets.Connect(o, connect!));
            case MqttPacketType.Subscribe:
                SubscribePacket.TryParse(body, version, out var subscribe, out _);
                return new Parsed(
                    $"{subscribe!.PacketIdentifier} {string.Join(';', subscribe.Requests.Select(Dump.Request))} {Dump.Properties(subscribe.Properties)}",
                    o => ClientPackets.Subscribe(o, version, subscribe));
            case MqttPacketType.Unsubscribe:
                UnsubscribePacket.TryParse(body, version, out var unsubscribe, out _);
                return new Parsed(
                    $"{unsubscribe!.PacketIdentifier} {string.Join(';', unsubscribe.Filters)} {Dump.Properties(unsubscribe.Properties)}",
                    o => ClientPackets.Unsubscribe(o, version, unsubscribe));
            case MqttPacketType.PingReq:
                return new Parsed("", o =>
                {
                    o.Write([(byte)0xC0, (byte)0]);
                    return 2;
                });
            case MqttPacketType.Disconnect:
                DisconnectPacket.TryParse(body, version, out var disconnect, out _);
                return new Parsed(
                    $"{disconnect!.ReasonCode} {Dump.Properties(disconnect.Properties)}",
                    o => DisconnectPacket.Write(o, version, disconnect.ReasonCode, disconnect.Properties));
            default:
                return FromServer(type, body, version);
        }
    }

    private static Parsed FromServer(MqttPacketType type, ReadOnlySpan<byte> body, MqttVersion version)
    {
        switch (type)
        {
            case MqttPacketType.ConnAck:
                ServerPackets.ConnAck(body, version, out var connAck, out _);
                return new Parsed(
                    $"{connAck!.SessionPresent} {connAck.ReasonCode} {Dump.Properties(connAck.Properties)}",
                    o => ConnAckPacket.Write(o, version, connAck));
            case MqttPacketType.SubAck:
                ServerPackets.SubAck(body, version, out var subAck, out _);
                return new Parsed(
                    $"{subAck!.PacketIdentifier} {string.Join(',', subAck.ReasonCodes)} {Dump.Properties(subAck.Properties)}",
                    o => SubAckPacket.Write(o, version, subAck));
            default:
                ServerPackets.UnsubAck(body, version, out var unsubAck, out _);
                return new Parsed(
                    $"{unsubAck!.PacketIdentifier} {string.Join(',', unsubAck.ReasonCodes)} {Dump.Properties(unsubAck.Properties)}",
                    o => UnsubAckPacket.Write(o, version, unsubAck));
        }
    }

    private static Parsed Acknowledgement(MqttPacketType type, ReadOnlySpan<byte> body, MqttVersion version)
    {
        PubAckPacket.TryParse(type, body, version, out var packet, out _);
        MqttProperties.TryParse(packet.Properties, (MqttPropertyOwner)type, out var properties, out _);
        var (identifier, code) = (packet.PacketIdentifier, packet.ReasonCode);
        return new Parsed(
            $"{identifier} {code} {Dump.Properties(properties)}",
            o => PubAckPacket.Write(o, type, version, identifier, code, properties));
    }

    /// <summary>As the broker forwards it: delivery properties by themselves, the others as they came.</summary>
    private static Parsed Publish(byte flags, ReadOnlySpan<byte> body, MqttVersion version)
    {
        PublishPacket.TryParse(flags, body, version, out var packet, out _);
        var identifiers = new List<uint>();
        var reader = new MqttPropertyReader(packet.Properties);
        while (reader.TryRead(out var property))
        {
            if (property.Id == MqttPropertyId.SubscriptionIdentifier)
            {
                identifiers.Add(property.Number);
            }
        }

        var omit = packet.TopicName.IsEmpty;
        var message = PublishMessage.From(packet, omit ? "none"u8 : packet.TopicName);
        var delivery = (
            packet.Qos, packet.Retain, packet.Duplicate, packet.PacketIdentifier, packet.MessageExpiryInterval, packet.TopicAlias, Omit: omit);
        var text = $"{delivery} [{string.Join(',', identifiers)}] {Convert.ToHexString(message.TopicName)} "
            + $"{Convert.ToHexString(message.ForwardedProperties)} {Convert.ToHexString(message.Payload)}";
        return new Parsed(text, o => PublishPacket.Write(o, version, message, new PublishDelivery
        {
            Qos = delivery.Qos,
            Retain = delivery.Retain,
            Duplicate = delivery.Duplicate,
            PacketIdentifier = delivery.PacketIdentifier,
            MessageExpiryInterval = delivery.MessageExpiryInterval,
            TopicAlias = delivery.TopicAlias,
            OmitTopicName = delivery.Omit,
            SubscriptionIdentifiers = identifiers.ToArray(),
        }));
    }
}
