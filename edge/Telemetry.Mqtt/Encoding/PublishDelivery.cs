namespace Telemetry.Mqtt;

/// <summary>What differs between two subscribers (or two sendings) of one <see cref="PublishMessage"/>.</summary>
public readonly ref struct PublishDelivery
{
    public MqttQos Qos { get; init; }

    public bool Retain { get; init; }

    /// <summary>Sent before: DUP 1. Ignored at QoS 0.</summary>
    public bool Duplicate { get; init; }

    /// <summary>1 to 65,535 at QoS 1 and 2; not written at QoS 0.</summary>
    public ushort PacketIdentifier { get; init; }

    /// <summary>Seconds left; null: none. 5.0 only.</summary>
    public uint? MessageExpiryInterval { get; init; }

    /// <summary>Alias to send; 0: none. 5.0 only.</summary>
    public ushort TopicAlias { get; init; }

    /// <summary>True: the receiver knows <see cref="TopicAlias"/> already, send it instead of the name.</summary>
    public bool OmitTopicName { get; init; }

    /// <summary>Identifiers of the subscriptions that matched, 1 to 268,435,455 each. 5.0 only.</summary>
    public ReadOnlySpan<uint> SubscriptionIdentifiers { get; init; }
}
