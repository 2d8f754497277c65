namespace Telemetry.Processing;

/// <summary>What was counted since the counts were last taken. One owner; added to the meter block by block.</summary>
internal sealed class ProcessingCounts
{
    public long Records;
    public long Readings;
    public long Duplicates;
    public long Ambiguous;
    public long Conflicts;
    public long Late;
    public long TooLate;
    public long Future;
    public long NoRoom;
    public long Held;
    public long FedLate;
    public long Ticks;
    public long Unusable;
    public long Fed;
    public long DeadLettered;
    public long AlertsHeld;
    public long Repaired;

    /// <summary>Alerts of series out of service: not raised.</summary>
    public long OutOfService;

    /// <summary>Anomalies by kind.</summary>
    public long[] Anomalies { get; } = new long[16];

    /// <summary>Incidents opened, by kind (those of <see cref="Contracts.V1.AnomalyKind"/>).</summary>
    public long[] Incidents { get; } = new long[16];

    /// <summary>Device events by kind.</summary>
    public long[] Events { get; } = new long[16];

    public void Clear()
    {
        Records = Readings = Duplicates = Ambiguous = Conflicts = Late = TooLate = Future = NoRoom = Held = FedLate = Ticks = Unusable = Fed = 0;
        DeadLettered = AlertsHeld = Repaired = OutOfService = 0;
        Array.Clear(Anomalies);
        Array.Clear(Incidents);
        Array.Clear(Events);
    }
}
