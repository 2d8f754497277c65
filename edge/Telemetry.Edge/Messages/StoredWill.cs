namespace Telemetry.Edge.Messages;

/// <summary>What CONNECT asked to publish when the connection ends without a normal DISCONNECT.</summary>
/// <param name="Topic">Topic name.</param>
/// <param name="Payload">Payload.</param>
/// <param name="Properties">Forwarded properties, encoded.</param>
/// <param name="Qos">QoS 0 to 2.</param>
/// <param name="Retain">To be retained.</param>
/// <param name="Delay">Wait before publishing, ended early by the end of the session. [MQTT-3.1.3-9]</param>
/// <param name="Expiry">Lifetime of the message from its publishing on; null for ever.</param>
internal sealed record StoredWill(
    byte[] Topic,
    byte[] Payload,
    byte[] Properties,
    byte Qos,
    bool Retain,
    TimeSpan Delay,
    TimeSpan? Expiry)
{
    public Message ToMessage(long now) => new()
    {
        Topic = Topic,
        Payload = Payload,
        Properties = Properties,
        Qos = Qos,
        Retain = Retain,
        ExpiresAt = Expiry is { } expiry ? now + (long)expiry.TotalMilliseconds : long.MaxValue,
    };
}
