using System.Buffers;

namespace Telemetry.Mqtt;

/// <summary>Writes PUBLISH, MQTT 5.0 section 3.3: one reservation and one advance, no allocation.</summary>
public static class PublishEncoder
{
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
        var writer = new SpanWriter(output.GetSpan(size)[..size]);
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

    private static void WriteDeliveryProperties(ref SpanWriter writer, in PublishDelivery delivery)
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
