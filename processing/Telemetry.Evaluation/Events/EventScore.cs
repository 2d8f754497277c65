namespace Telemetry.Evaluation.Events;

/// <summary>
/// Counts what alarms found, event by event: a fault is found by any number of alarms inside it, an alarm outside of every fault is false, and
/// one in the recovery after a fault is neither. Never point-adjusted: long faults do not count more than short ones.
/// </summary>
public sealed class EventScore(MatchRules rules)
{
    private const double DayMicros = 86_400e6;

    private readonly SortedDictionary<string, Tally> _byKind = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, Tally> _bySensor = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, Tally> _byMagnitude = new(StringComparer.Ordinal);
    private readonly SortedDictionary<int, Tally> _byDay = [];
    private readonly SortedDictionary<string, int> _falseBySensor = new(StringComparer.Ordinal);
    private readonly SortedDictionary<int, int> _falseByDay = [];
    private readonly SortedDictionary<string, int> _falseByKind = new(StringComparer.Ordinal);

    /// <summary>All faults.</summary>
    public Tally All { get; } = new();

    /// <summary>By kind of fault.</summary>
    public IReadOnlyDictionary<string, Tally> ByKind => _byKind;

    /// <summary>By sensor.</summary>
    public IReadOnlyDictionary<string, Tally> BySensor => _bySensor;

    /// <summary>By kind and magnitude, as <c>spike 8-12</c>.</summary>
    public IReadOnlyDictionary<string, Tally> ByMagnitude => _byMagnitude;

    /// <summary>By day since the start, from 0.</summary>
    public IReadOnlyDictionary<int, Tally> ByDay => _byDay;

    /// <summary>False alarms by sensor.</summary>
    public IReadOnlyDictionary<string, int> FalseBySensor => _falseBySensor;

    /// <summary>False alarms by what the detector took them for.</summary>
    public IReadOnlyDictionary<string, int> FalseByKind => _falseByKind;

    /// <summary>False alarms by day since the start, from 0.</summary>
    public IReadOnlyDictionary<int, int> FalseByDay => _falseByDay;

    /// <summary>Alarms outside of every fault and recovery.</summary>
    public int FalseAlarms { get; private set; }

    /// <summary>Alarms in a recovery.</summary>
    public int RecoveryAlarms { get; private set; }

    /// <summary>Found faults over found faults and false alarms; NaN without either.</summary>
    public double Precision => All.Found + FalseAlarms == 0 ? double.NaN : (double)All.Found / (All.Found + FalseAlarms);

    /// <summary>Share of the faults found.</summary>
    public double Recall => All.Recall;

    /// <summary>Harmonic mean of precision and recall.</summary>
    public double F1 => 2 * Precision * Recall / (Precision + Recall);

    /// <summary>Counts one series.</summary>
    /// <param name="sensor">Name results are counted by.</param>
    /// <param name="startMicros">Start of the series, for counting by day.</param>
    /// <param name="intervalMicros">Usual time between two readings of the series.</param>
    /// <param name="faults">In the order of time, not overlapping.</param>
    /// <param name="alarms">In the order of time.</param>
    /// <param name="judged">Told of each fault and the alarm that found it first; null for nobody.</param>
    public void Add(
        string sensor,
        long startMicros,
        long intervalMicros,
        IReadOnlyList<FaultLabel> faults,
        IReadOnlyList<RaisedAlarm> alarms,
        Action<FaultLabel, RaisedAlarm?>? judged = null)
    {
        var used = new bool[alarms.Count];
        var recovering = new bool[alarms.Count];
        foreach (var fault in faults)
        {
            var grace = rules.KindsWithGrace.Contains(fault.Kind) ? rules.GraceReadings * intervalMicros : 0;
            var hit = -1;
            for (var i = 0; i < alarms.Count; i++)
            {
                var time = alarms[i].TimeMicros;
                if (time >= fault.StartMicros && time <= fault.EndMicros + grace)
                {
                    hit = hit < 0 ? i : hit;
                    used[i] = true;
                }
                else if (time > fault.EndMicros && time <= fault.EndMicros + (rules.RecoveryReadings * intervalMicros))
                {
                    recovering[i] = true;
                }
            }

            Count(sensor, startMicros, intervalMicros, fault, hit < 0 ? null : alarms[hit].TimeMicros);
            judged?.Invoke(fault, hit < 0 ? null : alarms[hit]);
        }

        for (var i = 0; i < alarms.Count; i++)
        {
            if (!used[i])
            {
                CountStray(sensor, startMicros, alarms[i], recovering[i]);
            }
        }
    }

    private void Count(string sensor, long startMicros, long intervalMicros, in FaultLabel fault, long? foundAt)
    {
        var day = (int)((fault.StartMicros - startMicros) / DayMicros);
        foreach (var tally in (Tally[])
            [All, Of(_byKind, fault.Kind), Of(_bySensor, sensor), Of(_byMagnitude, Magnitude(fault)), Of(_byDay, day)])
        {
            if (foundAt is { } time)
            {
                tally.Hit((time - fault.StartMicros) * 1e-6, intervalMicros * 1e-6);
            }
            else
            {
                tally.Missed();
            }
        }
    }

    private void CountStray(string sensor, long startMicros, in RaisedAlarm alarm, bool recovering)
    {
        if (recovering)
        {
            RecoveryAlarms++;
            return;
        }

        FalseAlarms++;
        var day = (int)((alarm.TimeMicros - startMicros) / DayMicros);
        _falseByDay[day] = _falseByDay.GetValueOrDefault(day) + 1;
        _falseBySensor[sensor] = _falseBySensor.GetValueOrDefault(sensor) + 1;
        _falseByKind[alarm.Kind] = _falseByKind.GetValueOrDefault(alarm.Kind) + 1;
    }

    /// <summary>Magnitudes in classes half as large again as the one before: 4, 6, 9, 13.5, ...</summary>
    private static string Magnitude(in FaultLabel fault)
    {
        var size = Math.Abs(fault.Size);
        if (!(size > 0))
        {
            return fault.Kind;
        }

        var low = 4 * Math.Pow(1.5, Math.Floor(Math.Log(size / 4) / Math.Log(1.5)));
        return FormattableString.Invariant($"{fault.Kind} {low:0.#}-{low * 1.5:0.#}");
    }

    private static Tally Of<TKey>(SortedDictionary<TKey, Tally> tallies, TKey key)
        where TKey : notnull
    {
        if (!tallies.TryGetValue(key, out var tally))
        {
            tallies.Add(key, tally = new Tally());
        }

        return tally;
    }
}
