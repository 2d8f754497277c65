namespace Telemetry.Mqtt.Client;

/// <summary>What the broker allows on this connection, from CONNACK; its absence means the protocol's own limits.</summary>
internal readonly record struct ServerLimits(
    int ReceiveMaximum, int MaximumPacketSize, MqttQos MaximumQos, bool RetainAvailable, TimeSpan KeepAlive)
{
    public static ServerLimits From(MqttProperties? properties, MqttClientOptions options) => new(
        properties?.ReceiveMaximum ?? ushort.MaxValue,
        (int)Math.Min(properties?.MaximumPacketSize ?? int.MaxValue, int.MaxValue),
        (MqttQos)(properties?.MaximumQos ?? (byte)MqttQos.ExactlyOnce),
        properties?.RetainAvailable != 0,
        properties?.ServerKeepAlive is { } seconds ? TimeSpan.FromSeconds(seconds) : options.KeepAlive);
}
