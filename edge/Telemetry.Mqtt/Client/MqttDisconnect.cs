namespace Telemetry.Mqtt.Client;

/// <summary>Why a connection ended.</summary>
/// <param name="Cause">Who or what ended it.</param>
/// <param name="ReasonCode">Code of the DISCONNECT that was received or sent; 0 when there was none.</param>
/// <param name="Message">One sentence for the log.</param>
/// <param name="Properties">Properties of the broker's DISCONNECT (Reason String, Server Reference).</param>
/// <param name="Exception">The socket's error, when there was one.</param>
public sealed record MqttDisconnect(
    DisconnectCause Cause,
    ReasonCode ReasonCode,
    string Message,
    MqttProperties? Properties = null,
    Exception? Exception = null);

/// <summary>What can end a connection.</summary>
public enum DisconnectCause
{
    /// <summary><see cref="MqttClient.DisconnectAsync"/> or disposal.</summary>
    Requested,

    /// <summary>The broker sent DISCONNECT.</summary>
    ByServer,

    /// <summary>The connection broke, or the broker closed it without a word.</summary>
    ConnectionLost,

    /// <summary>No answer to PINGREQ.</summary>
    KeepAliveTimeout,

    /// <summary>The broker sent something that MQTT does not allow.</summary>
    ProtocolError,
}
