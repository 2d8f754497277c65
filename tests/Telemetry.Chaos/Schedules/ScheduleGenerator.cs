namespace Telemetry.Chaos.Schedules;

/// <summary>
/// Seed to schedule: the same seed, length, kinds and shape always give the same faults. The first kind goes round with the
/// seed, so that as many seeds in a row as there are kinds play every kind once at least; the others are drawn, none twice
/// before all were taken. Two faults never hold the same target at once, and brokers suffer one at a time: with two of three
/// gone there is nothing to observe but standstill.
/// </summary>
internal sealed class ScheduleGenerator(ClusterShape shape, IReadOnlyList<FaultKind> kinds)
{
    /// <summary>Faults of a schedule of <see cref="UsualLength"/>, unless told otherwise.</summary>
    private const int FaultsMin = 4;
    private const int FaultsMax = 7;
    private const double ShareMax = 0.8;
    private const int Attempts = 32;

    /// <summary>Length of the faults of a schedule.</summary>
    public static TimeSpan UsualLength { get; } = TimeSpan.FromSeconds(25);

    /// <param name="seed">Zero or above.</param>
    /// <param name="length">Between the first possible fault and the last heal.</param>
    /// <param name="faults">How many faults; null: drawn, in proportion to the length.</param>
    public Schedule Generate(int seed, TimeSpan length, int? faults)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(seed);
        var random = new Random(seed);
        var count = faults ?? Math.Max(1, (int)Math.Round(random.Next(FaultsMin, FaultsMax + 1) * (length / UsualLength)));
        var list = new List<Fault>(count);
        foreach (var kind in Draw(seed, count, random))
        {
            if (Place(kind, list, length, random) is { } fault)
            {
                list.Add(fault);
            }
        }

        return new Schedule(seed, length, [.. list.OrderBy(f => f.At)]);
    }

    /// <summary>What a fault holds while it lasts; another that holds the same must wait.</summary>
    internal static string Resource(Fault fault) => fault.Kind.Target switch
    {
        TargetKind.Broker or TargetKind.Controller or TargetKind.KafkaLink => "brokers",
        TargetKind.ClickHouseLink => "clickhouse-links",
        TargetKind.Registry or TargetKind.RegistryLink => "registry",
        _ when fault.Kind.Action == FaultAction.Churn => "churn-" + fault.Kind.Target,
        _ => fault.Target,
    };

    private List<FaultKind> Draw(int seed, int count, Random random)
    {
        var first = kinds[seed % kinds.Count];
        var drawn = new List<FaultKind>(count) { first };
        var bag = kinds.Where(k => k != first).ToArray();
        while (drawn.Count < count)
        {
            random.Shuffle(bag);
            drawn.AddRange(bag.Take(count - drawn.Count));
            bag = [.. kinds];
        }

        return drawn;
    }

    /// <summary>A free time for a fault of this kind; null when the schedule is too full.</summary>
    private Fault? Place(FaultKind kind, List<Fault> placed, TimeSpan length, Random random)
    {
        var targets = shape.Targets(kind.Target);
        var most = length.TotalSeconds * ShareMax;
        var faultSeed = random.Next();
        for (var attempt = 0; attempt < Attempts && targets.Count > 0; attempt++)
        {
            var seconds = Math.Min(most, kind.SecondsMin + (random.NextDouble() * (kind.SecondsMax - kind.SecondsMin)));
            var at = random.NextDouble() * (length.TotalSeconds - seconds);
            var fault = new Fault(
                Milliseconds(at), kind, targets[random.Next(targets.Count)], Milliseconds(seconds), faultSeed);
            if (!placed.Any(p => Resource(p) == Resource(fault) && p.At < fault.End && fault.At < p.End))
            {
                return fault;
            }
        }

        return null;
    }

    private static TimeSpan Milliseconds(double seconds) => TimeSpan.FromMilliseconds(Math.Round(seconds * 1000));
}
