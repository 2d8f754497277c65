using System.Buffers;
using Telemetry.Mqtt;
using Telemetry.Testing.Mqtt;

namespace Telemetry.Tests.Mqtt;

/// <summary>What the decoder makes of bytes: a description of the packet, or an error. Never throws for any bytes.</summary>
internal sealed record Decoded(FrameStatus Status, string Text, MqttError Error, ConnectFailure ConnectFailure = default)
{
    public bool IsPacket => Status == FrameStatus.Complete && Error.IsNone;

    /// <summary>Decodes whole, split in two at every byte, and byte by byte, and demands one answer.</summary>
    public static Decoded From(
        byte[] bytes, MqttVersion version = MqttVersion.V500, Sender sender = Sender.Client, int maximum = int.MaxValue)
    {
        var whole = Once(new ReadOnlySequence<byte>(bytes), version, sender, maximum);
        // A long packet is split around its head and tail, where the fields are.
        for (var at = 0; at <= bytes.Length; at = at == 200 && bytes.Length > 400 ? bytes.Length - 200 : at + 1)
        {
            Once(Wire.Split(bytes, at), version, sender, maximum).ShouldBe(whole, $"split at {at}");
        }
        if (bytes.Length is > 0 and < 1000)
        {
            Once(Wire.Shatter(bytes), version, sender, maximum).ShouldBe(whole, "split at every byte");
        }
        AskForMoreUntilWhole(bytes, maximum, whole);
        return whole;
    }

    public static Decoded Once(ReadOnlySequence<byte> bytes, MqttVersion version, Sender sender, int maximum = int.MaxValue)
    {
        var status = MqttFrame.TryRead(bytes, maximum, out var frame, out _, out _, out var error);
        if (status != FrameStatus.Complete)
        {
            return new Decoded(status, "", error);
        }
        using var body = frame.GetBody();
        return Fields(frame.Type, frame.Flags, body.Span, version, sender);
    }

    private static void AskForMoreUntilWhole(byte[] bytes, int maximum, Decoded whole)
    {
        if (whole.Status != FrameStatus.Complete)
        {
            return;
        }
        for (var count = 0; count < Math.Min(bytes.Length, 300); count++)
        {
            var part = new ReadOnlySequence<byte>(bytes, 0, count);
            MqttFrame.TryRead(part, maximum, out _, out var consumed, out var examined, out _).ShouldBe(FrameStatus.NeedMore);
            consumed.ShouldBe(part.Start);
            examined.ShouldBe(part.End);
        }
    }

    private static Decoded Fields(
        MqttPacketType type, byte flags, ReadOnlySpan<byte> body, MqttVersion version, Sender sender)
    {
        return sender == Sender.Server ? FromServer(type, flags, body, version) : FromClient(type, flags, body, version);
    }

    private static Decoded FromClient(MqttPacketType type, byte flags, ReadOnlySpan<byte> body, MqttVersion version)
    {
        MqttError error;
        switch (type)
        {
            case MqttPacketType.Connect:
                return ConnectPacket.TryParse(body, out var connect, out var failure)
                    ? Packet(Dump.Connect(connect))
                    : new Decoded(FrameStatus.Complete, "", failure.Error, failure);
            case MqttPacketType.Subscribe:
                return SubscribePacket.TryParse(body, version, out var subscribe, out error)
                    ? Packet($"SUBSCRIBE {subscribe.PacketIdentifier} {string.Join(";", subscribe.Requests.Select(Dump.Request))} "
                        + Dump.Properties(subscribe.Properties))
                    : Failed(error);
            case MqttPacketType.Unsubscribe:
                return UnsubscribePacket.TryParse(body, version, out var unsubscribe, out error)
                    ? Packet($"UNSUBSCRIBE {unsubscribe.PacketIdentifier} {string.Join(";", unsubscribe.Filters)} "
                        + Dump.Properties(unsubscribe.Properties))
                    : Failed(error);
            case MqttPacketType.Disconnect:
                return DisconnectPacket.TryParse(body, version, out var disconnect, out error)
                    ? Packet($"DISCONNECT {disconnect.ReasonCode} {Dump.Properties(disconnect.Properties)}")
                    : Failed(error);
            case MqttPacketType.PingReq:
                return PingPacket.TryParse(body, out error) ? Packet(type.ToString()) : Failed(error);
            default:
                return FromBoth(type, flags, body, version);
        }
    }

    private static Decoded FromServer(MqttPacketType type, byte flags, ReadOnlySpan<byte> body, MqttVersion version)
    {
        MqttError error;
        switch (type)
        {
            case MqttPacketType.ConnAck:
                return ServerPackets.ConnAck(body, version, out var connAck, out error)
                    ? Packet($"CONNACK {connAck.SessionPresent} {connAck.ReasonCode} {Dump.Properties(connAck.Properties)}")
                    : Failed(error);
            case MqttPacketType.SubAck:
                return ServerPackets.SubAck(body, version, out var subAck, out error)
                    ? Packet($"SUBACK {subAck.PacketIdentifier} {string.Join(",", subAck.ReasonCodes)} "
                        + Dump.Properties(subAck.Properties))
                    : Failed(error);
            case MqttPacketType.UnsubAck:
                return ServerPackets.UnsubAck(body, version, out var unsubAck, out error)
                    ? Packet($"UNSUBACK {unsubAck.PacketIdentifier} {string.Join(",", unsubAck.ReasonCodes)} "
                        + Dump.Properties(unsubAck.Properties))
                    : Failed(error);
            case MqttPacketType.Disconnect:
                return ServerPackets.Disconnect(body, out var disconnect, out error)
                    ? Packet($"DISCONNECT {disconnect.ReasonCode} {Dump.Properties(disconnect.Properties)}")
                    : Failed(error);
            case MqttPacketType.PingResp when body.IsEmpty:
                return Packet(type.ToString());
            default:
                return FromBoth(type, flags, body, version);
        }
    }

    private static Decoded FromBoth(MqttPacketType type, byte flags, ReadOnlySpan<byte> body, MqttVersion version)
    {
        MqttError error;
        switch (type)
        {
            case MqttPacketType.Publish:
                return PublishPacket.TryParse(flags, body, version, out var publish, out error)
                    ? Packet(Dump.Publish(publish))
                    : Failed(error);
            case MqttPacketType.PubAck or MqttPacketType.PubRec or MqttPacketType.PubRel or MqttPacketType.PubComp:
                return PubAckPacket.TryParse(type, body, version, out var ack, out error)
                    ? Packet($"{type} {ack.PacketIdentifier} {ack.ReasonCode} {Convert.ToHexString(ack.Properties)}")
                    : Failed(error);
            default:
                return Failed(MqttError.Protocol("MQTT-4.13.1-1", "Not a packet that this side sends."));
        }
    }

    private static Decoded Packet(string text) => new(FrameStatus.Complete, text, default);

    private static Decoded Failed(MqttError error)
    {
        error.IsNone.ShouldBeFalse("a refusal must say why");
        return new Decoded(FrameStatus.Complete, "", error);
    }
}
