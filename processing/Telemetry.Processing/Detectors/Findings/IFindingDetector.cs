namespace Telemetry.Processing.Detectors;

/// <summary>
/// A detector that follows what it found from its first to its last strange reading: at most one finding is open on a series, and one
/// cause is one finding (a jump is a spike first and becomes a level shift when it stays). Same promises as <see cref="ISeriesDetector"/>:
/// pure, flat state owned by the caller, no exception for any double, no allocation.
/// </summary>
public interface IFindingDetector : ISeriesDetector
{
    /// <summary>Takes the next value of a series.</summary>
    /// <param name="state">The series' block.</param>
    /// <param name="value">The value. NaN changes nothing; an infinity is as far off as can be and is not learned.</param>
    /// <param name="eventTimeMicros">Event time, microseconds since 1970. One before the last one's counts as the last one's.</param>
    /// <param name="profile">What is known of the sensor; null: nothing. It may change between readings.</param>
    Verdict Watch(Span<byte> state, double value, long eventTimeMicros, SensorProfile? profile);

    /// <summary>The finding that is open, or the last one that ended; <see cref="FindingKind.None"/> if there was none.</summary>
    Finding Describe(ReadOnlySpan<byte> state);
}
