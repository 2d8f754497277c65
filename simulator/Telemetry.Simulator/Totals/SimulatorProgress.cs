namespace Telemetry.Simulator.Totals;

/// <summary>What the fleet did since its start; every number counts readings unless it says otherwise.</summary>
public sealed record SimulatorProgress
{
    /// <summary>Time since the start.</summary>
    public required TimeSpan Elapsed { get; init; }

    /// <summary>Devices connected now.</summary>
    public required long Connected { get; init; }

    /// <summary>Sent at least once.</summary>
    public required long Sent { get; init; }

    /// <summary>Acknowledged with success.</summary>
    public required long Acked { get; init; }

    /// <summary>Refused for good.</summary>
    public required long Rejected { get; init; }

    /// <summary>Not measured because the device's queue was full.</summary>
    public required long Skipped { get; init; }

    /// <summary>Publishes sent or queued and without an answer.</summary>
    public required long PublishesPending { get; init; }

    /// <summary>Publishes sent again because their connection ended or the broker had no room.</summary>
    public required long PublishesResent { get; init; }

    /// <summary>Publishes sent twice on purpose.</summary>
    public required long PublishesDuplicated { get; init; }

    /// <summary>Publishes sent after their successor on purpose.</summary>
    public required long PublishesOutOfOrder { get; init; }

    /// <summary>Connections that ended unasked.</summary>
    public required long Disconnects { get; init; }

    /// <summary>Connections made again by devices that had one before.</summary>
    public required long Reconnects { get; init; }

    /// <summary>Attempts to connect that failed.</summary>
    public required long ConnectFailures { get; init; }

    /// <summary>Why the last attempt failed or connection ended; null when none did.</summary>
    public string? LastError { get; init; }
}
