namespace Telemetry.Mqtt;

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
