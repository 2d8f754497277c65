namespace Telemetry.Query.Alarms;

/// <summary>A time of more alarms than a person can see to.</summary>
/// <param name="StartUs">First minute of it.</param>
/// <param name="EndUs">End of its last minute.</param>
/// <param name="Alarms">Alarms raised in it.</param>
/// <param name="Peak">Most in ten minutes.</param>
internal sealed record AlarmFlood(long StartUs, long EndUs, long Alarms, long Peak);

/// <summary>Figures of EEMUA 191 over the alarms raised in each minute.</summary>
internal static class AlarmStatistics
{
    /// <summary>Minutes of the window in which alarms are counted.</summary>
    public const int WindowMinutes = 10;

    /// <summary>A flood begins with more than this many in ten minutes, for one operator, ...</summary>
    public const int FloodBegins = 10;

    /// <summary>... and ends when there are fewer than this many.</summary>
    public const int FloodEnds = 5;

    private const long MinuteUs = 60_000_000;

    /// <summary>The floods, and the most alarms in any ten minutes.</summary>
    /// <param name="minutes">Start of a minute and how many were raised in it, ascending; minutes without any may be missing.</param>
    public static (IReadOnlyList<AlarmFlood> Floods, long Peak) Floods(IReadOnlyList<(long MinuteUs, long Count)> minutes)
    {
        var floods = new List<AlarmFlood>();
        var window = new Queue<(long MinuteUs, long Count)>();
        var (sum, peak) = (0L, 0L);
        (long Start, long End, long Alarms, long Peak)? flood = null;
        foreach (var minute in minutes)
        {
            // Minutes without alarms empty the window one after the other.
            while (window.TryPeek(out var oldest) && oldest.MinuteUs <= minute.MinuteUs - (WindowMinutes * MinuteUs))
            {
                window.Dequeue();
                sum -= oldest.Count;
                if (flood is { } over && sum < FloodEnds)
                {
                    floods.Add(new AlarmFlood(over.Start, over.End, over.Alarms, over.Peak));
                    flood = null;
                }
            }

            window.Enqueue(minute);
            sum += minute.Count;
            peak = Math.Max(peak, sum);
            if (flood is { } open)
            {
                flood = (open.Start, minute.MinuteUs + MinuteUs, open.Alarms + minute.Count, Math.Max(open.Peak, sum));
            }
            else if (sum > FloodBegins)
            {
                flood = (window.Peek().MinuteUs, minute.MinuteUs + MinuteUs, sum, sum);
            }
        }

        if (flood is { } last)
        {
            floods.Add(new AlarmFlood(last.Start, last.End, last.Alarms, last.Peak));
        }

        return (floods, peak);
    }

    /// <summary>What EEMUA 191 thinks of a mean rate, in alarms in ten minutes for one operator.</summary>
    public static string Assess(double inTenMinutes) => inTenMinutes switch
    {
        <= 1 => "acceptable",
        <= 2 => "manageable",
        <= 5 => "demanding",
        <= 10 => "overloaded",
        _ => "unacceptable",
    };
}
