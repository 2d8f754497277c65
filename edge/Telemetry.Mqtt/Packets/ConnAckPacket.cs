using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace Telemetry.Mqtt;

/// <summary>CONNACK, MQTT 5.0 section 3.2.</summary>
public sealed class ConnAckPacket
{
    public bool SessionPresent { get; init; }

    /// <summary>Return codes of 3.1.1 appear as the reason code that means the same.</summary>
    public ReasonCode ReasonCode { get; init; }

    /// <summary>Limits of the server; null when there are none, and in 3.1.1.</summary>
    public MqttProperties? Properties { get; init; }

    /// <summary>Reads the body of a CONNACK.</summary>
    public static bool TryParse(
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
        if (version == MqttVersion.V311 && !ConnectReturnCode.TryToReasonCode(rawCode, out code))
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

    /// <summary>CONNACK. In 3.1.1 the reason code becomes the return code that is nearest to it.</summary>
    public static int Write(
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
}

/// <summary>CONNACK return codes, MQTT 3.1.1 table 3.1.</summary>
internal static class ConnectReturnCode
{
    public static bool TryToReasonCode(byte returnCode, out ReasonCode reasonCode)
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

    public static byte FromReasonCode(ReasonCode reasonCode) => reasonCode switch
    {
        ReasonCode.Success => 0,
        ReasonCode.UnsupportedProtocolVersion => 1,
        ReasonCode.ClientIdentifierNotValid => 2,
        ReasonCode.BadUserNameOrPassword or ReasonCode.BadAuthenticationMethod => 4,
        ReasonCode.NotAuthorized or ReasonCode.Banned => 5,
        _ => 3,
    };
}
