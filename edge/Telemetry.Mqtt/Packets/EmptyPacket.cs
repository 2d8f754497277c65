using System.Buffers;

namespace Telemetry.Mqtt;

/// <summary>PINGREQ and PINGRESP, MQTT 5.0 sections 3.12 and 3.13: a fixed header and nothing else.</summary>
public static class EmptyPacket
{
    /// <summary>Checks that there is no body.</summary>
    public static bool TryParse(ReadOnlySpan<byte> body, out MqttError error)
    {
        error = body.IsEmpty ? default : MqttError.Malformed("MQTT-3.12.1", "A PINGREQ or PINGRESP has no body.");
        return error.IsNone;
    }

    /// <summary>PINGREQ: 2 bytes.</summary>
    public static int WritePingReq(IBufferWriter<byte> output) => MqttEncoding.WriteEmpty(output, MqttPacketType.PingReq);

    /// <summary>PINGRESP: 2 bytes.</summary>
    public static int WritePingResp(IBufferWriter<byte> output) => MqttEncoding.WriteEmpty(output, MqttPacketType.PingResp);
}
