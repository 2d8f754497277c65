using System.Buffers;

namespace Telemetry.Mqtt;

/// <summary>What all encoders have in common.</summary>
internal static class MqttEncoding
{
    /// <summary>First byte of a packet with fixed flags.</summary>
    public static byte FirstByte(MqttPacketType type) => type
        is MqttPacketType.PubRel or MqttPacketType.Subscribe or MqttPacketType.Unsubscribe
            ? (byte)((int)type << 4 | 2)
            : (byte)((int)type << 4);

    /// <summary>
    /// Reserves the whole packet and writes its fixed header; false (and nothing reserved) when it is over the limit.
    /// The caller fills the rest and advances by <paramref name="size"/>.
    /// </summary>
    public static bool TryReserve(
        IBufferWriter<byte> output, MqttPacketType type, int remaining, int maximumPacketSize, out MqttBodyWriter writer, out int size)
    {
        size = SizeOfPacket(remaining);
        if (size > maximumPacketSize)
        {
            writer = default;
            return false;
        }
        writer = new MqttBodyWriter(output.GetSpan(size)[..size]);
        writer.WriteByte(FirstByte(type));
        writer.WriteVariableByteInteger(remaining);
        return true;
    }

    public static int SizeOfPacket(int remaining) => 1 + VariableByteInteger.SizeOf(remaining) + remaining;

    /// <summary>A packet that is a fixed header and nothing else.</summary>
    public static int WriteEmpty(IBufferWriter<byte> output, MqttPacketType type)
    {
        var span = output.GetSpan(2);
        span[0] = FirstByte(type);
        span[1] = 0;
        output.Advance(2);
        return 2;
    }
}
