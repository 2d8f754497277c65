using System.Buffers;
using Telemetry.Mqtt;

namespace Telemetry.Tests.Mqtt;

/// <summary>What the decoder makes of bytes: a description of the packet, or an error. Never throws for any bytes.</summary>
internal sealed record Decoded(FrameStatus Status, string Text, MqttError Error, ConnectFailure ConnectFailure = default)
{
    public bool IsPacket => Status == FrameStatus.Complete && Error.IsNone;

    /// <summary>Decodes whole, split in two at every byte, and byte by byte, and demands one answer.</summary>
    public static Decoded From(
        byte[] bytes, MqttVersion version = MqttVersion.V500, MqttPeer sender = MqttPeer.Client, int maximum = int.MaxValue)
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

    public static Decoded Once(ReadOnlySequence<byte> bytes, MqttVersion version, MqttPeer sender, int maximum = int.MaxValue)
    {
        var status = MqttFrame.TryRead(bytes, maximum, out var frame, out _, out _, out var error);
        if (status != FrameStatus.Complete)
        {
            return new Decoded(status, "", error);
        }
        if (!MqttDirection.TryCheck(frame.Type, version, sender, out error))
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
        MqttPacketType type, byte flags, ReadOnlySpan<byte> body, MqttVersion version, MqttPeer sender)
    {
        MqttError error = default;
        switch (type)
        {
            case MqttPacketType.Connect:
                return ConnectPacket.TryParse(body, out var connect, out var failure)
                    ? Packet(Dump.Connect(connect))
                    : new Decoded(FrameStatus.Complete, "", failure.Error, failure);
            case MqttPacketType.ConnAck:
                return ConnAckPacket.TryParse(body, version, out var connAck, out error)
                    ? Packet($"CONNACK {connAck.SessionPresent} {connAck.ReasonCode} {Dump.Properties(connAck.Properties)}")
                    : Failed(error);
            case MqttPacketType.Publish:
                return PublishPacket.TryParse(flags, body, version, sender, out var publish, out error)
                    ? Packet(Dump.Publish(publish))
                    : Failed(error);
            case MqttPacketType.PubAck or MqttPacketType.PubRec or MqttPacketType.PubRel or MqttPacketType.PubComp:
                return PubAckPacket.TryParse(type, body, version, out var ack, out error)
                    ? Packet($"{type} {ack.PacketIdentifier} {ack.ReasonCode} {Convert.ToHexString(ack.Properties)}")
                    : Failed(error);
            case MqttPacketType.Subscribe:
                return SubscribePacket.TryParse(body, version, out var subscribe, out error)
                    ? Packet($"SUBSCRIBE {subscribe.PacketIdentifier} {string.Join(";", subscribe.Requests.Select(Dump.Request))} "
                        + Dump.Properties(subscribe.Properties))
                    : Failed(error);
            case MqttPacketType.SubAck:
                return SubAckPacket.TryParse(body, version, out var subAck, out error)
                    ? Packet($"SUBACK {subAck.PacketIdentifier} {string.Join(",", subAck.ReasonCodes)} "
                        + Dump.Properties(subAck.Properties))
                    : Failed(error);
            case MqttPacketType.Unsubscribe:
                return UnsubscribePacket.TryParse(body, version, out var unsubscribe, out error)
                    ? Packet($"UNSUBSCRIBE {unsubscribe.PacketIdentifier} {string.Join(";", unsubscribe.Filters)} "
                        + Dump.Properties(unsubscribe.Properties))
                    : Failed(error);
            case MqttPacketType.UnsubAck:
                return UnsubAckPacket.TryParse(body, version, out var unsubAck, out error)
                    ? Packet($"UNSUBACK {unsubAck.PacketIdentifier} {string.Join(",", unsubAck.ReasonCodes)} "
                        + Dump.Properties(unsubAck.Properties))
                    : Failed(error);
            case MqttPacketType.Disconnect:
                return DisconnectPacket.TryParse(body, version, sender, out var disconnect, out error)
                    ? Packet($"DISCONNECT {disconnect.ReasonCode} {Dump.Properties(disconnect.Properties)}")
                    : Failed(error);
            case MqttPacketType.Auth:
                return AuthPacket.TryParse(body, sender, out var auth, out error)
                    ? Packet($"AUTH {auth.ReasonCode} {Dump.Properties(auth.Properties)}")
                    : Failed(error);
            default:
                return EmptyPacket.TryParse(body, out error) ? Packet(type.ToString()) : Failed(error);
        }
    }

    private static Decoded Packet(string text) => new(FrameStatus.Complete, text, default);

    private static Decoded Failed(MqttError error)
    {
        error.IsNone.ShouldBeFalse("a refusal must say why");
        return new Decoded(FrameStatus.Complete, "", error);
    }
}
