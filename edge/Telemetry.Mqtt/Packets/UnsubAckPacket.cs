using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace Telemetry.Mqtt;

/// <summary>UNSUBACK, MQTT 5.0 section 3.11.</summary>
public sealed class UnsubAckPacket
{
    /// <summary>1 to 65,535.</summary>
    public ushort PacketIdentifier { get; init; }

    /// <summary>One for each filter, in their order; empty in 3.1.1.</summary>
    public IReadOnlyList<ReasonCode> ReasonCodes { get; init; } = [];

    public MqttProperties? Properties { get; init; }

    /// <summary>Reads the body of an UNSUBACK.</summary>
    public static bool TryParse(
        ReadOnlySpan<byte> body, MqttVersion version, [NotNullWhen(true)] out UnsubAckPacket? packet, out MqttError error)
    {
        packet = null;
        var reader = new MqttBodyReader(body);
        if (!MqttPacketParts.TryReadIdentified(
            ref reader, version, MqttPropertyOwner.UnsubAck, out var identifier, out var properties, out error))
        {
            return false;
        }
        if (reader.IsEmpty != (version == MqttVersion.V311))
        {
            error = version == MqttVersion.V311 ? MqttBodyReader.TooLong : MqttBodyReader.Truncated;
            return false;
        }
        foreach (var code in reader.Rest)
        {
            if (!IsAllowed((ReasonCode)code))
            {
                error = MqttError.Malformed("MQTT-3.11.3-2", "An UNSUBACK has a reason code that UNSUBACK does not have.");
                return false;
            }
        }
        packet = new UnsubAckPacket
        {
            PacketIdentifier = identifier,
            ReasonCodes = MqttPacketParts.ToReasonCodes(reader.Rest),
            Properties = properties,
        };
        return true;
    }

    private static bool IsAllowed(ReasonCode code) => code is ReasonCode.Success or ReasonCode.NoSubscriptionExisted
        or ReasonCode.UnspecifiedError or ReasonCode.ImplementationSpecificError or ReasonCode.NotAuthorized
        or ReasonCode.TopicFilterInvalid or ReasonCode.PacketIdentifierInUse;

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
