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
}
