using System.Numerics;

namespace Telemetry.Contracts.Measurement;

/// <summary>
/// Counts durations in log-linear buckets: 64 buckets for each doubling, so a quantile is off by at most 1.6 %.
/// Covers 1 microsecond to 2^40 microseconds (12 days); beyond is counted in the last bucket. Fixed memory (about 17 kB);
/// recording is one interlocked add and safe for concurrent use.
/// Source: the bucket layout of HdrHistogram (Gil Tene), with a fixed precision.
/// </summary>
public sealed class LatencyHistogram
{
    private const int SubBits = 6;
    private const int Buckets = (40 - SubBits + 1) << SubBits;

    private readonly long[] _counts = new long[Buckets];

    /// <summary>Durations counted.</summary>
    public long Count
    {
        get
        {
            var sum = 0L;
            foreach (ref readonly var count in _counts.AsSpan())
            {
                sum += Volatile.Read(in count);
            }

            return sum;
        }
    }

    /// <summary>Counts one duration; negative ones count as zero.</summary>
    public void Record(TimeSpan duration) => RecordMicroseconds(duration.Ticks / TimeSpan.TicksPerMicrosecond);

    /// <summary>Counts one duration <paramref name="times"/> times.</summary>
    public void RecordMicroseconds(long microseconds, long times = 1) =>
        Interlocked.Add(ref _counts[Index(microseconds)], times);

    /// <summary>The duration that a share <paramref name="quantile"/> (0 to 1) of those counted does not pass; zero when empty.</summary>
    public TimeSpan Quantile(double quantile) => Quantile(_counts, quantile);

    /// <summary>A copy of the counts, to take differences over time.</summary>
    public long[] Snapshot()
    {
        var copy = new long[Buckets];
        for (var i = 0; i < Buckets; i++)
        {
            copy[i] = Volatile.Read(ref _counts[i]);
        }

        return copy;
    }

    /// <summary>Adds counts taken by <see cref="Snapshot"/>.</summary>
    /// <exception cref="ArgumentException">Not a snapshot of this layout.</exception>
    public void Add(ReadOnlySpan<long> counts)
    {
        if (counts.Length != Buckets)
        {
            throw new ArgumentException($"A snapshot has {Buckets} buckets, this one {counts.Length}.", nameof(counts));
        }

        for (var i = 0; i < Buckets; i++)
        {
            if (counts[i] != 0)
            {
                Interlocked.Add(ref _counts[i], counts[i]);
            }
        }
    }

    /// <summary>As <see cref="Quantile(double)"/>, of a snapshot or a difference of two.</summary>
    public static TimeSpan Quantile(ReadOnlySpan<long> counts, double quantile)
    {
        var total = 0L;
        foreach (var count in counts)
        {
            total += count;
        }

        if (total == 0)
        {
            return TimeSpan.Zero;
        }

        var rank = Math.Max(1, (long)Math.Ceiling(quantile * total));
        var index = 0;
        for (var seen = counts[0]; seen < rank && index < counts.Length - 1; seen += counts[index])
        {
            index++;
        }

        return TimeSpan.FromMicroseconds(UpperBound(index));
    }

    private static int Index(long microseconds)
    {
        if (microseconds < 1 << SubBits)
        {
            return (int)Math.Max(0, microseconds);
        }

        var doubling = BitOperations.Log2((ulong)microseconds) - SubBits;
        return Math.Min(((doubling + 1) << SubBits) + (int)((microseconds >> doubling) - (1 << SubBits)), Buckets - 1);
    }

    private static long UpperBound(int index)
    {
        var doubling = (index >> SubBits) - 1;
        return doubling < 0 ? index : ((long)((index & ((1 << SubBits) - 1)) + (1 << SubBits) + 1) << doubling) - 1;
    }
}
