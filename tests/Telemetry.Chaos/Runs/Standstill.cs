namespace Telemetry.Chaos.Runs;

/// <summary>The times a count did not grow, from its first growth on.</summary>
internal sealed class Standstill(TimeProvider time)
{
    /// <summary>Shorter times are what storing in batches looks like.</summary>
    private static readonly TimeSpan Least = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly List<(long From, long To)> _gaps = [];
    private long _highest;
    private long _since;

    /// <summary>The longest so far, one that still lasts included as far as it was looked at.</summary>
    public TimeSpan Longest { get; private set; }

    /// <summary>Takes the count of now. A lower one than before, such as 0 for no answer, is no growth.</summary>
    public void Look(long count)
    {
        lock (_gate)
        {
            var now = time.GetTimestamp();
            if (_highest > 0)
            {
                Note(now);
            }

            if (count > _highest)
            {
                _highest = count;
                _since = now;
            }
        }
    }

    /// <summary>
    /// The longest standstill that touched the time between two timestamps, in full: what began before or ended after counts with all
    /// of its length. Zero when none lasted for a second.
    /// </summary>
    /// <param name="from">Timestamp of the same clock.</param>
    /// <param name="to">Timestamp of the same clock; null: until now.</param>
    public TimeSpan LongestBetween(long from, long? to)
    {
        lock (_gate)
        {
            return _gaps.Where(g => g.To > from && (to is null || g.From < to))
                .Select(g => time.GetElapsedTime(g.From, g.To))
                .DefaultIfEmpty()
                .Max();
        }
    }

    private void Note(long now)
    {
        var still = time.GetElapsedTime(_since, now);
        if (still > Longest)
        {
            Longest = still;
        }

        if (still < Least)
        {
            return;
        }

        if (_gaps.Count > 0 && _gaps[^1].From == _since)
        {
            _gaps.RemoveAt(_gaps.Count - 1);
        }

        _gaps.Add((_since, now));
    }
}
