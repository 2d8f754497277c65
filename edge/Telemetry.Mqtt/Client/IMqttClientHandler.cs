namespace Telemetry.Mqtt.Client;

/// <summary>What a client tells its owner. Calls come one at a time from the receive loop; they must be quick.</summary>
public interface IMqttClientHandler
{
    /// <summary>A publish arrived. Its spans are valid during the call only; the topic name is filled in, alias or not.</summary>
    /// <returns>
    /// True: acknowledge it now. False (QoS 1 and 2): the owner calls <see cref="MqttClient.Acknowledge"/> later, in order
    /// of arrival [MQTT-4.6.0-2].
    /// </returns>
    bool Received(MqttClient client, in PublishPacket packet, in MqttDelivery delivery);

    /// <summary>The connection ended, after it had been established. Called once for each connection.</summary>
    void Disconnected(MqttClient client, MqttDisconnect disconnect);
}
