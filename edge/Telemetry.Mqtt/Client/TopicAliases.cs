namespace Telemetry.Mqtt.Client;

/// <summary>Topic aliases that the other side set on this connection, MQTT 5.0 section 3.3.2.3.4.</summary>
internal sealed class TopicAliases(ushort maximum)
{
    private readonly Dictionary<ushort, byte[]> _names = [];

    /// <summary>Learns the alias of a packet, or fills in the topic name that its alias stands for.</summary>
    public static bool TryResolve(TopicAliases? aliases, ref PublishPacket packet, out MqttError error)
    {
        error = default;
        if (packet.TopicAlias == 0)
        {
            return true;
        }
        if (aliases is null || packet.TopicAlias > aliases.Maximum)
        {
            error = new MqttError(ReasonCode.TopicAliasInvalid, "MQTT-3.3.2-9", "The Topic Alias is above the maximum.");
            return false;
        }
        if (!packet.TopicName.IsEmpty)
        {
            aliases._names[packet.TopicAlias] = packet.TopicName.ToArray();
            return true;
        }
        if (!aliases._names.TryGetValue(packet.TopicAlias, out var name))
        {
            error = MqttError.Protocol("MQTT-3.3.2.3.4", "The Topic Alias was never set on this connection.");
            return false;
        }
        packet = packet.WithTopicName(name);
        return true;
    }

    private ushort Maximum { get; } = maximum;
}
