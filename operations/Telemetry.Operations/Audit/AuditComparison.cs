using System.Globalization;
using Telemetry.Simulator.Ledger;

namespace Telemetry.Operations.Audit;

/// <summary>Compares ledger, log and raw reading by reading. Pure: sets in, counts and words out.</summary>
internal sealed class AuditComparison(int differencesMax = 50)
{
    private static readonly SequenceSet Nothing = new();
    private readonly List<string> _differences = [];

    public long Lost { get; private set; }

    public long Unexplained { get; private set; }

    public IReadOnlyList<string> Differences => _differences;

    /// <summary>Every acknowledged reading is on the log; nothing is on the log that was not sent or was refused.</summary>
    public void LedgerAgainstLog(IEnumerable<LedgerEntry> ledger, IReadOnlyDictionary<ReadingKey, SequenceSet> log, bool logTruncated)
    {
        foreach (var entry in ledger)
        {
            var key = new ReadingKey(entry.Device, entry.BootId);
            var held = log.GetValueOrDefault(key, Nothing);
            if (!logTruncated)
            {
                AddLost(key, Set(entry.Acked).Except(held), "acknowledged but not on the log");
            }

            var sent = new SequenceSet();
            if (entry.SentThrough > 0)
            {
                sent.Add(1, entry.SentThrough);
            }

            AddUnexplained(key, held.Except(sent), "on the log but never sent");
            var refused = Set(entry.Refused);
            AddUnexplained(key, refused.Except(Difference(refused, held)), "refused and yet on the log");
        }
    }

    /// <summary>Every reading of the log is stored; nothing is stored that was not on the log.</summary>
    public void LogAgainstRaw(
        IReadOnlyDictionary<ReadingKey, SequenceSet> log, IReadOnlyDictionary<ReadingKey, SequenceSet> raw, bool logTruncated)
    {
        foreach (var (key, held) in log)
        {
            AddLost(key, held.Except(raw.GetValueOrDefault(key, Nothing)), "on the log but not stored");
        }

        if (logTruncated)
        {
            return;
        }

        foreach (var (key, stored) in raw)
        {
            AddUnexplained(key, stored.Except(log.GetValueOrDefault(key, Nothing)), "stored but not on the log");
        }
    }

    public void AddDifference(string difference)
    {
        if (_differences.Count < differencesMax)
        {
            _differences.Add(difference);
        }
    }

    private static SequenceSet Set(IEnumerable<SequenceRange> ranges)
    {
        var set = new SequenceSet();
        foreach (var range in ranges)
        {
            set.Add(range.First, range.Last);
        }

        return set;
    }

    /// <summary>What of <paramref name="set"/> is not in <paramref name="other"/>, as a set.</summary>
    private static SequenceSet Difference(SequenceSet set, SequenceSet other)
    {
        var difference = new SequenceSet();
        foreach (var (first, last) in set.Except(other))
        {
            difference.Add(first, last);
        }

        return difference;
    }

    private void AddLost(ReadingKey key, IEnumerable<(ulong First, ulong Last)> ranges, string what) =>
        Lost += Add(key, ranges, what);

    private void AddUnexplained(ReadingKey key, IEnumerable<(ulong First, ulong Last)> ranges, string what) =>
        Unexplained += Add(key, ranges, what);

    private long Add(ReadingKey key, IEnumerable<(ulong First, ulong Last)> ranges, string what)
    {
        var count = 0L;
        foreach (var (first, last) in ranges)
        {
            count += (long)(last - first + 1);
            AddDifference(string.Create(
                CultureInfo.InvariantCulture, $"{key.Device} boot {key.Boot:x16} sequences {first}-{last}: {what}"));
        }

        return count;
    }
}
