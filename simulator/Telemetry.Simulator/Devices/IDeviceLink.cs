namespace Telemetry.Simulator.Devices;

/// <summary>A device's connection: MQTT in truth, scripted in tests.</summary>
internal interface IDeviceLink : IAsyncDisposable
{
    /// <summary>False from before the owner hears of the connection's end.</summary>
    bool IsConnected { get; }

    /// <summary>Returns with a connection, which may have ended by then.</summary>
    /// <exception cref="DeviceLinkException">No connection, and why.</exception>
    Task ConnectAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Publishes; when the answer is Started, the owner is told of <paramref name="state"/> exactly once, and the payload must
    /// not change before.
    /// </summary>
    PublishStart TryPublish(ReadOnlyMemory<byte> payload, ulong state);

    /// <summary>Called several times a second while connected: pings after silence, and ends a connection that does not answer.</summary>
    /// <param name="nowUs">Microseconds since the start of the run.</param>
    void KeepAlive(long nowUs);

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

/// <summary>There is no connection, and the message says why.</summary>
internal sealed class DeviceLinkException(string message, Exception? innerException = null) : Exception(message, innerException);
