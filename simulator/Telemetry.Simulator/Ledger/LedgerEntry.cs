namespace Telemetry.Simulator.Ledger;

/// <summary>Sequences <paramref name="First"/> to <paramref name="Last"/>, both included.</summary>
public readonly record struct SequenceRange(ulong First, ulong Last)
{
    /// <summary>Number of readings.</summary>
    public ulong Count => Last - First + 1;
}

/// <summary>What one boot of one device sent, as its ledger knows.</summary>
/// <param name="Device">Device id.</param>
/// <param name="BootId">Boot id.</param>
/// <param name="SentThrough">
/// Highest sequence that may have left the device; 0 is none. Readings up to here that are in neither list may or may not be
/// in the log; readings above must not be anywhere.
/// </param>
/// <param name="Acked">Sequences that were acknowledged: each must be stored exactly once. Ascending, apart from each other.</param>
/// <param name="Refused">Sequences that were answered with a refusal: each must be in the dead letters and not stored.</param>
public sealed record LedgerEntry(
    string Device,
    ulong BootId,
    ulong SentThrough,
    IReadOnlyList<SequenceRange> Acked,
    IReadOnlyList<SequenceRange> Refused)
{
    /// <summary>Number of readings acknowledged.</summary>
    public long AckedCount => Acked.Sum(range => (long)range.Count);

    /// <summary>Number of readings refused.</summary>
    public long RefusedCount => Refused.Sum(range => (long)range.Count);
}
