using Telemetry.Mqtt.Client;

namespace Telemetry.Simulator.Devices;

/// <summary>A device's connection: MQTT in truth, scripted in tests.</summary>
internal interface IDeviceLink : IAsyncDisposable
{
    /// <exception cref="MqttClientException">No connection.</exception>
    Task ConnectAsync(CancellationToken cancellationToken);

    /// <summary>True from the broker's answer to the end of the connection.</summary>
    bool IsConnected { get; }

    /// <summary>
    /// Publishes; when the answer is Started, the owner is told of <paramref name="state"/> exactly once, and the payload must
    /// not change before.
    /// </summary>
    PublishStart TryPublish(ReadOnlyMemory<byte> payload, ulong state);

    /// <summary>Ends the connection in good order.</summary>
    Task DisconnectAsync();
}

/// <summary>Makes the connection of a device, not yet connected.</summary>
internal delegate IDeviceLink ConnectDevice(IDeviceLinkOwner owner, string device);

/// <summary>Whom a link tells. Calls come from any thread.</summary>
internal interface IDeviceLinkOwner
{
    void Published(in PublishResult result, ulong state);

    void Disconnected(string reason);
}
