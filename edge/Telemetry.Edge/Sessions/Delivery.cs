namespace Telemetry.Edge.Sessions;

/// <summary>The next packet of a session's outbound flow.</summary>
/// <param name="IsPubRel">A PUBREL to send again; otherwise a PUBLISH.</param>
/// <param name="Copy">What to publish; empty for PUBREL.</param>
/// <param name="PacketIdentifier">0 at QoS 0.</param>
/// <param name="Duplicate">Sent before, on an earlier connection. [MQTT-3.3.1-1]</param>
internal readonly record struct Delivery(bool IsPubRel, Outgoing Copy, ushort PacketIdentifier, bool Duplicate);
