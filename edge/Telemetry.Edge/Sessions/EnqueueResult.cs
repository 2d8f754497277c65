using Telemetry.Edge.Connections;

namespace Telemetry.Edge.Sessions;

/// <summary>What became of a copy offered to a session.</summary>
/// <param name="Drop">Why it was dropped; <see cref="DropCause.None"/> when it was taken.</param>
/// <param name="Wake">The connection that has something to write now, if any.</param>
internal readonly record struct EnqueueResult(DropCause Drop, MqttConnection? Wake);

/// <summary>Why a copy for a subscriber was dropped: the label of the drop counter.</summary>
internal enum DropCause
{
    None,

    /// <summary>The session's queue is full: a slow or absent subscriber.</summary>
    QueueFull,

    /// <summary>QoS 0 and nobody connected.</summary>
    NotConnected,

    /// <summary>Message Expiry Interval passed.</summary>
    Expired,

    /// <summary>Larger than the client's Maximum Packet Size.</summary>
    TooLarge,

    /// <summary>The retained store is full.</summary>
    RetainedFull,

    /// <summary>A message on an ingest topic without acknowledgement that the log did not take.</summary>
    IngestFailed,
}
