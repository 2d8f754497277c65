using Telemetry.Mqtt;

namespace Telemetry.Edge.Messages;

/// <summary>
/// One application message on its way to subscribers: immutable, shared by all copies. Topic alias, packet identifier, DUP and
/// Subscription Identifiers belong to a copy, not to the message.
/// </summary>
internal sealed class Message(PublishMessage content, byte qos, bool retain, long expiresAt)
{
    /// <summary>Bytes counted for a message beside its own: objects and queue entry.</summary>
    private const int Overhead = 128;

    private int _copies;

    public PublishMessage Content { get; } = content;

    public byte Qos { get; } = qos;

    /// <summary>RETAIN as the publisher set it.</summary>
    public bool Retain { get; } = retain;

    /// <summary>Clock of the broker, in milliseconds, from which on the message is not delivered; long.MaxValue for never.</summary>
    public long ExpiresAt { get; } = expiresAt;

    /// <summary>Its place among all messages ever retained, set when it becomes the retained message of its topic; 0 before.</summary>
    public long RetainedSequence { get; set; }

    /// <summary>Names a retained message wherever it is read; 0 for one that is not retained.</summary>
    public ulong RetainedStamp { get; set; }

    /// <summary>Its place on the log, set before it is queued; null when it is not there.</summary>
    public MessageOrigin? Origin { get; set; }

    /// <summary>Copies in queues, for <see cref="QueueBudget"/>.</summary>
    public ref int Copies => ref _copies;

    public ReadOnlySpan<byte> Topic => Content.TopicName;

    public long Size => Content.Size + Overhead;

    public static long ExpiryTime(long now, uint? seconds) => seconds is { } s ? now + (s * 1000L) : long.MaxValue;

    public bool IsExpired(long now) => now >= ExpiresAt;

    /// <summary>Seconds left, rounded up; null when the message does not expire. [MQTT-3.3.2-6]</summary>
    public uint? RemainingSeconds(long now) => ExpiresAt == long.MaxValue
        ? null
        : (uint)Math.Clamp((ExpiresAt - now + 999) / 1000, 0, uint.MaxValue);
}
