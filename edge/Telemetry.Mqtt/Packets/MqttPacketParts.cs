namespace Telemetry.Mqtt;

/// <summary>Fields that several packet types have in common.</summary>
internal static class MqttPacketParts
{
    /// <summary>Packet Identifier, then properties in 5.0: the variable header of SUBSCRIBE and its kin.</summary>
    public static bool TryReadIdentified(
        ref MqttBodyReader reader,
        MqttVersion version,
        MqttPropertyOwner owner,
        out ushort identifier,
        out MqttProperties? properties,
        out MqttError error)
    {
        properties = null;
        if (!reader.TryReadUInt16(out identifier))
        {
            error = MqttBodyReader.Truncated;
            return false;
        }
        if (identifier == 0)
        {
            error = MqttError.Malformed("MQTT-2.2.1-3", "A Packet Identifier must not be 0.");
            return false;
        }
        return TryReadProperties(ref reader, version, owner, out properties, out error);
    }

    public static bool TryReadProperties(
        ref MqttBodyReader reader, MqttVersion version, MqttPropertyOwner owner, out MqttProperties? properties, out MqttError error)
    {
        properties = null;
        error = default;
        return version == MqttVersion.V311
            || (reader.TryReadProperties(out var block, out error)
                && MqttProperties.TryParse(block, owner, out properties, out error));
    }
}
