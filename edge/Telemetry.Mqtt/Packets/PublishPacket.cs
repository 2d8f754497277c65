using System.Buffers;

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

    /// <summary>First Subscription Identifier, 0 when absent; only a server may send one [MQTT-3.3.4-6].</summary>
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

    /// <summary>Reads the body of a PUBLISH.</summary>
    /// <param name="flags">Flags of the fixed header, as <see cref="MqttFrame"/> judged them.</param>
    /// <param name="body">Everything behind the fixed header.</param>
    public static bool TryParse(
        byte flags, ReadOnlySpan<byte> body, MqttVersion version, out PublishPacket packet, out MqttError error)
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
        if ((!topicName.IsEmpty || version == MqttVersion.V311) && !Telemetry.Mqtt.TopicName.TryCheck(topicName, out error))
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
        if (!properties.IsEmpty && !TryAddProperties(ref packet, properties, out error))
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

    private static bool TryAddProperties(ref PublishPacket packet, ReadOnlySpan<byte> properties, out MqttError error)
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

    /// <summary>Bytes that <see cref="Write(IBufferWriter{byte}, MqttVersion, PublishMessage, in PublishDelivery)"/> writes.</summary>
    public static int SizeOf(MqttVersion version, PublishMessage message, in PublishDelivery delivery) => SizeOf(
        version, message.TopicName.Length, message.ForwardedProperties.Length, message.Payload.Length, delivery);

    /// <summary>Bytes of a PUBLISH whose parts have these lengths.</summary>
    public static int SizeOf(
        MqttVersion version, int topicNameLength, int encodedPropertiesLength, int payloadLength, in PublishDelivery delivery)
    {
        var remaining = RemainingLength(version, topicNameLength, encodedPropertiesLength, payloadLength, delivery, out _);
        return 1 + VariableByteInteger.SizeOf(remaining) + remaining;
    }

    /// <summary>Writes one delivery of a message.</summary>
    /// <returns>Bytes written.</returns>
    public static int Write(
        IBufferWriter<byte> output, MqttVersion version, PublishMessage message, in PublishDelivery delivery) =>
        Write(output, version, message.TopicName, message.ForwardedProperties, message.Payload, delivery);

    /// <summary>Writes a PUBLISH from its parts.</summary>
    /// <param name="topicName">A valid topic name.</param>
    /// <param name="encodedProperties">More properties, already encoded; not written in 3.1.1.</param>
    /// <returns>Bytes written.</returns>
    public static int Write(
        IBufferWriter<byte> output,
        MqttVersion version,
        ReadOnlySpan<byte> topicName,
        ReadOnlySpan<byte> encodedProperties,
        ReadOnlySpan<byte> payload,
        in PublishDelivery delivery)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(topicName.Length, MqttUtf8.MaxLength);
        var remaining = RemainingLength(
            version, topicName.Length, encodedProperties.Length, payload.Length, delivery, out var propertiesLength);
        var size = 1 + VariableByteInteger.SizeOf(remaining) + remaining;
        var writer = new MqttBodyWriter(output.GetSpan(size)[..size]);
        writer.WriteByte(FirstByte(delivery));
        writer.WriteVariableByteInteger(remaining);
        writer.WriteBinary(delivery.OmitTopicName ? default : topicName);
        if (delivery.Qos != MqttQos.AtMostOnce)
        {
            writer.WriteUInt16(delivery.PacketIdentifier);
        }
        if (version == MqttVersion.V500)
        {
            writer.WriteVariableByteInteger(propertiesLength);
            WriteDeliveryProperties(ref writer, delivery);
            writer.WriteBytes(encodedProperties);
        }
        writer.WriteBytes(payload);
        output.Advance(size);
        return size;
    }

    private static byte FirstByte(in PublishDelivery delivery)
    {
        var first = (int)MqttPacketType.Publish << 4 | (int)delivery.Qos << 1;
        if (delivery.Retain)
        {
            first |= 1;
        }
        if (delivery.Duplicate && delivery.Qos != MqttQos.AtMostOnce)
        {
            first |= 8;
        }
        return (byte)first;
    }

    private static int RemainingLength(
        MqttVersion version, int topic, int properties, int payload, in PublishDelivery delivery, out int propertiesLength)
    {
        propertiesLength = 0;
        var length = 2 + (delivery.OmitTopicName ? 0 : topic) + (delivery.Qos == MqttQos.AtMostOnce ? 0 : 2) + payload;
        if (version == MqttVersion.V500)
        {
            propertiesLength = properties + SizeOfDeliveryProperties(delivery);
            length += VariableByteInteger.SizeOf(propertiesLength) + propertiesLength;
        }
        return length;
    }

    private static int SizeOfDeliveryProperties(in PublishDelivery delivery)
    {
        var size = (delivery.MessageExpiryInterval is null ? 0 : 5) + (delivery.TopicAlias == 0 ? 0 : 3);
        foreach (var identifier in delivery.SubscriptionIdentifiers)
        {
            size += 1 + VariableByteInteger.SizeOf((int)identifier);
        }
        return size;
    }

    private static void WriteDeliveryProperties(ref MqttBodyWriter writer, in PublishDelivery delivery)
    {
        if (delivery.MessageExpiryInterval is { } expiry)
        {
            writer.WriteByte((byte)MqttPropertyId.MessageExpiryInterval);
            writer.WriteUInt32(expiry);
        }
        if (delivery.TopicAlias != 0)
        {
            writer.WriteByte((byte)MqttPropertyId.TopicAlias);
            writer.WriteUInt16(delivery.TopicAlias);
        }
        foreach (var identifier in delivery.SubscriptionIdentifiers)
        {
            writer.WriteByte((byte)MqttPropertyId.SubscriptionIdentifier);
            writer.WriteVariableByteInteger((int)identifier);
        }
    }
}

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
