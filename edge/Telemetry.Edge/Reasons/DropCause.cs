namespace Telemetry.Edge.Reasons;

/// <summary>Why a copy for a subscriber was dropped: the label of the drop counter.</summary>
internal enum DropCause
{
    None,

    /// <summary>The session's queue is full: a slow or absent subscriber.</summary>
    QueueFull,

    /// <summary>The queues of all sessions together hold as much as the process may.</summary>
    BudgetFull,

    /// <summary>QoS 0 and nobody connected.</summary>
    NotConnected,

    /// <summary>Message Expiry Interval passed.</summary>
    Expired,

    /// <summary>Larger than the client's Maximum Packet Size.</summary>
    TooLarge,

    /// <summary>The rules of now do not let this client receive it.</summary>
    NotAuthorized,

    /// <summary>The retained store is full.</summary>
    RetainedFull,

    /// <summary>A message on an ingest topic without acknowledgement that the log did not take.</summary>
    IngestFailed,
}
