using System.Buffers;

namespace Telemetry.Mqtt;

/// <summary>PUBACK, PUBREC, PUBREL and PUBCOMP, MQTT 5.0 sections 3.4 to 3.7: all four have one shape.</summary>
public readonly ref struct PubAckPacket
{
    /// <summary>1 to 65,535.</summary>
    public ushort PacketIdentifier { get; init; }

    /// <summary>0 when the packet left it out, and in 3.1.1.</summary>
    public ReasonCode ReasonCode { get; init; }

    /// <summary>Property block without its length, checked.</summary>
    public ReadOnlySpan<byte> Properties { get; init; }

    /// <summary>Reads the body of one of the four.</summary>
    public static bool TryParse(
        MqttPacketType type, ReadOnlySpan<byte> body, MqttVersion version, out PubAckPacket packet, out MqttError error)
    {
        packet = default;
        var reader = new MqttBodyReader(body);
        if (!reader.TryReadUInt16(out var identifier))
        {
            error = MqttBodyReader.Truncated;
            return false;
        }
        if (identifier == 0)
        {
            error = MqttError.Malformed("MQTT-2.2.1-3", "A Packet Identifier must not be 0.");
            return false;
        }
        if (reader.IsEmpty)
        {
            packet = new PubAckPacket { PacketIdentifier = identifier };
            error = default;
            return true;
        }
        if (version == MqttVersion.V311)
        {
            error = MqttBodyReader.TooLong;
            return false;
        }
        reader.TryReadByte(out var code);
        if (!IsAllowed(type, (ReasonCode)code))
        {
            error = MqttError.Malformed("MQTT-3.4.2-1", "The reason code is not one of this packet type.");
            return false;
        }
        ReadOnlySpan<byte> properties = default;
        error = default;
        if (!reader.IsEmpty && !reader.TryReadProperties(out properties, out error))
        {
            return false;
        }
        if (!reader.IsEmpty)
        {
            error = MqttBodyReader.TooLong;
            return false;
        }
        packet = new PubAckPacket
        {
            PacketIdentifier = identifier,
            ReasonCode = (ReasonCode)code,
            Properties = properties,
        };
        return MqttPropertyValues.TryCheckAll(properties, (MqttPropertyOwner)type, out error);
    }

    /// <summary>PUBACK, PUBREC, PUBREL or PUBCOMP with success: 4 bytes in both versions.</summary>
    public static int Write(IBufferWriter<byte> output, MqttPacketType type, ushort packetIdentifier)
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
    public static int Write(
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
            return Write(output, type, packetIdentifier);
        }
        var block = new PropertyBlock(version, properties, fixedSize: 3, maximumPacketSize);
        var withProperties = block.Size > 0;
        if (reasonCode == ReasonCode.Success && !withProperties)
        {
            return Write(output, type, packetIdentifier);
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

    private static bool IsAllowed(MqttPacketType type, ReasonCode code) => code switch
    {
        ReasonCode.Success => true,
        ReasonCode.PacketIdentifierNotFound => type is MqttPacketType.PubRel or MqttPacketType.PubComp,
        ReasonCode.NoMatchingSubscribers or ReasonCode.UnspecifiedError or ReasonCode.ImplementationSpecificError
            or ReasonCode.NotAuthorized or ReasonCode.TopicNameInvalid or ReasonCode.PacketIdentifierInUse
            or ReasonCode.QuotaExceeded or ReasonCode.PayloadFormatInvalid =>
            type is MqttPacketType.PubAck or MqttPacketType.PubRec,
        _ => false,
    };
}
