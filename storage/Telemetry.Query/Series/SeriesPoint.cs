namespace Telemetry.Query.Series;

/// <summary>One bucket of a series. Values are NaN when the bucket has no finite one.</summary>
/// <param name="TimeUs">Start of the bucket, microseconds since 1970.</param>
internal readonly record struct SeriesPoint(
    long TimeUs, double Min, double Max, double Mean, double First, double Last, ulong Count);

/// <summary>One reading of a series.</summary>
internal readonly record struct RawPoint(long TimeUs, double Value, byte Quality);
