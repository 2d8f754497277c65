using Telemetry.Mqtt;

namespace Telemetry.Edge.Connections;

/// <summary>An enhanced authentication that is not through yet.</summary>
/// <param name="Exchange">Answers the client's steps.</param>
/// <param name="Method">Its method.</param>
/// <param name="Connect">The CONNECT that began it; null when a running connection authenticates again.</param>
/// <param name="AssignedClientId">Client identifier given to the client, if it had none.</param>
internal sealed record PendingAuthentication(IAuthExchange Exchange, string Method, ConnectPacket? Connect, string? AssignedClientId);
