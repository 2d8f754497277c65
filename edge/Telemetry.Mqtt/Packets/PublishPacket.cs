namespace Telemetry.Mqtt;

/// <summary>
/// PUBLISH, MQTT 5.0 section 3.3. All spans point into the packet: copy what must outlive it. Parsing allocates nothing.
/// </summary>
public readonly ref struct PublishPacket
{
    /// <summary>Topic name as sent; empty when only a Topic Alias was sent.</summary>
    public ReadOnlySpan<byte> TopicName { get; init; }

    public ReadOnlySpan<byte> Payload { get; init; }

    /// <summary>The property block without its length, checked; empty in 3.1.1. Read it with <see cref="MqttPropertyReader"/>.</summary>
    public ReadOnlySpan<byte> Properties { get; init; }

    /// <summary>1 to 65,535; 0 at QoS 0.</summary>
    public ushort PacketIdentifier { get; init; }

    public MqttQos Qos { get; init; }

    public bool Retain { get; init; }

    public bool Duplicate { get; init; }

    /// <summary>1 to 65,535; 0 when absent.</summary>
    public ushort TopicAlias { get; init; }

    /// <summary>Seconds, null when absent.</summary>
    public uint? MessageExpiryInterval { get; init; }

    /// <summary>0: unspecified bytes; 1: UTF-8.</summary>
    public byte PayloadFormatIndicator { get; init; }

    /// <summary>First Subscription Identifier, 0 when absent. More can be found in <see cref="Properties"/>.</summary>
    public uint SubscriptionIdentifier { get; init; }

    /// <summary>Empty when absent.</summary>
    public ReadOnlySpan<byte> ContentType { get; init; }

    /// <summary>Empty when absent.</summary>
    public ReadOnlySpan<byte> ResponseTopic { get; init; }

    /// <summary>Empty when absent or empty.</summary>
    public ReadOnlySpan<byte> CorrelationData { get; init; }

    /// <summary>False when the sender said UTF-8 and the payload is not: reason code 0x99 [MQTT-3.3.2.3.2].</summary>
    public bool IsPayloadFormatValid => PayloadFormatIndicator != 1 || System.Text.Unicode.Utf8.IsValid(Payload);

    /// <summary>First value with this name.</summary>
    public bool TryGetUserProperty(ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
    {
        var reader = new MqttPropertyReader(Properties);
        while (reader.TryRead(out var property))
        {
            if (property.Id == MqttPropertyId.UserProperty && property.Name.SequenceEqual(name))
            {
                value = property.Value;
                return true;
            }
        }
        value = default;
        return false;
    }

    /// <summary>The same packet with another topic name: the one that its alias stands for.</summary>
    public PublishPacket WithTopicName(ReadOnlySpan<byte> topicName) => new()
    {
        TopicName = topicName,
        Payload = Payload,
        Properties = Properties,
        PacketIdentifier = PacketIdentifier,
        Qos = Qos,
        Retain = Retain,
        Duplicate = Duplicate,
        TopicAlias = TopicAlias,
        MessageExpiryInterval = MessageExpiryInterval,
        PayloadFormatIndicator = PayloadFormatIndicator,
        SubscriptionIdentifier = SubscriptionIdentifier,
        ContentType = ContentType,
        ResponseTopic = ResponseTopic,
        CorrelationData = CorrelationData,
    };

    /// <summary>Reads the body of a PUBLISH.</summary>
    /// <param name="flags">Flags of the fixed header, as <see cref="MqttFrame"/> judged them.</param>
    /// <param name="body">Everything behind the fixed header.</param>
    /// <param name="sender">Subscription Identifiers come from servers only [MQTT-3.3.4-6].</param>
    public static bool TryParse(
        byte flags, ReadOnlySpan<byte> body, MqttVersion version, MqttPeer sender, out PublishPacket packet, out MqttError error) =>
        PublishParser.TryParse(flags, body, version, sender, out packet, out error);
}
