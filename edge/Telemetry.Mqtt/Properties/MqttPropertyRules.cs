namespace Telemetry.Mqtt;

/// <summary>Data type and owners of each property, MQTT 5.0 table 2-4.</summary>
internal static class MqttPropertyRules
{
    private const int Will = 1 << (int)MqttPropertyOwner.Will;
    private const int Connect = 1 << (int)MqttPropertyOwner.Connect;
    private const int ConnAck = 1 << (int)MqttPropertyOwner.ConnAck;
    private const int Publish = 1 << (int)MqttPropertyOwner.Publish;
    private const int Subscribe = 1 << (int)MqttPropertyOwner.Subscribe;
    private const int Disconnect = 1 << (int)MqttPropertyOwner.Disconnect;
    private const int Auth = 1 << (int)MqttPropertyOwner.Auth;

    private const int Acks = 1 << (int)MqttPropertyOwner.PubAck | 1 << (int)MqttPropertyOwner.PubRec
        | 1 << (int)MqttPropertyOwner.PubRel | 1 << (int)MqttPropertyOwner.PubComp
        | 1 << (int)MqttPropertyOwner.SubAck | 1 << (int)MqttPropertyOwner.UnsubAck;

    /// <summary>Data type of a property; <see cref="MqttPropertyType.Unknown"/> for identifiers that do not exist.</summary>
    public static MqttPropertyType TypeOf(MqttPropertyId id) => id switch
    {
        MqttPropertyId.PayloadFormatIndicator or MqttPropertyId.RequestProblemInformation
            or MqttPropertyId.RequestResponseInformation or MqttPropertyId.MaximumQos or MqttPropertyId.RetainAvailable
            or MqttPropertyId.WildcardSubscriptionAvailable or MqttPropertyId.SubscriptionIdentifierAvailable
            or MqttPropertyId.SharedSubscriptionAvailable => MqttPropertyType.Byte,
        MqttPropertyId.ServerKeepAlive or MqttPropertyId.ReceiveMaximum or MqttPropertyId.TopicAliasMaximum
            or MqttPropertyId.TopicAlias => MqttPropertyType.UInt16,
        MqttPropertyId.MessageExpiryInterval or MqttPropertyId.SessionExpiryInterval or MqttPropertyId.WillDelayInterval
            or MqttPropertyId.MaximumPacketSize => MqttPropertyType.UInt32,
        MqttPropertyId.SubscriptionIdentifier => MqttPropertyType.VariableByteInteger,
        MqttPropertyId.ContentType or MqttPropertyId.ResponseTopic or MqttPropertyId.AssignedClientIdentifier
            or MqttPropertyId.AuthenticationMethod or MqttPropertyId.ResponseInformation
            or MqttPropertyId.ServerReference or MqttPropertyId.ReasonString => MqttPropertyType.String,
        MqttPropertyId.CorrelationData or MqttPropertyId.AuthenticationData => MqttPropertyType.Binary,
        MqttPropertyId.UserProperty => MqttPropertyType.StringPair,
        _ => MqttPropertyType.Unknown,
    };

    /// <summary>True when the property may stand in that packet.</summary>
    public static bool IsAllowed(MqttPropertyId id, MqttPropertyOwner owner) => (OwnersOf(id) >> (int)owner & 1) != 0;

    /// <summary>Clause to quote when the string value of a property is not well formed.</summary>
    public static string Utf8ClauseOf(MqttPropertyId id) => id switch
    {
        MqttPropertyId.ResponseTopic => "MQTT-3.3.2-13",
        MqttPropertyId.ContentType => "MQTT-3.3.2-19",
        MqttPropertyId.UserProperty => "MQTT-1.5.7-1",
        _ => "MQTT-1.5.4-1",
    };

    private static int OwnersOf(MqttPropertyId id) => id switch
    {
        MqttPropertyId.PayloadFormatIndicator or MqttPropertyId.MessageExpiryInterval or MqttPropertyId.ContentType
            or MqttPropertyId.ResponseTopic or MqttPropertyId.CorrelationData => Publish | Will,
        MqttPropertyId.SubscriptionIdentifier => Publish | Subscribe,
        MqttPropertyId.SessionExpiryInterval => Connect | ConnAck | Disconnect,
        MqttPropertyId.AuthenticationMethod or MqttPropertyId.AuthenticationData => Connect | ConnAck | Auth,
        MqttPropertyId.RequestProblemInformation or MqttPropertyId.RequestResponseInformation => Connect,
        MqttPropertyId.WillDelayInterval => Will,
        MqttPropertyId.ServerReference => ConnAck | Disconnect,
        MqttPropertyId.ReasonString => ConnAck | Acks | Disconnect | Auth,
        MqttPropertyId.ReceiveMaximum or MqttPropertyId.TopicAliasMaximum
            or MqttPropertyId.MaximumPacketSize => Connect | ConnAck,
        MqttPropertyId.TopicAlias => Publish,
        MqttPropertyId.AssignedClientIdentifier or MqttPropertyId.ServerKeepAlive or MqttPropertyId.ResponseInformation
            or MqttPropertyId.MaximumQos or MqttPropertyId.RetainAvailable
            or MqttPropertyId.WildcardSubscriptionAvailable or MqttPropertyId.SubscriptionIdentifierAvailable
            or MqttPropertyId.SharedSubscriptionAvailable => ConnAck,
        MqttPropertyId.UserProperty => ~0,
        _ => 0,
    };
}
