using System.Buffers;

namespace Telemetry.Mqtt;

/// <summary>SUBACK, MQTT 5.0 section 3.9: one code for each filter, in their order.</summary>
public sealed class SubAckPacket
{
    /// <summary>1 to 65,535.</summary>
    public ushort PacketIdentifier { get; init; }

    public required IReadOnlyList<ReasonCode> ReasonCodes { get; init; }

    public MqttProperties? Properties { get; init; }

    /// <summary>Writes a SUBACK; in 3.1.1 every failure is 0x80. Returns its bytes, 0 when it is over the limit.</summary>
    public static int Write(
        IBufferWriter<byte> output, MqttVersion version, SubAckPacket packet, int maximumPacketSize = int.MaxValue)
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
}
