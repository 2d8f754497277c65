namespace Telemetry.Mqtt.Client;

/// <summary>Who is to be told that a connection ended.</summary>
/// <param name="End">Why it ended.</param>
/// <param name="WasEstablished">False when there never was a CONNACK.</param>
/// <param name="Lost">Publishes that nobody will acknowledge any more.</param>
/// <param name="Handshake">Who waits for CONNACK.</param>
/// <param name="Capacity">Who waits to publish.</param>
/// <param name="Requests">Who waits for SUBACK and UNSUBACK.</param>
internal sealed record Settlement(
    MqttDisconnect End,
    bool WasEstablished,
    List<OutboundWindow.Completion> Lost,
    TaskCompletionSource<ConnAckPacket>? Handshake,
    TaskCompletionSource? Capacity,
    PendingRequests? Requests);
