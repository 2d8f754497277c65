using System.Runtime.InteropServices;

namespace Telemetry.Processing.Detectors.Typed;

/// <summary>How often a series gives a reading: what turns time into readings and back.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 8)]
internal struct PaceState
{
    private const double IntervalShare = 0.02;

    /// <summary>A reading this many intervals after the one before is not its neighbour.</summary>
    private const double GapIntervals = 1.75;

    public long FirstMicros;
    public long LastMicros;

    /// <summary>Usual time between two readings, seconds; 0 before the second one.</summary>
    public double IntervalSeconds;

    /// <summary>Readings so far.</summary>
    public int Seen;

    /// <summary>Readings since the last gap.</summary>
    public int SinceGap;

    /// <summary>Seconds from the first reading to the last.</summary>
    public readonly double AgeSeconds => ((double)LastMicros - FirstMicros) * 1e-6;

    /// <summary>Takes the time of a reading; returns the seconds since the last one, never negative.</summary>
    public double Take(long micros)
    {
        if (Seen == 0)
        {
            (FirstMicros, LastMicros) = (micros, micros);
        }

        var elapsed = Math.Max(0, ((double)micros - LastMicros) * 1e-6);
        LastMicros = Math.Max(LastMicros, micros);
        SinceGap = elapsed > GapIntervals * IntervalSeconds ? 0 : Math.Min(SinceGap + 1, 1000);
        if (Seen > 0 && elapsed > 0)
        {
            // A gap counts as four intervals at most: a silence is not a new pace.
            IntervalSeconds = IntervalSeconds == 0
                ? elapsed
                : IntervalSeconds + (Math.Max(IntervalShare, 1.0 / Seen) * (Math.Min(elapsed, 4 * IntervalSeconds) - IntervalSeconds));
        }

        Seen = Seen == int.MaxValue ? Seen : Seen + 1;
        return elapsed;
    }
}
