namespace Telemetry.Mqtt.Client;

/// <summary>How to send a message.</summary>
/// <param name="Qos">QoS to send with.</param>
/// <param name="Retain">Keep it as the topic's retained message.</param>
/// <param name="MessageExpiryInterval">Seconds, 5.0 only.</param>
public readonly record struct PublishRequest(
    MqttQos Qos = MqttQos.AtMostOnce, bool Retain = false, uint? MessageExpiryInterval = null);
