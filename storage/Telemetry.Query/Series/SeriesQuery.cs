using Telemetry.Query.Parameters;

namespace Telemetry.Query.Series;

/// <summary>What a series request came down to.</summary>
/// <param name="Range">Range read; aligned to the bucket unless raw.</param>
/// <param name="StepUs">Bucket in microseconds; 0 is single readings.</param>
/// <param name="Source">Coarsest table used.</param>
/// <param name="Segments">What is read from where.</param>
internal sealed record SeriesQuery(TimeRange Range, long StepUs, SeriesSource Source, IReadOnlyList<SeriesSegment> Segments)
{
    public bool IsRaw => StepUs == 0;
}
