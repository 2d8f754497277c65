using Telemetry.Query.Parameters;

namespace Telemetry.Query.Series;

/// <summary>Whether single readings may be given where buckets were not asked for by length.</summary>
internal enum SingleReadings
{
    /// <summary>Never: the series is one over many devices, or all are to have the same buckets.</summary>
    Never,

    /// <summary>When the one series has no more than points.</summary>
    OfOneSeries,

    /// <summary>When none of the series has more than points.</summary>
    OfEachSeries,
}

/// <summary>What was asked of one series or many.</summary>
/// <param name="Range">Event times.</param>
/// <param name="Step">Bucket.</param>
/// <param name="Points">Points of each series, where the bucket is chosen.</param>
/// <param name="Zone">Time zone in which days begin; null: UTC.</param>
/// <param name="Single">Whether single readings may be given.</param>
internal readonly record struct SeriesAsk(TimeRange Range, Step Step, int Points, string? Zone, SingleReadings Single)
{
    /// <summary>True: of one sensor at every device there is.</summary>
    public bool OfAllDevices { get; init; }
}
