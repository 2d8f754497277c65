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

    /// <summary>Coarsest table whose buckets fill the asked ones exactly.</summary>
    /// <param name="bucket">Asked bucket, microseconds.</param>
    /// <param name="from">Start of the range, microseconds.</param>
    /// <param name="minuteSince">The minute rollup has nothing older than this.</param>
    public static SeriesSource Source(long bucket, long from, long minuteSince)
    {
        if (bucket % Step.Day == 0)
        {
            return SeriesSource.Day;
        }

        if (bucket % Step.Hour == 0)
        {
            return SeriesSource.Hour;
        }

        return bucket % Step.Minute == 0 && from >= minuteSince ? SeriesSource.Minute : SeriesSource.Raw;
    }
}
