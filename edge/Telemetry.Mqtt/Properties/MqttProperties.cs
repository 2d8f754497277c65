using System.Text;

namespace Telemetry.Mqtt;

/// <summary>
/// The 27 properties of MQTT 5.0 in one typed collection, for the packets that are rare. Null means absent, except for
/// the list ones, which are then empty. PUBLISH has <see cref="PublishPacket"/> instead.
/// </summary>
public sealed class MqttProperties
{
    private byte[]? _encodedUserProperties;
    private List<MqttUserProperty>? _userProperties;

    /// <summary>0: unspecified bytes; 1: UTF-8.</summary>
    public byte? PayloadFormatIndicator { get; set; }

    /// <summary>Seconds.</summary>
    public uint? MessageExpiryInterval { get; set; }

    public string? ContentType { get; set; }

    /// <summary>A topic name.</summary>
    public string? ResponseTopic { get; set; }

    public byte[]? CorrelationData { get; set; }

    /// <summary>1 to 268,435,455. SUBSCRIBE has at most one; in PUBLISH this is the last one.</summary>
    public uint? SubscriptionIdentifier { get; set; }

    /// <summary>Seconds; 0xFFFFFFFF means never.</summary>
    public uint? SessionExpiryInterval { get; set; }

    public string? AssignedClientIdentifier { get; set; }

    /// <summary>Seconds; 0 turns keep alive off.</summary>
    public ushort? ServerKeepAlive { get; set; }

    public string? AuthenticationMethod { get; set; }

    public byte[]? AuthenticationData { get; set; }

    /// <summary>0 or 1; absent means 1.</summary>
    public byte? RequestProblemInformation { get; set; }

    /// <summary>Seconds.</summary>
    public uint? WillDelayInterval { get; set; }

    /// <summary>0 or 1; absent means 0.</summary>
    public byte? RequestResponseInformation { get; set; }

    public string? ResponseInformation { get; set; }

    public string? ServerReference { get; set; }

    public string? ReasonString { get; set; }

    /// <summary>1 to 65,535; absent means 65,535.</summary>
    public ushort? ReceiveMaximum { get; set; }

    /// <summary>Absent means 0: no aliases.</summary>
    public ushort? TopicAliasMaximum { get; set; }

    /// <summary>1 to 65,535.</summary>
    public ushort? TopicAlias { get; set; }

    /// <summary>0 or 1; absent means 2.</summary>
    public byte? MaximumQos { get; set; }

    /// <summary>0 or 1; absent means 1.</summary>
    public byte? RetainAvailable { get; set; }

    /// <summary>Bytes, 1 and up; absent means no limit.</summary>
    public uint? MaximumPacketSize { get; set; }

    /// <summary>0 or 1; absent means 1.</summary>
    public byte? WildcardSubscriptionAvailable { get; set; }

    /// <summary>0 or 1; absent means 1.</summary>
    public byte? SubscriptionIdentifierAvailable { get; set; }

    /// <summary>0 or 1; absent means 1.</summary>
    public byte? SharedSubscriptionAvailable { get; set; }

    /// <summary>User properties in their order. Decoded when first asked for.</summary>
    public IReadOnlyList<MqttUserProperty> UserProperties => DecodedUserProperties();

    /// <summary>True when there is a user property; decodes nothing.</summary>
    public bool HasUserProperties => _encodedUserProperties is not null || _userProperties is { Count: > 0 };

    /// <summary>Adds a user property behind the others.</summary>
    public MqttProperties AddUserProperty(string name, string value)
    {
        DecodedUserProperties().Add(new MqttUserProperty(name, value));
        return this;
    }

    /// <summary>Parses and checks the property block of a packet (without its length).</summary>
    /// <returns>False with <paramref name="error"/>; true with <paramref name="properties"/>, null when there are none.</returns>
    public static bool TryParse(
        ReadOnlySpan<byte> block, MqttPropertyOwner owner, out MqttProperties? properties, out MqttError error)
    {
        properties = null;
        error = default;
        if (block.IsEmpty)
        {
            return true;
        }
        var parsed = new MqttProperties();
        var userPropertyBytes = 0;
        var reader = new MqttPropertyReader(block, owner);
        while (reader.TryRead(out var property, out error))
        {
            userPropertyBytes += parsed.Set(property) ? 0 : property.Encoded.Length;
        }
        if (!error.IsNone)
        {
            return false;
        }
        if (parsed.AuthenticationData is not null && parsed.AuthenticationMethod is null)
        {
            error = MqttError.Protocol("MQTT-3.1.2.11.10", "Authentication Data needs an Authentication Method.");
            return false;
        }
        if (userPropertyBytes > 0)
        {
            parsed._encodedUserProperties = CollectUserProperties(block, userPropertyBytes);
        }
        properties = parsed;
        return true;
    }

