using Telemetry.Mqtt;

namespace Telemetry.Edge.Connections;

/// <summary>What a connection does with the packets it reads. Implemented above the connections, by the packet handlers.</summary>
internal interface IPacketHandler
{
    /// <summary>Handles one packet of a connection that is running.</summary>
    ReadStep Handle(MqttConnection connection, in MqttFrame frame);

    /// <summary>Handles a CONNECT that was read: authenticates, gives a session, answers.</summary>
    ValueTask ConnectAsync(MqttConnection connection, ConnectPacket connect, CancellationToken cancellationToken);

    /// <summary>Writes the CONNACK that refuses a CONNECT which could not be read.</summary>
    void Refuse(MqttConnection connection, MqttVersion version, ReasonCode code, string message);
}
