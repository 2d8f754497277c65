using Telemetry.Processing.Watermarks;
using Telemetry.Streams.Pauses;

namespace Telemetry.Processing.Devices;

/// <summary>A time in which a device measured nothing, between two readings of one batch. Event times in milliseconds.</summary>
/// <param name="FromMs">The reading before.</param>
/// <param name="SilentMs">When it counted as silent.</param>
/// <param name="ToMs">The reading after.</param>
/// <param name="IntervalMs">How often the device measured before.</param>
internal readonly record struct MeasuringGap(long FromMs, long SilentMs, long ToMs, double IntervalMs);

/// <summary>
/// Finds times in which a device measured nothing, by the rule for silent devices (<see cref="Pace"/>), in what it sends at once: a batch, or a past that was
/// kept. By the times of records nothing was missing then.
/// </summary>
internal sealed class MeasuringGaps(ProcessingOptions options)
{
    private readonly long _atLeastMs = (long)options.SilentAtLeast.TotalMilliseconds;
    private readonly long _unknownMs = (long)options.SilentAfter.TotalMilliseconds;
    private readonly List<MeasuringGap> _gaps = [];

    /// <summary>True for a batch in the order of time. One that holds one sensor after the other says nothing of what lies between.</summary>
    public static bool AreInOrder(ReadOnlySpan<long> times)
    {
        for (var i = 1; i < times.Length; i++)
        {
            if (times[i] < times[i - 1])
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The gaps of a batch; valid until the next call.</summary>
    /// <param name="times">Event times in order, microseconds.</param>
    /// <param name="pace">What is known of the device; learns.</param>
    public IReadOnlyList<MeasuringGap> Take(ReadOnlySpan<long> times, ref Pace pace)
    {
        _gaps.Clear();
        var beforeMs = Micros.Bounded(times[0]) / 1000;
        foreach (var time in times[1..])
        {
            var nowMs = Micros.Bounded(time) / 1000;
            var pauseMs = nowMs - beforeMs;
            if (pauseMs > _atLeastMs && pace.SilentAfterMs(_atLeastMs, _unknownMs) is var afterMs && pauseMs > afterMs)
            {
                _gaps.Add(new MeasuringGap(beforeMs, beforeMs + afterMs, nowMs, pace.IntervalMs));
            }

            pace.Take(pauseMs);
            beforeMs = nowMs;
        }

        return _gaps;
    }
}
