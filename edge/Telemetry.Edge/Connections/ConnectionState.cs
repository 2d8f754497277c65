namespace Telemetry.Edge.Connections;

/// <summary>
/// Where a connection stands.
/// <code>
/// AwaitConnect ──Accept──> Running ──Close──> Closing
///       └────────────────Close──────────────────^
/// </code>
/// </summary>
internal enum ConnectionState : byte
{
    /// <summary>Only CONNECT is allowed. [MQTT-3.1.0-1]</summary>
    AwaitConnect,

    /// <summary>CONNACK with success was sent.</summary>
    Running,

    /// <summary>No packet is handled any more.</summary>
    Closing,
}

internal enum ConnectionInput : byte
{
    Accept,
    Close,
}

internal static class ConnectionTransitions
{
    /// <summary>The state after the input; null when that is not allowed.</summary>
    public static ConnectionState? Next(ConnectionState state, ConnectionInput input) => (state, input) switch
    {
        (ConnectionState.AwaitConnect, ConnectionInput.Accept) => ConnectionState.Running,
        (_, ConnectionInput.Close) => ConnectionState.Closing,
        _ => null,
    };
}
