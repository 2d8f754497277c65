using System.Diagnostics.CodeAnalysis;
using Telemetry.Mqtt;

namespace Telemetry.Testing.Mqtt;

/// <summary>Reads packets that only a server writes, for tests that are about raw bytes; false for what MQTT does not allow.</summary>
public static class ServerPackets
{
    /// <summary>Reads the body of a CONNACK.</summary>
    public static bool ConnAck(
        ReadOnlySpan<byte> body, MqttVersion version, [NotNullWhen(true)] out ConnAckPacket? packet, out MqttError error)
    {
        packet = null;
        var reader = new MqttBodyReader(body);
        if (!reader.TryReadByte(out var flags) || !reader.TryReadByte(out var rawCode))
        {
            error = MqttBodyReader.Truncated;
            return false;
        }
        if ((flags & 0xFE) != 0)
        {
            error = MqttError.Malformed("MQTT-3.2.2-1", "Bits 7 to 1 of the CONNACK flags must be 0.");
            return false;
        }
        var code = (ReasonCode)rawCode;
        if (version == MqttVersion.V311 && !TryToReasonCode(rawCode, out code))
        {
            error = MqttError.Malformed("MQTT-3.2.2.3", "The CONNACK return code is not one of MQTT 3.1.1.");
            return false;
        }
        if (code != ReasonCode.Success && code < ReasonCode.UnspecifiedError)
        {
            error = MqttError.Malformed("MQTT-3.2.2-8", "The CONNACK reason code is not one of CONNACK.");
            return false;
        }
        if (code != ReasonCode.Success && flags != 0)
        {
            error = MqttError.Protocol("MQTT-3.2.2-6", "A CONNACK that refuses must not have Session Present.");
            return false;
        }
        if (!MqttPacketParts.TryReadProperties(ref reader, version, MqttPropertyOwner.ConnAck, out var properties, out error))
        {
            return false;
        }
        if (!reader.IsEmpty)
        {
            error = MqttBodyReader.TooLong;
            return false;
        }
        packet = new ConnAckPacket { SessionPresent = flags == 1, ReasonCode = code, Properties = properties };
        return true;
    }

    /// <summary>Reads the body of a SUBACK.</summary>
    public static bool SubAck(
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
            if (!IsSubAckCode((ReasonCode)code, version))
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
            ReasonCodes = ToReasonCodes(reader.Rest),
            Properties = properties,
        };
        return true;
    }

    private static bool IsSubAckCode(ReasonCode code, MqttVersion version) => code switch
    {
        ReasonCode.Success or ReasonCode.GrantedQos1 or ReasonCode.GrantedQos2 or ReasonCode.UnspecifiedError => true,
        ReasonCode.ImplementationSpecificError or ReasonCode.NotAuthorized or ReasonCode.TopicFilterInvalid
            or ReasonCode.PacketIdentifierInUse or ReasonCode.QuotaExceeded
            or ReasonCode.SharedSubscriptionsNotSupported or ReasonCode.SubscriptionIdentifiersNotSupported
            or ReasonCode.WildcardSubscriptionsNotSupported => version == MqttVersion.V500,
        _ => false,
    };

    /// <summary>Reads the body of an UNSUBACK.</summary>
    public static bool UnsubAck(
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
            if (!IsUnsubAckCode((ReasonCode)code))
            {
                error = MqttError.Malformed("MQTT-3.11.3-2", "An UNSUBACK has a reason code that UNSUBACK does not have.");
                return false;
            }
        }
        packet = new UnsubAckPacket
        {
            PacketIdentifier = identifier,
            ReasonCodes = ToReasonCodes(reader.Rest),
            Properties = properties,
        };
        return true;
    }

    private static bool IsUnsubAckCode(ReasonCode code) => code is ReasonCode.Success or ReasonCode.NoSubscriptionExisted
        or ReasonCode.UnspecifiedError or ReasonCode.ImplementationSpecificError or ReasonCode.NotAuthorized
        or ReasonCode.TopicFilterInvalid or ReasonCode.PacketIdentifierInUse;

    /// <summary>Reads the body of a server's DISCONNECT.</summary>
    public static bool Disconnect(ReadOnlySpan<byte> body, [NotNullWhen(true)] out DisconnectPacket? packet, out MqttError error)
    {
        packet = null;
        error = default;
        var reader = new MqttBodyReader(body);
        MqttProperties? properties = null;
        reader.TryReadByte(out var code); // nothing at all means success
        if (!reader.IsEmpty
            && !MqttPacketParts.TryReadProperties(ref reader, MqttVersion.V500, MqttPropertyOwner.Disconnect, out properties, out error))
        {
            return false;
        }
        if (!reader.IsEmpty)
        {
            error = MqttBodyReader.TooLong;
            return false;
        }
        packet = new DisconnectPacket { ReasonCode = (ReasonCode)code, Properties = properties };
        return true;
    }

    private static ReasonCode[] ToReasonCodes(ReadOnlySpan<byte> bytes)
    {
        var codes = new ReasonCode[bytes.Length];
        for (var i = 0; i < bytes.Length; i++)
        {
            codes[i] = (ReasonCode)bytes[i];
        }
        return codes;
    }

    private static bool TryToReasonCode(byte returnCode, out ReasonCode reasonCode)
    {
        (reasonCode, var known) = returnCode switch
        {
            0 => (ReasonCode.Success, true),
            1 => (ReasonCode.UnsupportedProtocolVersion, true),
            2 => (ReasonCode.ClientIdentifierNotValid, true),
            3 => (ReasonCode.ServerUnavailable, true),
            4 => (ReasonCode.BadUserNameOrPassword, true),
            5 => (ReasonCode.NotAuthorized, true),
            _ => (ReasonCode.UnspecifiedError, false),
        };
        return known;
    }
}
