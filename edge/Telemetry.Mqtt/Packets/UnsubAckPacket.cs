using System.Buffers;

namespace Telemetry.Mqtt;

/// <summary>UNSUBACK, MQTT 5.0 section 3.11.</summary>
public sealed class UnsubAckPacket
{
    /// <summary>1 to 65,535.</summary>
    public ushort PacketIdentifier { get; init; }

    /// <summary>One for each filter, in their order; empty in 3.1.1.</summary>
    public IReadOnlyList<ReasonCode> ReasonCodes { get; init; } = [];

    public MqttProperties? Properties { get; init; }

    /// <summary>Writes an UNSUBACK; in 3.1.1 without reason codes. Returns its bytes, 0 when it is over the limit.</summary>
    public static int Write(
        IBufferWriter<byte> output, MqttVersion version, UnsubAckPacket packet, int maximumPacketSize = int.MaxValue)
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
}
