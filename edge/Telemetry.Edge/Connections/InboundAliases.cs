using Telemetry.Mqtt;

namespace Telemetry.Edge.Connections;

/// <summary>Topic aliases the client has set on this connection. Only the reader uses it.</summary>
internal sealed class InboundAliases(int maximum)
{
    private byte[]?[] _topics = [];

    /// <summary>The topic name of a PUBLISH: the one it carries (noting its alias), or the one its alias stands for.</summary>
    public bool TryResolve(in PublishPacket packet, out ReadOnlySpan<byte> topic, out MqttError error)
    {
        topic = packet.TopicName;
        error = default;
        if (packet.TopicAlias == 0)
        {
            return true;
        }

        if (packet.TopicAlias > maximum)
        {
            error = new MqttError(ReasonCode.TopicAliasInvalid, "MQTT-3.3.2-9", "The Topic Alias is above our Topic Alias Maximum.");
            return false;
        }

        if (_topics.Length == 0)
        {
            _topics = new byte[maximum + 1][];
        }

        ref var known = ref _topics[packet.TopicAlias];
        if (topic.IsEmpty)
        {
            topic = known;
            if (known is null)
            {
                error = MqttError.Protocol("MQTT-3.3.4", "The Topic Alias has not been set on this connection.");
                return false;
            }
        }
        else if (!topic.SequenceEqual(known))
        {
            known = topic.ToArray();
        }

        return true;
    }
}
