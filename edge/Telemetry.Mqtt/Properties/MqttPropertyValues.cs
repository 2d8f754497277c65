namespace Telemetry.Mqtt;

/// <summary>Values that parse, but that their property may not have.</summary>
internal static class MqttPropertyValues
{
    public static bool TryCheck(in MqttProperty property, out MqttError error)
    {
        error = property.Id switch
        {
            MqttPropertyId.ReceiveMaximum when property.Number == 0 =>
                MqttError.Protocol("MQTT-3.1.2.11.3", "Receive Maximum must not be 0."),
            MqttPropertyId.MaximumPacketSize when property.Number == 0 =>
                MqttError.Protocol("MQTT-3.1.2.11.4", "Maximum Packet Size must not be 0."),
            MqttPropertyId.SubscriptionIdentifier when property.Number == 0 =>
                MqttError.Protocol("MQTT-3.8.2.1.2", "A Subscription Identifier must not be 0."),
            MqttPropertyId.TopicAlias when property.Number == 0 =>
                new MqttError(ReasonCode.TopicAliasInvalid, "MQTT-3.3.2-8", "A Topic Alias must not be 0."),
            MqttPropertyId.ResponseTopic when !TopicName.IsValid(property.Value) =>
                MqttError.Protocol("MQTT-3.3.2-14", "The Response Topic is empty or has wildcard characters."),
            MqttPropertyId.PayloadFormatIndicator or MqttPropertyId.RequestProblemInformation
                or MqttPropertyId.RequestResponseInformation or MqttPropertyId.MaximumQos
                or MqttPropertyId.RetainAvailable or MqttPropertyId.WildcardSubscriptionAvailable
                or MqttPropertyId.SubscriptionIdentifierAvailable or MqttPropertyId.SharedSubscriptionAvailable
                when property.Number > 1 =>
                MqttError.Protocol("MQTT-2.2.2.2", "A property that is 0 or 1 has another value."),
            _ => default,
        };
        return error.IsNone;
    }

    /// <summary>Judges a whole block without keeping anything.</summary>
    public static bool TryCheckAll(ReadOnlySpan<byte> properties, MqttPropertyOwner owner, out MqttError error)
    {
        error = default;
        if (properties.IsEmpty)
        {
            return true;
        }
        var reader = new MqttPropertyReader(properties, owner);
        while (reader.TryRead(out _, out error))
        {
        }
        return error.IsNone;
    }
}
