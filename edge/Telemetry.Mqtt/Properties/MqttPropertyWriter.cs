namespace Telemetry.Mqtt;

/// <summary>Size and bytes of a property block. Writes in the order of the identifiers, user properties last.</summary>
internal static class MqttPropertyWriter
{
    /// <summary>Bytes of the block without its length.</summary>
    /// <param name="withProblem">False leaves Reason String and User Properties out.</param>
    public static int SizeOf(MqttProperties? p, bool withProblem = true)
    {
        if (p is null)
        {
            return 0;
        }
        var size = Byte(p.PayloadFormatIndicator) + UInt32(p.MessageExpiryInterval) + Text(p.ContentType)
            + Text(p.ResponseTopic) + Binary(p.CorrelationData) + UInt32(p.SessionExpiryInterval)
            + Text(p.AssignedClientIdentifier) + UInt16(p.ServerKeepAlive) + Text(p.AuthenticationMethod)
            + Binary(p.AuthenticationData) + Byte(p.RequestProblemInformation) + UInt32(p.WillDelayInterval)
            + Byte(p.RequestResponseInformation) + Text(p.ResponseInformation) + Text(p.ServerReference)
            + UInt16(p.ReceiveMaximum) + UInt16(p.TopicAliasMaximum) + UInt16(p.TopicAlias) + Byte(p.MaximumQos)
            + Byte(p.RetainAvailable) + UInt32(p.MaximumPacketSize) + Byte(p.WildcardSubscriptionAvailable)
            + Byte(p.SubscriptionIdentifierAvailable) + Byte(p.SharedSubscriptionAvailable);
        if (p.SubscriptionIdentifier is { } subscription)
        {
            size += 1 + VariableByteInteger.SizeOf((int)subscription);
        }
        return withProblem ? size + Text(p.ReasonString) + SizeOfUserProperties(p) : size;
    }

    /// <summary>Bytes of the user properties alone.</summary>
    public static int SizeOfUserProperties(MqttProperties p)
    {
        if (!p.HasUserProperties)
        {
            return 0;
        }
        var size = 0;
        foreach (var (name, value) in p.UserProperties)
        {
            size += 1 + MqttBodyWriter.SizeOf(name) + MqttBodyWriter.SizeOf(value);
        }
        return size;
    }

    /// <summary>Writes the block without its length.</summary>
    public static void Write(ref MqttBodyWriter writer, MqttProperties? p, bool withProblem = true)
    {
        if (p is null)
        {
            return;
        }
        Write(ref writer, MqttPropertyId.PayloadFormatIndicator, p.PayloadFormatIndicator);
        Write(ref writer, MqttPropertyId.MessageExpiryInterval, p.MessageExpiryInterval);
        Write(ref writer, MqttPropertyId.ContentType, p.ContentType);
        Write(ref writer, MqttPropertyId.ResponseTopic, p.ResponseTopic);
        Write(ref writer, MqttPropertyId.CorrelationData, p.CorrelationData);
        if (p.SubscriptionIdentifier is { } subscription)
        {
            writer.WriteByte((byte)MqttPropertyId.SubscriptionIdentifier);
            writer.WriteVariableByteInteger((int)subscription);
        }
        Write(ref writer, MqttPropertyId.SessionExpiryInterval, p.SessionExpiryInterval);
        Write(ref writer, MqttPropertyId.AssignedClientIdentifier, p.AssignedClientIdentifier);
        Write(ref writer, MqttPropertyId.ServerKeepAlive, p.ServerKeepAlive);
        Write(ref writer, MqttPropertyId.AuthenticationMethod, p.AuthenticationMethod);
        Write(ref writer, MqttPropertyId.AuthenticationData, p.AuthenticationData);
        Write(ref writer, MqttPropertyId.RequestProblemInformation, p.RequestProblemInformation);
        Write(ref writer, MqttPropertyId.WillDelayInterval, p.WillDelayInterval);
        Write(ref writer, MqttPropertyId.RequestResponseInformation, p.RequestResponseInformation);
        Write(ref writer, MqttPropertyId.ResponseInformation, p.ResponseInformation);
        Write(ref writer, MqttPropertyId.ServerReference, p.ServerReference);
        Write(ref writer, MqttPropertyId.ReceiveMaximum, p.ReceiveMaximum);
        Write(ref writer, MqttPropertyId.TopicAliasMaximum, p.TopicAliasMaximum);
        Write(ref writer, MqttPropertyId.TopicAlias, p.TopicAlias);
        Write(ref writer, MqttPropertyId.MaximumQos, p.MaximumQos);
        Write(ref writer, MqttPropertyId.RetainAvailable, p.RetainAvailable);
        Write(ref writer, MqttPropertyId.MaximumPacketSize, p.MaximumPacketSize);
        Write(ref writer, MqttPropertyId.WildcardSubscriptionAvailable, p.WildcardSubscriptionAvailable);
        Write(ref writer, MqttPropertyId.SubscriptionIdentifierAvailable, p.SubscriptionIdentifierAvailable);
        Write(ref writer, MqttPropertyId.SharedSubscriptionAvailable, p.SharedSubscriptionAvailable);
        if (withProblem)
        {
            Write(ref writer, MqttPropertyId.ReasonString, p.ReasonString);
            WriteUserProperties(ref writer, p);
        }
    }

    /// <summary>Writes the user properties alone.</summary>
    public static void WriteUserProperties(ref MqttBodyWriter writer, MqttProperties p)
    {
        if (!p.HasUserProperties)
        {
            return;
        }
        foreach (var (name, value) in p.UserProperties)
        {
            writer.WriteByte((byte)MqttPropertyId.UserProperty);
            writer.WriteString(name);
            writer.WriteString(value);
        }
    }

    private static int Byte(byte? value) => value is null ? 0 : 2;

    private static int UInt16(ushort? value) => value is null ? 0 : 3;

    private static int UInt32(uint? value) => value is null ? 0 : 5;

    private static int Text(string? value) => value is null ? 0 : 1 + MqttBodyWriter.SizeOf(value);

    private static int Binary(byte[]? value) => value is null ? 0 : 1 + MqttBodyWriter.SizeOf(value);

    private static void Write(ref MqttBodyWriter writer, MqttPropertyId id, byte? value)
    {
        if (value is { } v)
        {
            writer.WriteByte((byte)id);
            writer.WriteByte(v);
        }
    }

    private static void Write(ref MqttBodyWriter writer, MqttPropertyId id, ushort? value)
    {
        if (value is { } v)
        {
            writer.WriteByte((byte)id);
            writer.WriteUInt16(v);
        }
    }

    private static void Write(ref MqttBodyWriter writer, MqttPropertyId id, uint? value)
    {
        if (value is { } v)
        {
            writer.WriteByte((byte)id);
            writer.WriteUInt32(v);
        }
    }

    private static void Write(ref MqttBodyWriter writer, MqttPropertyId id, string? value)
    {
        if (value is not null)
        {
            writer.WriteByte((byte)id);
            writer.WriteString(value);
        }
    }

    private static void Write(ref MqttBodyWriter writer, MqttPropertyId id, byte[]? value)
    {
        if (value is not null)
        {
            writer.WriteByte((byte)id);
            writer.WriteBinary(value);
        }
    }
}
