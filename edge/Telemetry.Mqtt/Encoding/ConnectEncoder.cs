using System.Buffers;

namespace Telemetry.Mqtt;

/// <summary>Writes CONNECT, MQTT 5.0 section 3.1.</summary>
internal static class ConnectEncoder
{
    // Length and name, level, flags, keep alive.
    private const int VariableHeaderSize = 6 + 1 + 1 + 2;

    public static int Write(IBufferWriter<byte> output, ConnectPacket packet)
    {
        if (packet.Version == MqttVersion.V311 && packet.Password is not null && packet.UserName is null)
        {
            throw new ArgumentException("A password needs a user name in MQTT 3.1.1 [MQTT-3.1.2-22].", nameof(packet));
        }
        var block = new PropertyBlock(packet.Version, packet.Properties, fixedSize: 0, int.MaxValue);
        var willBlock = new PropertyBlock(packet.Version, packet.Will?.Properties, fixedSize: 0, int.MaxValue);
        var remaining = VariableHeaderSize + block.EncodedSize + SpanWriter.SizeOf(packet.ClientId);
        if (packet.Will is { } will)
        {
            remaining += willBlock.EncodedSize + SpanWriter.SizeOf(will.TopicName) + SpanWriter.SizeOf(will.Payload.Span);
        }
        remaining += packet.UserName is null ? 0 : SpanWriter.SizeOf(packet.UserName);
        remaining += packet.Password is { } password ? SpanWriter.SizeOf(password.Span) : 0;
        MqttEncoding.TryReserve(output, MqttPacketType.Connect, remaining, int.MaxValue, out var writer, out var size);
        writer.WriteBinary("MQTT"u8);
        writer.WriteByte((byte)packet.Version);
        writer.WriteByte(Flags(packet));
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

    private static byte Flags(ConnectPacket packet)
    {
        var flags = (packet.UserName is null ? 0 : 0x80) | (packet.Password is null ? 0 : 0x40)
            | (packet.CleanStart ? 0x02 : 0);
        if (packet.Will is { } will)
        {
            flags |= 0x04 | (int)will.Qos << 3 | (will.Retain ? 0x20 : 0);
        }
        return (byte)flags;
    }
}
