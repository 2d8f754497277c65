namespace Telemetry.Mqtt;

/// <summary>What a property block belongs to: a packet type, or the will inside CONNECT. Numbers are packet types.</summary>
public enum MqttPropertyOwner : byte
{
    Will = 0,
    Connect = MqttPacketType.Connect,
    ConnAck = MqttPacketType.ConnAck,
    Publish = MqttPacketType.Publish,
    PubAck = MqttPacketType.PubAck,
    PubRec = MqttPacketType.PubRec,
    PubRel = MqttPacketType.PubRel,
    PubComp = MqttPacketType.PubComp,
    Subscribe = MqttPacketType.Subscribe,
    SubAck = MqttPacketType.SubAck,
    Unsubscribe = MqttPacketType.Unsubscribe,
    UnsubAck = MqttPacketType.UnsubAck,
    Disconnect = MqttPacketType.Disconnect,
    Auth = MqttPacketType.Auth,
}
