namespace Telemetry.Mqtt;

/// <summary>Which packet types may come from which side, MQTT 5.0 table 2-1.</summary>
public static class MqttDirection
{
    private const int FromClient = 1 << 1 | 1 << 3 | 1 << 4 | 1 << 5 | 1 << 6 | 1 << 7 | 1 << 8 | 1 << 10 | 1 << 12
        | 1 << 14 | 1 << 15;

    private const int FromServer = 1 << 2 | 1 << 3 | 1 << 4 | 1 << 5 | 1 << 6 | 1 << 7 | 1 << 9 | 1 << 11 | 1 << 13
        | 1 << 14 | 1 << 15;

    /// <summary>False when <paramref name="sender"/> may not send this packet type in this version.</summary>
    public static bool TryCheck(MqttPacketType type, MqttVersion version, MqttPeer sender, out MqttError error)
    {
        if (type == MqttPacketType.Auth && version == MqttVersion.V311)
        {
            error = MqttError.Malformed("MQTT-2.2.1", "Packet type 15 is reserved in MQTT 3.1.1.");
            return false;
        }
        if (type == MqttPacketType.Disconnect && version == MqttVersion.V311 && sender == MqttPeer.Server)
        {
            error = MqttError.Protocol("MQTT-2.2.1", "A server does not send DISCONNECT in MQTT 3.1.1.");
            return false;
        }
        var allowed = sender == MqttPeer.Client ? FromClient : FromServer;
        if ((allowed >> (int)type & 1) == 0)
        {
            error = MqttError.Protocol("MQTT-4.13.1-1", sender == MqttPeer.Client
                ? "Only a server may send this packet type."
                : "Only a client may send this packet type.");
            return false;
        }
        error = default;
        return true;
    }
}
