namespace Telemetry.Mqtt;

/// <summary>A User Property, MQTT 5.0 section 1.5.7. Names may repeat and order counts.</summary>
public readonly record struct MqttUserProperty(string Name, string Value);
