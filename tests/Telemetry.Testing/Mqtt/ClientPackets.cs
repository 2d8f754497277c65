using System.Buffers;
using Telemetry.Mqtt;

namespace Telemetry.Testing.Mqtt;

/// <summary>Packets that only a client writes, for tests that are about raw bytes.</summary>
public static class ClientPackets
{
    // Length and name, level, flags, keep alive.
    private const int ConnectHeaderSize = 6 + 1 + 1 + 2;

    /// <summary>Writes a CONNECT in the version of the packet; returns its bytes.</summary>
    public static int Connect(IBufferWriter<byte> output, ConnectPacket packet)
    {
        if (packet.Version == MqttVersion.V311 && packet.Password is not null && packet.UserName is null)
        {
            throw new ArgumentException("A password needs a user name in MQTT 3.1.1 [MQTT-3.1.2-22].", nameof(packet));
        }
        var block = new PropertyBlock(packet.Version, packet.Properties, fixedSize: 0, int.MaxValue);
        var willBlock = new PropertyBlock(packet.Version, packet.Will?.Properties, fixedSize: 0, int.MaxValue);
        var remaining = ConnectHeaderSize + block.EncodedSize + MqttBodyWriter.SizeOf(packet.ClientId);
        if (packet.Will is { } will)
        {
            remaining += willBlock.EncodedSize + MqttBodyWriter.SizeOf(will.TopicName) + MqttBodyWriter.SizeOf(will.Payload.Span);
        }
        remaining += packet.UserName is null ? 0 : MqttBodyWriter.SizeOf(packet.UserName);
        remaining += packet.Password is { } password ? MqttBodyWriter.SizeOf(password.Span) : 0;
        MqttEncoding.TryReserve(output, MqttPacketType.Connect, remaining, int.MaxValue, out var writer, out var size);
        writer.WriteBinary("MQTT"u8);
        writer.WriteByte((byte)packet.Version);
        writer.WriteByte(FlagsOf(packet));
        writer.WriteUInt16(packet.KeepAlive);
        block.Write(ref writer);
        writer.WriteString(packet.ClientId);
        if (packet.Will is not null)
        {
            willBlock.Write(ref writer);
            writer.WriteString(packet.Will.TopicName);
            writer.WriteBinary(packet.Will.Payload.Span);
        }
        if (packet.UserName is not null)
        {
            writer.WriteString(packet.UserName);
        }
        if (packet.Password is { } secret)
        {
            writer.WriteBinary(secret.Span);
        }
        output.Advance(size);
        return size;
    }

    private static byte FlagsOf(ConnectPacket packet)
    {
        var flags = (packet.UserName is null ? 0 : 0x80) | (packet.Password is null ? 0 : 0x40)
            | (packet.CleanStart ? 0x02 : 0);
        if (packet.Will is { } will)
        {
            flags |= 0x04 | (int)will.Qos << 3 | (will.Retain ? 0x20 : 0);
        }
        return (byte)flags;
    }

    /// <summary>Writes a SUBSCRIBE; returns its bytes.</summary>
    public static int Subscribe(IBufferWriter<byte> output, MqttVersion version, SubscribePacket packet)
    {
        var block = new PropertyBlock(version, packet.Properties, fixedSize: 0, int.MaxValue);
        var remaining = 2 + block.EncodedSize;
        foreach (var request in packet.Requests)
        {
            remaining += MqttBodyWriter.SizeOf(request.FilterText) + 1;
        }
        MqttEncoding.TryReserve(output, MqttPacketType.Subscribe, remaining, int.MaxValue, out var writer, out var size);
        writer.WriteUInt16(packet.PacketIdentifier);
        block.Write(ref writer);
        foreach (var request in packet.Requests)
        {
            writer.WriteString(request.FilterText);
            writer.WriteByte(Options(version, request));
        }
        output.Advance(size);
        return size;
    }

    private static byte Options(MqttVersion version, SubscriptionRequest request)
    {
        if (version == MqttVersion.V311)
        {
            return (byte)request.Qos;
        }
        return (byte)((int)request.Qos | (request.NoLocal ? 4 : 0) | (request.RetainAsPublished ? 8 : 0)
            | (int)request.RetainHandling << 4);
    }

    /// <summary>Writes an UNSUBSCRIBE; returns its bytes.</summary>
    public static int Unsubscribe(IBufferWriter<byte> output, MqttVersion version, UnsubscribePacket packet)
    {
        var block = new PropertyBlock(version, packet.Properties, fixedSize: 0, int.MaxValue);
        var remaining = 2 + block.EncodedSize;
        foreach (var filter in packet.Filters)
        {
            remaining += MqttBodyWriter.SizeOf(filter);
        }
        MqttEncoding.TryReserve(output, MqttPacketType.Unsubscribe, remaining, int.MaxValue, out var writer, out var size);
        writer.WriteUInt16(packet.PacketIdentifier);
        block.Write(ref writer);
        foreach (var filter in packet.Filters)
        {
            writer.WriteString(filter);
        }
        output.Advance(size);
        return size;
    }
}
