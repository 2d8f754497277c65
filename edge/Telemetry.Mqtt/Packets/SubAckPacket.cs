using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace Telemetry.Mqtt;

/// <summary>SUBACK, MQTT 5.0 section 3.9: one code for each filter, in their order.</summary>
public sealed class SubAckPacket
{
    /// <summary>1 to 65,535.</summary>
    public ushort PacketIdentifier { get; init; }

    public required IReadOnlyList<ReasonCode> ReasonCodes { get; init; }

    public MqttProperties? Properties { get; init; }

    /// <summary>Reads the body of a SUBACK.</summary>
    public static bool TryParse(
        ReadOnlySpan<byte> body, MqttVersion version, [NotNullWhen(true)] out SubAckPacket? packet, out MqttError error)
    {
        packet = null;
        var reader = new MqttBodyReader(body);
        if (!MqttPacketParts.TryReadIdentified(
            ref reader, version, MqttPropertyOwner.SubAck, out var identifier, out var properties, out error))
        {
            return false;
        }
        foreach (var code in reader.Rest)
        {
            if (!IsAllowed((ReasonCode)code, version))
            {
                error = MqttError.Malformed("MQTT-3.9.3-2", "A SUBACK has a reason code that SUBACK does not have.");
                return false;
            }
        }
        if (reader.IsEmpty)
        {
            error = MqttBodyReader.Truncated;
            return false;
        }
        packet = new SubAckPacket
        {
            PacketIdentifier = identifier,
            ReasonCodes = MqttPacketParts.ToReasonCodes(reader.Rest),
            Properties = properties,
        };
        return true;
    }

    private static bool IsAllowed(ReasonCode code, MqttVersion version) => code switch
    {
        ReasonCode.Success or ReasonCode.GrantedQos1 or ReasonCode.GrantedQos2 or ReasonCode.UnspecifiedError => true,
        ReasonCode.ImplementationSpecificError or ReasonCode.NotAuthorized or ReasonCode.TopicFilterInvalid
            or ReasonCode.PacketIdentifierInUse or ReasonCode.QuotaExceeded
            or ReasonCode.SharedSubscriptionsNotSupported or ReasonCode.SubscriptionIdentifiersNotSupported
            or ReasonCode.WildcardSubscriptionsNotSupported => version == MqttVersion.V500,
        _ => false,
    };

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
