using System.Buffers;

namespace Telemetry.Mqtt;

/// <summary>
/// Writes every packet but PUBLISH (<see cref="PublishEncoder"/>), for clients and servers: size first, then one
/// reservation and one advance. Where a packet may have Reason String and User Properties, <c>maximumPacketSize</c> is the
/// receiver's limit: they are left out when the packet would be larger with them [MQTT-3.2.2-19 and its kin], and if it is
/// larger still nothing is written. All methods return the bytes written.
/// </summary>
public static class MqttEncoder
{
    /// <summary>PUBACK, PUBREC, PUBREL or PUBCOMP with success: 4 bytes in both versions.</summary>
    public static int WriteAck(IBufferWriter<byte> output, MqttPacketType type, ushort packetIdentifier)
    {
        var span = output.GetSpan(4);
        span[0] = MqttEncoding.FirstByte(type);
        span[1] = 2;
        span[2] = (byte)(packetIdentifier >> 8);
        span[3] = (byte)packetIdentifier;
        output.Advance(4);
        return 4;
    }

    /// <summary>PUBACK, PUBREC, PUBREL or PUBCOMP. In 3.1.1 the reason code and properties are not written.</summary>
    public static int WriteAck(
        IBufferWriter<byte> output,
        MqttPacketType type,
        MqttVersion version,
        ushort packetIdentifier,
        ReasonCode reasonCode,
        MqttProperties? properties = null,
        int maximumPacketSize = int.MaxValue)
    {
        if (version == MqttVersion.V311 || (reasonCode == ReasonCode.Success && properties is null))
        {
            return WriteAck(output, type, packetIdentifier);
        }
        var block = new PropertyBlock(version, properties, fixedSize: 3, maximumPacketSize);
        var withProperties = block.Size > 0;
        if (reasonCode == ReasonCode.Success && !withProperties)
        {
            return WriteAck(output, type, packetIdentifier);
        }
        if (!MqttEncoding.TryReserve(
            output, type, 3 + (withProperties ? block.EncodedSize : 0), maximumPacketSize, out var writer, out var size))
        {
            return 0;
        }
        writer.WriteUInt16(packetIdentifier);
        writer.WriteByte((byte)reasonCode);
        if (withProperties)
        {
            block.Write(ref writer);
        }
        output.Advance(size);
        return size;
    }

    /// <summary>PINGREQ: 2 bytes.</summary>
    public static int WritePingReq(IBufferWriter<byte> output) => WriteEmpty(output, MqttPacketType.PingReq);

    /// <summary>PINGRESP: 2 bytes.</summary>
    public static int WritePingResp(IBufferWriter<byte> output) => WriteEmpty(output, MqttPacketType.PingResp);

    /// <summary>CONNECT, in the version of the packet.</summary>
    public static int WriteConnect(IBufferWriter<byte> output, ConnectPacket packet) => ConnectEncoder.Write(output, packet);

    /// <summary>CONNACK. In 3.1.1 the reason code becomes the return code that is nearest to it.</summary>
    public static int WriteConnAck(
        IBufferWriter<byte> output, MqttVersion version, ConnAckPacket packet, int maximumPacketSize = int.MaxValue)
    {
        var block = new PropertyBlock(version, packet.Properties, fixedSize: 2, maximumPacketSize);
        if (!MqttEncoding.TryReserve(
            output, MqttPacketType.ConnAck, 2 + block.EncodedSize, maximumPacketSize, out var writer, out var size))
        {
            return 0;
        }
        // Session Present must be 0 in a refusal [MQTT-3.2.2-6].
        writer.WriteByte((byte)(packet.SessionPresent && packet.ReasonCode == ReasonCode.Success ? 1 : 0));
        writer.WriteByte(version == MqttVersion.V311
            ? ConnectReturnCode.FromReasonCode(packet.ReasonCode)
            : (byte)packet.ReasonCode);
        block.Write(ref writer);
        output.Advance(size);
        return size;
    }

    /// <summary>SUBSCRIBE.</summary>
    public static int WriteSubscribe(IBufferWriter<byte> output, MqttVersion version, SubscribePacket packet) =>
        SubscribeEncoder.WriteSubscribe(output, version, packet);

    /// <summary>SUBACK. In 3.1.1 every failure is written as 0x80.</summary>
    public static int WriteSubAck(
        IBufferWriter<byte> output, MqttVersion version, SubAckPacket packet, int maximumPacketSize = int.MaxValue) =>
        SubscribeEncoder.WriteSubAck(output, version, packet, maximumPacketSize);

    /// <summary>UNSUBSCRIBE.</summary>
    public static int WriteUnsubscribe(IBufferWriter<byte> output, MqttVersion version, UnsubscribePacket packet) =>
        SubscribeEncoder.WriteUnsubscribe(output, version, packet);

    /// <summary>UNSUBACK. In 3.1.1 without reason codes.</summary>
    public static int WriteUnsubAck(
        IBufferWriter<byte> output, MqttVersion version, UnsubAckPacket packet, int maximumPacketSize = int.MaxValue) =>
        SubscribeEncoder.WriteUnsubAck(output, version, packet, maximumPacketSize);

    /// <summary>DISCONNECT. In 3.1.1 without reason code and properties (and only a client may send it).</summary>
    public static int WriteDisconnect(
        IBufferWriter<byte> output,
        MqttVersion version,
        ReasonCode reasonCode,
        MqttProperties? properties = null,
        int maximumPacketSize = int.MaxValue)
    {
        if (version == MqttVersion.V311 || (reasonCode == ReasonCode.Success && properties is null))
        {
            return WriteEmpty(output, MqttPacketType.Disconnect);
        }
        return WriteReasoned(output, MqttPacketType.Disconnect, reasonCode, properties, maximumPacketSize);
    }

    /// <summary>AUTH, 5.0 only.</summary>
    public static int WriteAuth(
        IBufferWriter<byte> output, ReasonCode reasonCode, MqttProperties properties, int maximumPacketSize = int.MaxValue) =>
        WriteReasoned(output, MqttPacketType.Auth, reasonCode, properties, maximumPacketSize);

    private static int WriteReasoned(
        IBufferWriter<byte> output, MqttPacketType type, ReasonCode reasonCode, MqttProperties? properties, int maximumPacketSize)
    {
        var block = new PropertyBlock(MqttVersion.V500, properties, fixedSize: 1, maximumPacketSize);
        var withProperties = block.Size > 0;
        if (!MqttEncoding.TryReserve(
            output, type, 1 + (withProperties ? block.EncodedSize : 0), maximumPacketSize, out var writer, out var size))
        {
            return 0;
        }
        writer.WriteByte((byte)reasonCode);
        if (withProperties)
        {
            block.Write(ref writer);
        }
        output.Advance(size);
        return size;
    }

    private static int WriteEmpty(IBufferWriter<byte> output, MqttPacketType type)
    {
        var span = output.GetSpan(2);
        span[0] = MqttEncoding.FirstByte(type);
        span[1] = 0;
        output.Advance(2);
        return 2;
    }
}
