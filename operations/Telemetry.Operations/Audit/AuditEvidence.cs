using Telemetry.Storage.Audit;

namespace Telemetry.Operations.Audit;

/// <summary>What log, store and dead letters hold of one share of all event ids.</summary>
internal sealed class AuditEvidence
{
    public AuditEvidence(SequenceShare share, SequenceBudget budget)
    {
        Share = share;
        Log = new SequenceSets(share, budget);
        LogExpiring = new SequenceSets(share, budget);
        Raw = new SequenceSets(share, budget);
        RawRecent = new SequenceSets(share, budget);
        Conflicts = new SequenceSets(share, budget);
        PutAside = new SequenceSets(share, budget);
    }

    public SequenceShare Share { get; }

    /// <summary>On the log.</summary>
    public SequenceSets Log { get; }

    /// <summary>On the log with event times that raw need not hold any more.</summary>
    public SequenceSets LogExpiring { get; }

    /// <summary>Stored raw.</summary>
    public SequenceSets Raw { get; }

    /// <summary>Stored raw with event times that the log must still hold. Empty while the log is whole: then all are.</summary>
    public SequenceSets RawRecent { get; }

    /// <summary>Dead-lettered because another reading came before under the same event id.</summary>
    public SequenceSets Conflicts { get; }

    /// <summary>Dead-lettered for another cause.</summary>
    public SequenceSets PutAside { get; }

    /// <summary>True: retention has taken nothing from the log.</summary>
    public bool LogIsWhole { get; set; } = true;

    /// <summary>True: retention has taken nothing from raw.</summary>
    public bool RawIsWhole { get; set; } = true;
}
