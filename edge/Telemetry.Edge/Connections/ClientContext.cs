using Telemetry.Mqtt;

namespace Telemetry.Edge.Connections;

/// <summary>What CONNECT settled for this connection.</summary>
internal sealed class ClientContext(ConnectPacket connect, MqttClientIdentity identity, int keepAliveSeconds)
{
    public MqttVersion Version { get; } = connect.Version;

    public MqttClientIdentity Identity { get; } = identity;

    /// <summary>Authentication Method of CONNECT; null without.</summary>
    public string? AuthenticationMethod { get; } = connect.Properties?.AuthenticationMethod;

    /// <summary>Keep alive that is enforced, in seconds; 0 for none.</summary>
    public int KeepAliveSeconds { get; } = keepAliveSeconds;

    /// <summary>When its token ends, on the broker's clock in milliseconds; long.MaxValue for never.</summary>
    public long EndsAt { get; set; } = long.MaxValue;

    public int ReceiveMaximum { get; } = connect.Properties?.ReceiveMaximum ?? ushort.MaxValue;

    /// <summary>Largest packet the client takes, in bytes.</summary>
    public int MaximumPacketSize { get; } = MaximumPacketSizeOf(connect);

    /// <summary>False: Reason String and User Properties only where they are always allowed. [MQTT-3.1.2-29]</summary>
    public bool ProblemInformation { get; } = connect.Properties?.RequestProblemInformation != 0;

    public int TopicAliasMaximum { get; } = connect.Properties?.TopicAliasMaximum ?? 0;

    /// <summary>The CONNECT asked for a session without life after the connection: DISCONNECT may not change that.</summary>
    public bool SessionEndsWithConnection { get; } = connect.Version == MqttVersion.V311
        ? connect.CleanStart
        : (connect.Properties?.SessionExpiryInterval ?? 0) == 0;

    /// <summary>Largest packet that the sender of a CONNECT takes, in bytes.</summary>
    public static int MaximumPacketSizeOf(ConnectPacket connect) =>
        (int)Math.Min(connect.Properties?.MaximumPacketSize ?? int.MaxValue, int.MaxValue);
}
