using System.Globalization;

namespace Telemetry.Operations.Audit;

/// <summary>What a comparison has found: counts, and the first differences in words.</summary>
internal sealed class AuditTally
{
    private const int DifferencesMax = 50;
    private readonly List<string> _differences = [];

    public long Lost { get; private set; }

    public long Doubled { get; private set; }

    public long Unexplained { get; private set; }

    public long Expired { get; private set; }

    public long DeadLettered { get; private set; }

    public IReadOnlyList<string> Differences => _differences;

    public void AddLost(long count) => Lost += count;

    public void AddDoubled(long count) => Doubled += count;

    public void AddUnexplained(long count) => Unexplained += count;

    public void AddLost(ReadingKey key, SequenceSet set, string what)
    {
        Lost += set.Count;
        Describe(key, set, what);
    }

    public void AddUnexplained(ReadingKey key, SequenceSet set, string what)
    {
        Unexplained += set.Count;
        Describe(key, set, what);
    }

    public void AddExpired(long count) => Expired += count;

    public void AddDeadLettered(long count) => DeadLettered += count;

    public void AddDifference(string difference)
    {
        if (_differences.Count < DifferencesMax)
        {
            _differences.Add(difference);
        }
    }

    /// <summary>Adds what was found in another share.</summary>
    public void Add(AuditTally other)
    {
        Lost += other.Lost;
        Doubled += other.Doubled;
        Unexplained += other.Unexplained;
        Expired += other.Expired;
        DeadLettered += other.DeadLettered;
        foreach (var difference in other._differences)
        {
            AddDifference(difference);
        }
    }

    private void Describe(ReadingKey key, SequenceSet set, string what)
    {
        foreach (var (first, last) in set.Ranges.Take(DifferencesMax))
        {
            AddDifference(string.Create(CultureInfo.InvariantCulture, $"{key.Device} boot {key.Boot:x16} sequences {first}-{last}: {what}"));
        }
    }
}
