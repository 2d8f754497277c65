namespace Telemetry.Mqtt;

/// <summary>The will that CONNECT carries, MQTT 5.0 section 3.1.3.2.</summary>
public sealed record WillMessage
{
    /// <summary>A topic name.</summary>
    public required string TopicName { get; init; }

    public ReadOnlyMemory<byte> Payload { get; init; }

    public MqttQos Qos { get; init; }

    public bool Retain { get; init; }

    /// <summary>Will properties; null when there are none.</summary>
    public MqttProperties? Properties { get; init; }
}
