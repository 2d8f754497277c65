namespace Telemetry.Mqtt;

/// <summary>Reads PUBLISH.</summary>
internal static class PublishParser
{
    public static bool TryParse(
        byte flags, ReadOnlySpan<byte> body, MqttVersion version, MqttPeer sender, out PublishPacket packet, out MqttError error)
    {
        packet = default;
        var qos = (MqttQos)(flags >> 1 & 3);
        if (!TryCheckFlags(qos, flags, out error))
        {
            return false;
        }
        var reader = new MqttBodyReader(body);
        if (!reader.TryReadBinary(out var topicName))
        {
            error = MqttBodyReader.Truncated;
            return false;
        }
        // An empty name is fine in 5.0 when an alias stands in for it; that is known only after the properties.
        if ((!topicName.IsEmpty || version == MqttVersion.V311) && !TopicName.TryCheck(topicName, out error))
        {
            return false;
        }
        ushort identifier = 0;
        if (qos != MqttQos.AtMostOnce && !TryReadIdentifier(ref reader, out identifier, out error))
        {
            return false;
        }
        ReadOnlySpan<byte> properties = default;
        if (version == MqttVersion.V500 && !reader.TryReadProperties(out properties, out error))
        {
            return false;
        }
        packet = new PublishPacket
        {
            TopicName = topicName,
            Payload = reader.Rest,
            PacketIdentifier = identifier,
            Qos = qos,
            Retain = (flags & 1) != 0,
            Duplicate = (flags & 8) != 0,
        };
        if (!properties.IsEmpty && !TryAddProperties(ref packet, properties, sender, out error))
        {
            return false;
        }
        if (topicName.IsEmpty && packet.TopicAlias == 0)
        {
            error = MqttError.Protocol("MQTT-3.3.2.1", "A PUBLISH has neither a Topic Name nor a Topic Alias.");
            return false;
        }
        return true;
    }

    private static bool TryCheckFlags(MqttQos qos, byte flags, out MqttError error)
    {
        error = default;
        if ((int)qos == 3)
        {
            error = MqttError.Malformed("MQTT-3.3.1-4", "A PUBLISH must not have both QoS bits set.");
        }
        else if (qos == MqttQos.AtMostOnce && (flags & 8) != 0)
        {
            error = MqttError.Malformed("MQTT-3.3.1-2", "DUP must be 0 at QoS 0.");
        }
        return error.IsNone;
    }

    private static bool TryReadIdentifier(ref MqttBodyReader reader, out ushort identifier, out MqttError error)
    {
        error = default;
        if (!reader.TryReadUInt16(out identifier))
        {
            error = MqttBodyReader.Truncated;
        }
        else if (identifier == 0)
        {
            error = MqttError.Malformed("MQTT-2.2.1-3", "A Packet Identifier must not be 0.");
        }
        return error.IsNone;
    }

    private static bool TryAddProperties(
        ref PublishPacket packet, ReadOnlySpan<byte> properties, MqttPeer sender, out MqttError error)
    {
        ushort alias = 0;
        uint? expiry = null;
        byte format = 0;
        uint subscription = 0;
        ReadOnlySpan<byte> contentType = default;
        ReadOnlySpan<byte> responseTopic = default;
        ReadOnlySpan<byte> correlationData = default;
        var reader = new MqttPropertyReader(properties, MqttPropertyOwner.Publish);
        while (reader.TryRead(out var property, out error))
        {
            switch (property.Id)
            {
                case MqttPropertyId.TopicAlias: alias = (ushort)property.Number; break;
                case MqttPropertyId.MessageExpiryInterval: expiry = property.Number; break;
                case MqttPropertyId.PayloadFormatIndicator: format = (byte)property.Number; break;
                case MqttPropertyId.ContentType: contentType = property.Value; break;
                case MqttPropertyId.ResponseTopic: responseTopic = property.Value; break;
                case MqttPropertyId.CorrelationData: correlationData = property.Value; break;
                case MqttPropertyId.SubscriptionIdentifier when sender == MqttPeer.Client:
                    error = MqttError.Protocol("MQTT-3.3.4-6", "A client must not send a Subscription Identifier in PUBLISH.");
                    return false;
                case MqttPropertyId.SubscriptionIdentifier: subscription = subscription == 0 ? property.Number : subscription; break;
                default: break;
            }
        }
        if (!error.IsNone)
        {
            return false;
        }
        packet = new PublishPacket
        {
            TopicName = packet.TopicName,
            Payload = packet.Payload,
            PacketIdentifier = packet.PacketIdentifier,
            Qos = packet.Qos,
            Retain = packet.Retain,
            Duplicate = packet.Duplicate,
            Properties = properties,
            TopicAlias = alias,
            MessageExpiryInterval = expiry,
            PayloadFormatIndicator = format,
            SubscriptionIdentifier = subscription,
            ContentType = contentType,
            ResponseTopic = responseTopic,
            CorrelationData = correlationData,
        };
        return true;
    }
}
