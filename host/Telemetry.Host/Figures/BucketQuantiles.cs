using Telemetry.Observability.Metrics;
using Telemetry.Query.Health;

namespace Telemetry.Host.Figures;

/// <summary>Quantiles from the fixed buckets of a histogram instrument, linear within a bucket as Prometheus does.</summary>
internal static class BucketQuantiles
{
    /// <summary>Quantiles in milliseconds of what was counted between two looks; null when nothing was.</summary>
    public static LatencyQuantiles? Of(long[] now, long[] before)
    {
        var counts = new long[now.Length];
        var total = 0L;
        for (var i = 0; i < counts.Length; i++)
        {
            counts[i] = now[i] - (i < before.Length ? before[i] : 0);
            total += counts[i];
        }

        return total <= 0 ? null : new LatencyQuantiles(At(counts, total, 0.5), At(counts, total, 0.95), At(counts, total, 0.99));
    }

    private static double At(long[] counts, long total, double quantile)
    {
        var rank = quantile * total;
        var seen = 0.0;
        for (var i = 0; i < counts.Length; i++)
        {
            if (seen + counts[i] >= rank && counts[i] > 0)
            {
                var low = i == 0 ? 0 : LatencyBounds.Seconds[i - 1];
                var high = i < LatencyBounds.Seconds.Length ? LatencyBounds.Seconds[i] : LatencyBounds.Seconds[^1];
                return 1000 * (low + ((high - low) * (rank - seen) / counts[i]));
            }

            seen += counts[i];
        }

        return 1000 * LatencyBounds.Seconds[^1];
    }
}
