namespace Telemetry.Mqtt;

/// <summary>
/// One application message, encoded once and written to any number of subscribers: topic, forwarded properties and payload
/// lie in one array, and only the header in front of them differs. Immutable; the form to queue, retain and store.
/// </summary>
public sealed class PublishMessage
{
    private readonly byte[] _bytes;
    private readonly int _topicLength;
    private readonly int _propertiesLength;

    /// <summary>Makes a message from its three parts, copying them.</summary>
    /// <param name="topicName">A valid topic name, 1 to 65,535 bytes.</param>
    /// <param name="forwardedProperties">
    /// Encoded properties without Topic Alias, Message Expiry Interval and Subscription Identifiers.
    /// </param>
    /// <param name="payload">Application message.</param>
    public PublishMessage(ReadOnlySpan<byte> topicName, ReadOnlySpan<byte> forwardedProperties, ReadOnlySpan<byte> payload)
        : this(topicName, forwardedProperties.Length, payload)
    {
        forwardedProperties.CopyTo(_bytes.AsSpan(_topicLength));
    }

    private PublishMessage(ReadOnlySpan<byte> topicName, int propertiesLength, ReadOnlySpan<byte> payload)
    {
        ArgumentOutOfRangeException.ThrowIfZero(topicName.Length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(topicName.Length, MqttUtf8.MaxLength);
        _topicLength = topicName.Length;
        _propertiesLength = propertiesLength;
        _bytes = GC.AllocateUninitializedArray<byte>(topicName.Length + propertiesLength + payload.Length);
        topicName.CopyTo(_bytes);
        payload.CopyTo(_bytes.AsSpan(topicName.Length + propertiesLength));
    }

    public ReadOnlySpan<byte> TopicName => _bytes.AsSpan(0, _topicLength);

    /// <summary>Encoded properties that go to every 5.0 subscriber unaltered and in order.</summary>
    public ReadOnlySpan<byte> ForwardedProperties => _bytes.AsSpan(_topicLength, _propertiesLength);

    public ReadOnlySpan<byte> Payload => _bytes.AsSpan(_topicLength + _propertiesLength);

    /// <summary>Bytes held, for limits on queues.</summary>
    public int Size => _bytes.Length;

    /// <summary>Copies a received PUBLISH.</summary>
    /// <param name="packet">What arrived.</param>
    /// <param name="topicName">The topic name, looked up when the packet had only an alias.</param>
    public static PublishMessage From(in PublishPacket packet, ReadOnlySpan<byte> topicName)
    {
        var forwarded = packet.Properties.Length;
        if (packet.TopicAlias != 0 || packet.MessageExpiryInterval is not null || packet.SubscriptionIdentifier != 0)
        {
            forwarded = SizeOfForwarded(packet.Properties);
        }
        var message = new PublishMessage(topicName, forwarded, packet.Payload);
        var destination = message._bytes.AsSpan(topicName.Length, forwarded);
        if (forwarded == packet.Properties.Length)
        {
            packet.Properties.CopyTo(destination);
            return message;
        }
        var reader = new MqttPropertyReader(packet.Properties);
        while (reader.TryRead(out var property))
        {
            if (IsForwarded(property.Id))
            {
                property.Encoded.CopyTo(destination);
                destination = destination[property.Encoded.Length..];
            }
        }
        return message;
    }

    /// <summary>Makes the message of a will.</summary>
    public static PublishMessage From(WillMessage will) =>
        Create(will.TopicName, will.Payload.Span, will.Properties);

    /// <summary>Makes a message of our own.</summary>
    /// <param name="properties">Of these, the ones that are forwarded are taken.</param>
    public static PublishMessage Create(string topicName, ReadOnlySpan<byte> payload, MqttProperties? properties = null)
    {
        var topic = System.Text.Encoding.UTF8.GetBytes(topicName);
        if (properties is null)
        {
            return new PublishMessage(topic, 0, payload);
        }
        var forwarded = Forwarded(properties);
        var message = new PublishMessage(topic, MqttPropertyWriter.SizeOf(forwarded), payload);
        var writer = new MqttBodyWriter(message._bytes.AsSpan(topic.Length, message._propertiesLength));
        MqttPropertyWriter.Write(ref writer, forwarded);
        return message;
    }

    private static MqttProperties Forwarded(MqttProperties source)
    {
        var forwarded = new MqttProperties
        {
            PayloadFormatIndicator = source.PayloadFormatIndicator,
            ContentType = source.ContentType,
            ResponseTopic = source.ResponseTopic,
            CorrelationData = source.CorrelationData,
        };
        if (source.HasUserProperties)
        {
            foreach (var (name, value) in source.UserProperties)
            {
                forwarded.AddUserProperty(name, value);
            }
        }
        return forwarded;
    }

    private static int SizeOfForwarded(ReadOnlySpan<byte> properties)
    {
        var size = 0;
        var reader = new MqttPropertyReader(properties);
        while (reader.TryRead(out var property))
        {
            size += IsForwarded(property.Id) ? property.Encoded.Length : 0;
        }
        return size;
    }

    private static bool IsForwarded(MqttPropertyId id) => id is not (MqttPropertyId.TopicAlias
        or MqttPropertyId.MessageExpiryInterval or MqttPropertyId.SubscriptionIdentifier);
}
