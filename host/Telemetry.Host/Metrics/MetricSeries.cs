using System.Globalization;

namespace Telemetry.Host.Metrics;

/// <summary>One series: a running sum, a last value, or a histogram with fixed bounds.</summary>
internal sealed class MetricSeries(KeyValuePair<string, object?>[] tags, MetricKind kind)
{
    /// <summary>Upper bounds in seconds, 100 microseconds to 30 s.</summary>
    public static readonly double[] Bounds =
        [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.35, 0.5, 1, 2.5, 5, 10, 30];

    private readonly long[] _buckets = kind == MetricKind.Histogram ? new long[Bounds.Length + 1] : [];
    private double _value;
    private long _count;

    public IReadOnlyList<KeyValuePair<string, object?>> Tags { get; } = tags;

    /// <summary>Sum of a counter or histogram, last value of a gauge.</summary>
    public double Value => Volatile.Read(ref _value);

    public long Count => Volatile.Read(ref _count);

    /// <summary>Of an observable instrument: the newest round of observing in which it was reported.</summary>
    public int Round { get; set; }

    public IReadOnlyList<long> Buckets => _buckets;

    public void Record(double value)
    {
        if (kind == MetricKind.Gauge)
        {
            Volatile.Write(ref _value, value);
            return;
        }

        Add(value);
        if (kind == MetricKind.Histogram)
        {
            var index = Array.BinarySearch(Bounds, value);
            Interlocked.Increment(ref _buckets[index >= 0 ? index : ~index]);
            Interlocked.Increment(ref _count);
        }
    }

    public bool Has(string tag, string? value)
    {
        foreach (var (key, tagValue) in Tags)
        {
            if (key == tag)
            {
                return value is null || Convert.ToString(tagValue, CultureInfo.InvariantCulture) == value;
            }
        }

        return false;
    }

    private void Add(double value)
    {
        var seen = Volatile.Read(ref _value);
        while (true)
        {
            var found = Interlocked.CompareExchange(ref _value, seen + value, seen);
            if (found.Equals(seen))
            {
                return;
            }

            seen = found;
        }
    }
}
