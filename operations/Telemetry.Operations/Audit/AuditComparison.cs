using Telemetry.Simulator.Ledger;

namespace Telemetry.Operations.Audit;

/// <summary>Compares ledger, log and raw reading by reading. Pure: sets in, counts and words out.</summary>
internal sealed class AuditComparison(AuditEvidence evidence)
{
    public AuditTally Tally { get; } = new();

    /// <summary>
    /// Every acknowledged reading is on the log, or stored when the log's retention may have taken it, or a dead letter says what became of it;
    /// nothing is on the log that was not sent or was refused.
    /// </summary>
    public void Ledger(IEnumerable<LedgerEntry> ledger)
    {
        foreach (var entry in ledger)
        {
            var key = new ReadingKey(entry.Device, entry.BootId);
            var held = evidence.Log.Of(key);
            var missing = Explain(key, OfShare(key, entry.Acked).Without(held).Without(evidence.LogIsWhole ? SequenceSets.None : evidence.Raw.Of(key)));
            if (evidence.LogIsWhole)
            {
                Tally.AddLost(key, missing, "acknowledged but not on the log");
            }
            else if (missing.Count > 0)
            {
                Missing(key, missing);
            }

            var sent = new SequenceSet();
            if (entry.SentThrough > 0)
            {
                sent.Add(1, entry.SentThrough);
            }

            Tally.AddUnexplained(key, held.Without(sent), "on the log but never sent");

            // A reading refused as a conflict has the id of another one, which is on the log.
            var refused = OfShare(key, entry.Refused).Without(evidence.Conflicts.Of(key));
            Tally.AddUnexplained(key, refused.Within(held), "refused and yet on the log");
        }
    }

    /// <summary>Every reading of the log is stored, put aside, or older than raw reaches; nothing is stored that was not on the log.</summary>
    public void LogAgainstRaw()
    {
        foreach (var (key, held) in evidence.Log.All)
        {
            var missing = held.Without(evidence.Raw.Of(key));
            if (missing.Count == 0)
            {
                continue;
            }

            var aside = missing.Within(evidence.PutAside.Of(key));
            var expired = missing.Without(aside).Within(evidence.LogExpiring.Of(key));
            Tally.AddDeadLettered(aside.Count);
            Tally.AddExpired(expired.Count);
            Tally.AddLost(key, missing.Without(aside).Without(expired), "on the log but not stored");
        }

        foreach (var (key, stored) in (evidence.LogIsWhole ? evidence.Raw : evidence.RawRecent).All)
        {
            Tally.AddUnexplained(key, stored.Without(evidence.Log.Of(key)), "stored but not on the log");
        }
    }

    /// <summary>Without what dead letters explain.</summary>
    private SequenceSet Explain(ReadingKey key, SequenceSet missing)
    {
        if (missing.Count == 0)
        {
            return missing;
        }

        var others = missing.Without(evidence.Conflicts.Of(key));
        var aside = others.Within(evidence.PutAside.Of(key));
        Tally.AddDeadLettered(aside.Count);
        return others.Without(aside);
    }

    /// <summary>
    /// Neither on a log that has lost its beginning nor stored. Where raw has expired too, what lies before the first reading of its boot
    /// that is left went with it; a gap behind that is a loss.
    /// </summary>
    private void Missing(ReadingKey key, SequenceSet missing)
    {
        var expired = SequenceSets.None;
        if (!evidence.RawIsWhole)
        {
            var first = Math.Min(First(evidence.Log.Of(key)), First(evidence.Raw.Of(key)));
            var before = new SequenceSet();
            if (first > 0)
            {
                before.Add(0, first - 1);
            }

            expired = missing.Within(before);
        }

        Tally.AddExpired(expired.Count);
        Tally.AddLost(key, missing.Without(expired), "acknowledged, but neither on what is left of the log nor stored");
    }

    private static ulong First(SequenceSet set) => set.Count == 0 ? ulong.MaxValue : set.Ranges[0].First;

    private SequenceSet OfShare(ReadingKey key, IEnumerable<SequenceRange> ranges)
    {
        var set = new SequenceSet();
        foreach (var range in ranges)
        {
            evidence.Share.Cut(key.Device, key.Boot, range.First, range.Last, set, static (set, first, last) => set.Add(first, last));
        }

        return set;
    }
}
