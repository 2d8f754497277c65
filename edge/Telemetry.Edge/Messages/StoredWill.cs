using Telemetry.Mqtt;

namespace Telemetry.Edge.Messages;

/// <summary>What CONNECT asked to publish when the connection ends without a normal DISCONNECT.</summary>
/// <param name="Content">Topic, forwarded properties, payload.</param>
/// <param name="Qos">QoS 0 to 2.</param>
/// <param name="Retain">To be retained.</param>
/// <param name="DelaySeconds">Wait before publishing, ended early by the end of the session. [MQTT-3.1.3-9]</param>
/// <param name="ExpirySeconds">Lifetime from its publishing on; null for ever.</param>
/// <param name="Identity">Who left it.</param>
internal sealed record StoredWill(
    PublishMessage Content, byte Qos, bool Retain, uint DelaySeconds, uint? ExpirySeconds, MqttClientIdentity Identity)
{
    public static StoredWill? Of(ConnectPacket connect, MqttClientIdentity identity) => connect.Will is not { } will
        ? null
        : new StoredWill(
            PublishMessage.From(will),
            (byte)will.Qos,
            will.Retain,
            will.Properties?.WillDelayInterval ?? 0,
            will.Properties?.MessageExpiryInterval,
            identity);

    public Message ToMessage(long now) => new(Content, Qos, Retain, Message.ExpiryTime(now, ExpirySeconds));
}
