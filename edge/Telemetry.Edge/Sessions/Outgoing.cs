using Telemetry.Edge.Messages;

namespace Telemetry.Edge.Sessions;

/// <summary>One copy of a message for one session.</summary>
/// <param name="Message">The message.</param>
/// <param name="Qos">QoS of this copy.</param>
/// <param name="Retain">RETAIN flag of this copy.</param>
/// <param name="Identifier">First Subscription Identifier, 0 for none.</param>
/// <param name="MoreIdentifiers">Further ones.</param>
internal readonly record struct Outgoing(
    Message Message,
    byte Qos,
    bool Retain,
    uint Identifier = 0,
    uint[]? MoreIdentifiers = null);
