using Telemetry.Query.Parameters;

namespace Telemetry.Query.Series;

/// <summary>Chooses the bucket for a range and a number of points.</summary>
internal static class StepChoice
{
    // Lengths people read off an axis. From one minute on each is a multiple of the rollup it is read from.
    private static readonly long[] Nice =
    [
        1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 200_000, 500_000,
        1 * Step.Second, 2 * Step.Second, 5 * Step.Second, 10 * Step.Second, 15 * Step.Second, 30 * Step.Second,
        1 * Step.Minute, 2 * Step.Minute, 5 * Step.Minute, 10 * Step.Minute, 15 * Step.Minute, 30 * Step.Minute,
        1 * Step.Hour, 2 * Step.Hour, 3 * Step.Hour, 6 * Step.Hour, 12 * Step.Hour,
        1 * Step.Day, 2 * Step.Day, 3 * Step.Day, 5 * Step.Day, 7 * Step.Day, 10 * Step.Day, 14 * Step.Day, 28 * Step.Day,
    ];

    /// <summary>Smallest nice bucket with which the range has no more than <paramref name="points"/> buckets.</summary>
    public static long Bucket(long range, int points)
    {
        foreach (var step in Nice)
        {
            if ((range + step - 1) / step <= points - 1)
            {
                return step;
            }
        }

        var days = ((range / Math.Max(1, points - 1)) / Step.Day) + 1;
        return days * Step.Day;
    }

    /// <summary>
    /// Coarsest table whose buckets fill the asked ones exactly and that still has the whole range. Where only coarser tables have it, the
    /// bucket grows to the next multiple of the finest of those: an answer in hours is better than an empty one in minutes.
    /// </summary>
    /// <param name="bucket">Asked bucket, microseconds.</param>
    /// <param name="range">Asked range.</param>
    /// <param name="held">From when on each table is complete.</param>
    public static (long Bucket, SeriesSource Source) Source(long bucket, TimeRange range, HeldSince held)
    {
        for (var source = SeriesSource.Day; source >= SeriesSource.Raw; source--)
        {
            if (bucket % source.Grain() == 0 && held.Covers(source, TimeRange.Floor(range.From, bucket)))
            {
                return (bucket, source);
            }
        }

        for (var source = SeriesSource.Minute; source <= SeriesSource.Day; source++)
        {
            var larger = TimeRange.Ceiling(bucket, source.Grain());
            if (held.Covers(source, TimeRange.Floor(range.From, larger)))
            {
                return (larger, source);
            }
        }

        // No table has all of it: the one that reaches back furthest, the finest of equals.
        var longest = Enum.GetValues<SeriesSource>().MinBy(held.Of);
        return (TimeRange.Ceiling(bucket, longest.Grain()), longest);
    }
}
