using Telemetry.Contracts.Measurement;
using Telemetry.Observability.Metrics;
using Telemetry.Query.Health;

namespace Telemetry.Host.Figures;

/// <summary>Counted latencies at one moment; the difference of two is what happened in between.</summary>
/// <param name="Counts">Counts by bucket.</param>
/// <param name="IsFine">True: the buckets of <see cref="LatencyHistogram"/>. False: those of <see cref="LatencyBounds.Seconds"/>.</param>
internal readonly record struct LatencyCounts(long[] Counts, bool IsFine)
{
    public static readonly LatencyCounts None = new([], false);

    /// <summary>Quantiles in milliseconds of what was counted since; null when nothing was.</summary>
    public LatencyQuantiles? Since(LatencyCounts before)
    {
        if (!IsFine)
        {
            return BucketQuantiles.Of(Counts, before.Counts);
        }

        var counts = new long[Counts.Length];
        for (var i = 0; i < counts.Length; i++)
        {
            counts[i] = Counts[i] - (i < before.Counts.Length ? before.Counts[i] : 0);
        }

        return counts.Sum() <= 0 ? null : new LatencyQuantiles(
            LatencyHistogram.Quantile(counts, 0.5).TotalMilliseconds,
            LatencyHistogram.Quantile(counts, 0.95).TotalMilliseconds,
            LatencyHistogram.Quantile(counts, 0.99).TotalMilliseconds);
    }
}
