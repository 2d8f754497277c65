namespace Telemetry.Mqtt;

/// <summary>Which end of the connection sent a packet: some rules hold for one direction only.</summary>
public enum MqttPeer : byte
{
    Client,
    Server,
}
