using Telemetry.Contracts.Measurement;
using Telemetry.Contracts.Readings;

namespace Telemetry.Operations.Audit.Hourly;

/// <summary>
/// Counts readings of the log by hour of event time. An hour is its number since 1970-01-01T00:00Z. Hours before the first one kept and
/// after the last one possible are left out, so memory is bounded by hours times the memory of an hour.
/// </summary>
/// <param name="hourBytesMax">Memory for the event ids of an hour.</param>
internal sealed class LogHours(long hourBytesMax)
{
    private readonly Dictionary<long, LogHour> _hours = [];
    private long _first = long.MinValue;
    private long _last = long.MaxValue;

    /// <summary>From now on only these hours are kept.</summary>
    /// <param name="first">The first hour.</param>
    /// <param name="last">The last hour.</param>
    public void Keep(long first, long last)
    {
        (_first, _last) = (first, last);
        foreach (var hour in _hours.Keys.Where(h => h < first || h > last).ToList())
        {
            _hours.Remove(hour);
        }
    }

    /// <summary>One hour; null when the log has no reading of it.</summary>
    public LogHour? Of(long hour) => _hours.GetValueOrDefault(hour);

    /// <summary>The figures of one hour; zeros when the log has no reading of it.</summary>
    public HourFigures Figures(long hour) => Of(hour)?.Figures ?? default;

    /// <summary>Adds all readings of a batch.</summary>
    public void Add(ReadingBatchBuffer batch)
    {
        for (var start = 0; batch.RunLength(start) is var length and > 0; start += length)
        {
            AddRun(batch, start, start + length);
        }
    }

    private void AddRun(ReadingBatchBuffer batch, int start, int end)
    {
        var times = batch.EventTimes;
        while (start < end)
        {
            var hour = Math.DivRem(times[start], UnixMicros.PerHour, out _);
            var next = start + 1;
            while (next < end && times[next] / UnixMicros.PerHour == hour)
            {
                next++;
            }

            if (hour >= _first && hour <= _last)
            {
                if (!_hours.TryGetValue(hour, out var counted))
                {
                    _hours.Add(hour, counted = new LogHour(hourBytesMax));
                }

                counted.Add(batch, start, next - start);
            }

            start = next;
        }
    }
}
