using Telemetry.Edge.Messages;

namespace Telemetry.Edge.Sessions;

/// <summary>What one session may hold.</summary>
/// <param name="MaxQueuedMessages">Messages waiting.</param>
/// <param name="MaxQueuedBytes">Bytes waiting, being sent and not acknowledged.</param>
/// <param name="MaxInFlight">Unacknowledged messages, whatever the client's Receive Maximum allows.</param>
/// <param name="Budget">What the queues of all sessions may hold together; null for no bound.</param>
internal sealed record SessionLimits(int MaxQueuedMessages, long MaxQueuedBytes, int MaxInFlight, QueueBudget? Budget = null);
