using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Telemetry.Mqtt;

/// <summary>SUBSCRIBE, MQTT 5.0 section 3.8.</summary>
public sealed class SubscribePacket
{
    /// <summary>1 to 65,535.</summary>
    public ushort PacketIdentifier { get; init; }

    /// <summary>At least one. A filter that is not valid is in the list, with its error.</summary>
    public required IReadOnlyList<SubscriptionRequest> Requests { get; init; }

    /// <summary>May have <see cref="MqttProperties.SubscriptionIdentifier"/>; null when there are none.</summary>
    public MqttProperties? Properties { get; init; }

    /// <summary>Reads the body of a SUBSCRIBE.</summary>
    public static bool TryParse(
        ReadOnlySpan<byte> body, MqttVersion version, [NotNullWhen(true)] out SubscribePacket? packet, out MqttError error)
    {
        packet = null;
        var reader = new MqttBodyReader(body);
        if (!MqttPacketParts.TryReadIdentified(
            ref reader, version, MqttPropertyOwner.Subscribe, out var identifier, out var properties, out error))
        {
            return false;
        }
        if (reader.IsEmpty)
        {
            error = MqttError.Protocol("MQTT-3.8.3-2", "A SUBSCRIBE must have at least one Topic Filter.");
            return false;
        }
        var requests = new List<SubscriptionRequest>();
        while (!reader.IsEmpty)
        {
            if (!TryReadRequest(ref reader, version, out var request, out error))
            {
                return false;
            }
            requests.Add(request);
        }
        packet = new SubscribePacket { PacketIdentifier = identifier, Requests = requests, Properties = properties };
        return true;
    }

    private static bool TryReadRequest(
        ref MqttBodyReader reader, MqttVersion version, [NotNullWhen(true)] out SubscriptionRequest? request, out MqttError error)
    {
        request = null;
        if (!reader.TryReadString("MQTT-3.8.3-1", out var text, out error))
        {
            return false;
        }
        if (!reader.TryReadByte(out var options))
        {
            error = MqttBodyReader.Truncated;
            return false;
        }
        var reserved = version == MqttVersion.V500 ? 0xC0 : 0xFC;
        if ((options & reserved) != 0 || (options & 3) == 3)
        {
            error = MqttError.Malformed("MQTT-3.8.3-5", "Subscription options have reserved bits set or QoS 3.");
            return false;
        }
        if ((options >> 4 & 3) == 3)
        {
            error = MqttError.Protocol("MQTT-3.8.3.1", "Retain Handling must not be 3.");
            return false;
        }
        _ = TopicFilter.TryParse(text, out var filter, out var filterError);
        request = new SubscriptionRequest
        {
            FilterText = filter?.Text ?? Encoding.UTF8.GetString(text),
            Filter = filter,
            FilterError = filterError,
            Qos = (MqttQos)(options & 3),
            NoLocal = (options & 4) != 0,
            RetainAsPublished = (options & 8) != 0,
            RetainHandling = (RetainHandling)(options >> 4 & 3),
        };
        if (request.NoLocal && filter is { IsShared: true })
        {
            error = MqttError.Protocol("MQTT-3.8.3-4", "No Local must not be set on a shared subscription.");
            return false;
        }
        return true;
    }
}

/// <summary>One topic filter of SUBSCRIBE with its options, MQTT 5.0 section 3.8.3.</summary>
public sealed record SubscriptionRequest
{
    public SubscriptionRequest()
    {
    }

    /// <summary>A request for a filter that is known to be right.</summary>
    /// <exception cref="FormatException">It is not.</exception>
    public SubscriptionRequest(string filter, MqttQos qos = MqttQos.AtMostOnce)
    {
        FilterText = filter;
        Filter = TopicFilter.Parse(filter);
        Qos = qos;
    }

    /// <summary>The filter as sent: well-formed UTF-8, perhaps not a valid filter.</summary>
    public string FilterText { get; init; } = "";

    /// <summary>The filter; null when it is not valid. A server then answers 0x8F or closes.</summary>
    public TopicFilter? Filter { get; init; }

    /// <summary>Why <see cref="Filter"/> is null.</summary>
    public MqttError FilterError { get; init; }

    /// <summary>Largest QoS wanted.</summary>
    public MqttQos Qos { get; init; }

    public bool NoLocal { get; init; }

    public bool RetainAsPublished { get; init; }

    public RetainHandling RetainHandling { get; init; }
}

/// <summary>When retained messages are sent for a subscription, MQTT 5.0 section 3.8.3.1.</summary>
public enum RetainHandling : byte
{
    SendAtSubscribe = 0,
    SendIfNewSubscription = 1,
    DoNotSend = 2,
}
