using Telemetry.Query.Parameters;

namespace Telemetry.Query.Series;

/// <summary>What a series request came down to.</summary>
/// <param name="Range">Range read; aligned to the bucket unless raw.</param>
/// <param name="StepUs">Bucket in microseconds; 0 is single readings.</param>
/// <param name="Source">Coarsest table it may be read from; a range within its newest bucket is read from finer ones.</param>
/// <param name="Segments">What is read from where.</param>
/// <param name="CompleteFrom">Before this, readings were removed from the table read; null when nothing of the range was.</param>
internal sealed record SeriesQuery(
    TimeRange Range, long StepUs, SeriesSource Source, IReadOnlyList<SeriesSegment> Segments, long? CompleteFrom)
{
    public bool IsRaw => StepUs == 0;

    /// <summary>The buckets are days of a time zone; null: days of UTC, or no days.</summary>
    public ZoneDays? Days { get; init; }

    public static SeriesQuery Of(
        TimeRange range, long step, SeriesSource source, IReadOnlyList<SeriesSegment> segments, HeldSince held)
    {
        var from = held.Of(segments[0].Source);
        return new SeriesQuery(range, step, source, segments, from > range.From ? Math.Min(from, range.To) : null);
    }
}
