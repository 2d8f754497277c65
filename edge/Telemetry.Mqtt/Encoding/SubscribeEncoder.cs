using System.Buffers;

namespace Telemetry.Mqtt;

/// <summary>Writes SUBSCRIBE, SUBACK, UNSUBSCRIBE and UNSUBACK, MQTT 5.0 sections 3.8 to 3.11.</summary>
internal static class SubscribeEncoder
{
    public static int WriteSubscribe(IBufferWriter<byte> output, MqttVersion version, SubscribePacket packet)
    {
        var block = new PropertyBlock(version, packet.Properties, fixedSize: 0, int.MaxValue);
        var remaining = 2 + block.EncodedSize;
        foreach (var request in packet.Requests)
        {
            remaining += SpanWriter.SizeOf(request.FilterText) + 1;
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

    public static int WriteSubAck(IBufferWriter<byte> output, MqttVersion version, SubAckPacket packet, int maximumPacketSize)
    {
        var codes = packet.ReasonCodes;
        var block = new PropertyBlock(version, packet.Properties, 2 + codes.Count, maximumPacketSize);
        if (!MqttEncoding.TryReserve(
            output, MqttPacketType.SubAck, 2 + block.EncodedSize + codes.Count, maximumPacketSize, out var writer, out var size))
        {
            return 0;
        }
        writer.WriteUInt16(packet.PacketIdentifier);
        block.Write(ref writer);
        foreach (var code in codes)
        {
            writer.WriteByte(version == MqttVersion.V311 && code >= ReasonCode.UnspecifiedError ? (byte)0x80 : (byte)code);
        }
        output.Advance(size);
        return size;
    }

    public static int WriteUnsubscribe(IBufferWriter<byte> output, MqttVersion version, UnsubscribePacket packet)
    {
        var block = new PropertyBlock(version, packet.Properties, fixedSize: 0, int.MaxValue);
        var remaining = 2 + block.EncodedSize;
        foreach (var filter in packet.Filters)
        {
            remaining += SpanWriter.SizeOf(filter);
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

    public static int WriteUnsubAck(IBufferWriter<byte> output, MqttVersion version, UnsubAckPacket packet, int maximumPacketSize)
    {
        var count = version == MqttVersion.V311 ? 0 : packet.ReasonCodes.Count;
        var block = new PropertyBlock(version, packet.Properties, 2 + count, maximumPacketSize);
        if (!MqttEncoding.TryReserve(
            output, MqttPacketType.UnsubAck, 2 + block.EncodedSize + count, maximumPacketSize, out var writer, out var size))
        {
            return 0;
        }
        writer.WriteUInt16(packet.PacketIdentifier);
        block.Write(ref writer);
        for (var i = 0; i < count; i++)
        {
            writer.WriteByte((byte)packet.ReasonCodes[i]);
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
}
