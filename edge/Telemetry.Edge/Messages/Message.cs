namespace Telemetry.Edge.Messages;

/// <summary>
/// One application message on its way to subscribers: immutable, shared by all copies. Topic alias, packet identifier, DUP and
/// Subscription Identifiers belong to a copy, not to the message.
/// </summary>
internal sealed class Message
{
    /// <summary>Bytes counted for a message beside its own: objects and queue entry.</summary>
    private const int Overhead = 128;

    public required byte[] Topic { get; init; }

    public required byte[] Payload { get; init; }

    /// <summary>
    /// MQTT 5 properties that are forwarded unaltered and in order, encoded: Payload Format Indicator, Content Type, Response
    /// Topic, Correlation Data, User Properties. [MQTT-3.3.2-4, 3.3.2-15 to 3.3.2-20]
    /// </summary>
    public byte[] Properties { get; init; } = [];

    public byte Qos { get; init; }

    /// <summary>RETAIN as the publisher set it.</summary>
    public bool Retain { get; init; }

    /// <summary>Clock of the broker, in milliseconds, from which on the message is not delivered any more.</summary>
    public long ExpiresAt { get; init; } = long.MaxValue;

    public long Size => Topic.Length + Payload.Length + Properties.Length + Overhead;

    public bool IsExpired(long now) => now >= ExpiresAt;

    /// <summary>Seconds left, rounded up; null when the message does not expire. [MQTT-3.3.2-6]</summary>
    public uint? RemainingSeconds(long now) => ExpiresAt == long.MaxValue
        ? null
        : (uint)Math.Clamp((ExpiresAt - now + 999) / 1000, 0, uint.MaxValue);
}
