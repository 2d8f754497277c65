namespace Telemetry.Edge.Sessions;

/// <summary>What one session may hold.</summary>
/// <param name="MaxQueuedMessages">Messages waiting.</param>
/// <param name="MaxQueuedBytes">Bytes waiting.</param>
/// <param name="MaxInFlight">Unacknowledged messages, whatever the client's Receive Maximum allows.</param>
internal sealed record SessionLimits(int MaxQueuedMessages, long MaxQueuedBytes, int MaxInFlight);
