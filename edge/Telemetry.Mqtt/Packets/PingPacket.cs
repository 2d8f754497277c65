using System.Buffers;

namespace Telemetry.Mqtt;

/// <summary>PINGREQ and its answer PINGRESP, MQTT 5.0 sections 3.12 and 3.13: a fixed header and nothing else.</summary>
public static class PingPacket
{
    /// <summary>Reads the body of a PINGREQ: there is none.</summary>
    public static bool TryParse(ReadOnlySpan<byte> body, out MqttError error)
    {
        error = body.IsEmpty ? default : MqttError.Malformed("MQTT-3.12.1", "A PINGREQ has no body.");
        return error.IsNone;
    }

    /// <summary>PINGRESP: 2 bytes.</summary>
    public static int Write(IBufferWriter<byte> output) => MqttEncoding.WriteEmpty(output, MqttPacketType.PingResp);
}