    private bool Set(in MqttProperty property)
    {
        switch (property.Id)
        {
            case MqttPropertyId.PayloadFormatIndicator: PayloadFormatIndicator = (byte)property.Number; break;
            case MqttPropertyId.MessageExpiryInterval: MessageExpiryInterval = property.Number; break;
            case MqttPropertyId.ContentType: ContentType = Text(property); break;
            case MqttPropertyId.ResponseTopic: ResponseTopic = Text(property); break;
            case MqttPropertyId.CorrelationData: CorrelationData = property.Value.ToArray(); break;
            case MqttPropertyId.SubscriptionIdentifier: SubscriptionIdentifier = property.Number; break;
            case MqttPropertyId.SessionExpiryInterval: SessionExpiryInterval = property.Number; break;
            case MqttPropertyId.AssignedClientIdentifier: AssignedClientIdentifier = Text(property); break;
            case MqttPropertyId.ServerKeepAlive: ServerKeepAlive = (ushort)property.Number; break;
            case MqttPropertyId.AuthenticationMethod: AuthenticationMethod = Text(property); break;
            case MqttPropertyId.AuthenticationData: AuthenticationData = property.Value.ToArray(); break;
            case MqttPropertyId.RequestProblemInformation: RequestProblemInformation = (byte)property.Number; break;
            case MqttPropertyId.WillDelayInterval: WillDelayInterval = property.Number; break;
            case MqttPropertyId.RequestResponseInformation: RequestResponseInformation = (byte)property.Number; break;
            case MqttPropertyId.ResponseInformation: ResponseInformation = Text(property); break;
            case MqttPropertyId.ServerReference: ServerReference = Text(property); break;
            case MqttPropertyId.ReasonString: ReasonString = Text(property); break;
            case MqttPropertyId.ReceiveMaximum: ReceiveMaximum = (ushort)property.Number; break;
            case MqttPropertyId.TopicAliasMaximum: TopicAliasMaximum = (ushort)property.Number; break;
            case MqttPropertyId.TopicAlias: TopicAlias = (ushort)property.Number; break;
            case MqttPropertyId.MaximumQos: MaximumQos = (byte)property.Number; break;
            case MqttPropertyId.RetainAvailable: RetainAvailable = (byte)property.Number; break;
            case MqttPropertyId.MaximumPacketSize: MaximumPacketSize = property.Number; break;
            case MqttPropertyId.WildcardSubscriptionAvailable: WildcardSubscriptionAvailable = (byte)property.Number; break;
            case MqttPropertyId.SubscriptionIdentifierAvailable:
                SubscriptionIdentifierAvailable = (byte)property.Number;
                break;
            case MqttPropertyId.SharedSubscriptionAvailable: SharedSubscriptionAvailable = (byte)property.Number; break;
            default: return false;
        }
        return true;
    }

    private List<MqttUserProperty> DecodedUserProperties()
    {
        if (_userProperties is { } decoded)
        {
            return decoded;
        }
        decoded = [];
        var reader = new MqttPropertyReader(_encodedUserProperties);
        while (reader.TryRead(out var property))
        {
            decoded.Add(new MqttUserProperty(Encoding.UTF8.GetString(property.Name), Text(property)));
        }
        _encodedUserProperties = null;
        _userProperties = decoded;
        return decoded;
    }

    private static byte[] CollectUserProperties(ReadOnlySpan<byte> block, int length)
    {
        var collected = new byte[length];
        var rest = collected.AsSpan();
        var reader = new MqttPropertyReader(block);
        while (reader.TryRead(out var property))
        {
            if (property.Id == MqttPropertyId.UserProperty)
            {
                property.Encoded.CopyTo(rest);
                rest = rest[property.Encoded.Length..];
            }
        }
        return collected;
    }

    private static string Text(in MqttProperty property) => Encoding.UTF8.GetString(property.Value);
}
