using Telemetry.Edge.Messages;

namespace Telemetry.Edge.Sessions;

/// <summary>One copy of a message for one session.</summary>
/// <param name="Message">The message.</param>
/// <param name="Qos">QoS of this copy.</param>
/// <param name="Retain">RETAIN flag of this copy.</param>
/// <param name="Identifier">First Subscription Identifier, 0 for none.</param>
/// <param name="MoreIdentifiers">Further ones.</param>
/// <param name="IsRetained">
/// From the retained store for a new subscription: bounded by that store and by bytes, not by the number of waiting messages.
/// </param>
internal readonly record struct Outgoing(
    Message Message,
    byte Qos,
    bool Retain,
    uint Identifier = 0,
    uint[]? MoreIdentifiers = null,
    bool IsRetained = false);
