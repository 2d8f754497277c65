namespace Telemetry.Mqtt;

/// <summary>Quality of Service levels, MQTT 5.0 section 4.3.</summary>
public enum MqttQos : byte
{
    AtMostOnce = 0,
    AtLeastOnce = 1,
    ExactlyOnce = 2,
}
