using Telemetry.Contracts.Measurement;
using Telemetry.Query.Parameters;

namespace Telemetry.Query.Series;

/// <summary>A piece of the range and the table it is read from.</summary>
internal readonly record struct SeriesSegment(SeriesSource Source, TimeRange Range)
{
    /// <summary>True: read from the rows of all devices together.</summary>
    public bool IsFleet { get; init; }
}

/// <summary>
/// Cuts a range into segments that lie end to end, the coarse rollup first and raw last:
/// <code>
///   from                               floor(T, day)     floor(T, hour)  floor(T, minute)      to
///   |-------------- 1d -----------------|------ 1h -------|----- 1m ------|------- raw --------|
/// </code>
/// T is the frontier: up to it the rollups hold what raw holds. Segments never overlap and each boundary is a bucket
/// boundary of the rollup before it, so every reading is in exactly one segment: none counted twice, none missing,
/// whatever the sink does between the reading of one segment and the next. What can be missing are readings older than T
/// that came within the last rollup interval: late ones, beyond the overlap T leaves for disorder.
/// A table is not read for times of which something was removed from it, as long as another still has them.
/// </summary>
internal static class SeriesPlan
{
    /// <param name="source">Coarsest table to use.</param>
    /// <param name="range">Range, aligned to the asked bucket.</param>
    /// <param name="frontier">T, microseconds.</param>
    /// <param name="held">From when on each table is complete.</param>
    public static IReadOnlyList<SeriesSegment> Segments(SeriesSource source, TimeRange range, long frontier, HeldSince held)
    {
        var segments = new List<SeriesSegment>(4);
        var at = range.From;
        for (var table = source; table > SeriesSource.Raw; table--)
        {
            if (table != source && !held.Covers(table, at))
            {
                continue;
            }

            // Where raw no longer has everything, a rollup that may lag is still the best there is.
            var grain = table.Grain();
            var end = Math.Max(TimeRange.Floor(Math.Max(0, frontier), grain), TimeRange.Ceiling(held.Raw, grain));
            end = Math.Min(end, TimeRange.Floor(range.To, grain));
            if (end > at)
            {
                segments.Add(new SeriesSegment(table, new TimeRange(at, end)));
                at = end;
            }
        }

        if (at < range.To)
        {
            segments.Add(new SeriesSegment(SeriesSource.Raw, new TimeRange(at, range.To)));
        }

        return segments;
    }

    /// <summary>
    /// The same segments, read from the rows of all devices of the sensor together from when on there are any. Days have none: they are added up from hours.
    /// </summary>
    /// <param name="planned">Segments for the rows of series.</param>
    /// <param name="held">From when on each table is complete.</param>
    public static IReadOnlyList<SeriesSegment> OfFleets(IReadOnlyList<SeriesSegment> planned, HeldSince held)
    {
        if (held.Fleets is not { } fleets)
        {
            return planned;
        }

        var segments = new List<SeriesSegment>(planned.Count + 1);
        foreach (var segment in planned)
        {
            var range = segment.Range;
            var from = Math.Max(fleets, held.Of(Rows(segment.Source)));
            var split = segment.Source == SeriesSource.Raw ? range.To : Math.Clamp(TimeRange.Ceiling(from, segment.Source.Grain()), range.From, range.To);
            if (split > range.From)
            {
                segments.Add(segment with { Range = new TimeRange(range.From, split) });
            }

            if (split < range.To)
            {
                segments.Add(new SeriesSegment(Rows(segment.Source), new TimeRange(split, range.To)) { IsFleet = true });
            }
        }

        return segments;
    }

    /// <summary>The rollup whose rows of all devices stand for those of this one.</summary>
    public static SeriesSource Rows(SeriesSource source) => source == SeriesSource.Day ? SeriesSource.Hour : source;

    /// <summary>The frontier: that much before the newest rolled-up reading, but not further back than the horizon.</summary>
    /// <param name="newestRolledUp">Event time of the newest reading that all rollups hold; null when they hold none.</param>
    public static long Frontier(long? newestRolledUp, long now, TimeSpan overlap, TimeSpan horizon)
    {
        var settled = now - UnixMicros.From(horizon);
        return newestRolledUp is { } newest ? Math.Max(Math.Min(newest, now) - UnixMicros.From(overlap), settled) : settled;
    }
}
