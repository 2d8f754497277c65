namespace Telemetry.Mqtt;

/// <summary>Fixed header of a control packet, MQTT 5.0 section 2.1.</summary>
/// <param name="FirstByte">Packet type and flags.</param>
/// <param name="RemainingLength">Bytes behind the fixed header.</param>
/// <param name="Length">Bytes of the fixed header itself: 2 to 5.</param>
public readonly record struct MqttFrameHeader(byte FirstByte, int RemainingLength, int Length)
{
    /// <summary>Most bytes a fixed header can take.</summary>
    public const int MaxSize = 5;

    /// <summary>Packet type. Known to be 1 to 15.</summary>
    public MqttPacketType Type => (MqttPacketType)(FirstByte >> 4);

    /// <summary>Low four bits of the first byte.</summary>
    public byte Flags => (byte)(FirstByte & 0x0F);

    /// <summary>Bytes of the whole packet.</summary>
    public int PacketLength => Length + RemainingLength;

    /// <summary>True when the Remaining Length takes no more bytes than it needs, as 5.0 demands. [MQTT-1.5.5-1]</summary>
    public bool IsShortestForm => Length == 1 + VariableByteInteger.SizeOf(RemainingLength);

    /// <summary>What is wrong with a header that is not in shortest form.</summary>
    public static MqttError NotShortestForm =>
        MqttError.Malformed("MQTT-1.5.5-1", "Remaining Length is longer than four bytes or not in shortest form.");

    /// <summary>Reads and judges the header; the first byte alone is enough to refuse a wrong type or wrong flags.</summary>
    /// <param name="source">From the first byte of the packet on.</param>
    /// <param name="maximumPacketSize">Largest packet taken, in bytes.</param>
    /// <param name="shortestForm">Refuse a Remaining Length with more bytes than it needs: a rule of 5.0 alone.</param>
    /// <param name="header">The header, when complete.</param>
    /// <param name="error">Set when the answer is <see cref="FrameStatus.Invalid"/>.</param>
    public static FrameStatus TryRead(
        ReadOnlySpan<byte> source, int maximumPacketSize, bool shortestForm, out MqttFrameHeader header, out MqttError error)
    {
        header = default;
        error = default;
        if (source.IsEmpty)
        {
            return FrameStatus.NeedMore;
        }
        var firstByte = source[0];
        if (!TryCheckFirstByte(firstByte, out error))
        {
            return FrameStatus.Invalid;
        }
        var count = shortestForm
            ? VariableByteInteger.Read(source[1..], out var remaining)
            : VariableByteInteger.ReadAnyForm(source[1..], out remaining);
        if (count < 0)
        {
            error = NotShortestForm;
            return FrameStatus.Invalid;
        }
        if (count == 0)
        {
            return FrameStatus.NeedMore;
        }
        header = new MqttFrameHeader(firstByte, remaining, 1 + count);
        if (header.PacketLength > maximumPacketSize)
        {
            error = new MqttError(ReasonCode.PacketTooLarge, "MQTT-3.2.2-15", "The packet is larger than the Maximum Packet Size.");
            return FrameStatus.Invalid;
        }
        return FrameStatus.Complete;
    }

    private static bool TryCheckFirstByte(byte firstByte, out MqttError error)
    {
        var flags = firstByte & 0x0F;
        error = (MqttPacketType)(firstByte >> 4) switch
        {
            0 => MqttError.Malformed("MQTT-2.1.2", "Packet type 0 is reserved."),
            MqttPacketType.Publish when (flags & 0x06) == 0x06 =>
                MqttError.Malformed("MQTT-3.3.1-4", "A PUBLISH must not have both QoS bits set."),
            MqttPacketType.Publish when (flags & 0x0E) == 0x08 =>
                MqttError.Malformed("MQTT-3.3.1-2", "DUP must be 0 at QoS 0."),
            MqttPacketType.Publish => default,
            MqttPacketType.PubRel => flags == 2 ? default : Flags("MQTT-3.6.1-1"),
            MqttPacketType.Subscribe => flags == 2 ? default : Flags("MQTT-3.8.1-1"),
            MqttPacketType.Unsubscribe => flags == 2 ? default : Flags("MQTT-3.10.1-1"),
            MqttPacketType.Disconnect => flags == 0 ? default : Flags("MQTT-3.14.1-1"),
            MqttPacketType.Auth => flags == 0 ? default : Flags("MQTT-3.15.1-1"),
            _ => flags == 0 ? default : Flags("MQTT-2.1.3-1"),
        };
        return error.IsNone;

        static MqttError Flags(string clause) =>
            MqttError.Malformed(clause, "The flags of the fixed header are not those of this packet type.");
    }
}
