namespace Telemetry.Mqtt.Client;

/// <summary>Names one received publish until it is acknowledged.</summary>
/// <param name="PacketIdentifier">0 at QoS 0.</param>
/// <param name="Qos">QoS it was sent with.</param>
/// <param name="Connection">Counts the connections of the client: an acknowledgement cannot cross to another one.</param>
public readonly record struct MqttDelivery(ushort PacketIdentifier, MqttQos Qos, int Connection);
