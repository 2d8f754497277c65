using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Telemetry.Processing.Detectors.Typed;

/// <summary>What each hour of the day (UTC) is like: mean and mean distance from it. And the signed distance, smoothed over twelve readings.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 8)]
internal struct HourState
{
    private const double HourMicros = 3600e6;

    /// <summary>Share of a profile that one hour's readings renew, whatever their number: about four days to forget.</summary>
    private const double ShareAnHour = 0.24;

    /// <summary>Share of the range that is added to the spread: an hour that was flat by chance is not exact.</summary>
    private const double RangeShare = 0.02;

    /// <summary>A distance is learned as this many spreads at most.</summary>
    private const double LearnedMost = 10;

    private const double DistanceMax = 5;
    private const double SmoothShare = 1.0 / 12;
    private const int ReadingsNeeded = 20;
    private const int HoursNeeded = 24;

    public double Origin;
    public Bins Means;
    public Bins Spreads;
    public Counts Visits;
    public float Smoothed;
    public short Hours;
    public short Hour;

    /// <summary>From the lowest to the highest mean of an hour, over the mean distance from these means: large where the day moves the series.</summary>
    public float Reach;
    private readonly int _pad;

    /// <summary>Takes a value; gives the smoothed distance in spreads, 0 until the hour is known.</summary>
    /// <param name="x">The value.</param>
    /// <param name="micros">Its time.</param>
    /// <param name="intervalSeconds">Usual time between two readings.</param>
    /// <param name="range">From the lowest to the highest value yet.</param>
    /// <param name="learns">False: something is found, and is not to become usual.</param>
    public double Take(double x, long micros, double intervalSeconds, double range, bool learns)
    {
        var hour = (short)((((long)Math.Floor(micros / HourMicros) % 24) + 24) % 24);
        if (Hours == 0)
        {
            (Origin, Hour, Hours) = (x, hour, 1);
        }

        if (hour != Hour)
        {
            (Hour, Hours) = (hour, (short)Math.Min(Hours + 1, 1000));
            Reach = MeasureReach();
        }

        ref var mean = ref Means[hour];
        ref var spread = ref Spreads[hour];
        ref var visits = ref Visits[hour];
        var smoothed = 0.0;
        var distance = x - Origin - mean;
        if (visits >= ReadingsNeeded && Hours > HoursNeeded)
        {
            var z = distance / (spread + (RangeShare * range) + 1e-12);
            Smoothed += (float)(SmoothShare * (Math.Clamp(z, -DistanceMax, DistanceMax) - Smoothed));
            smoothed = Math.Abs(Smoothed);
        }

        if (!learns)
        {
            return smoothed;
        }

        visits = (ushort)Math.Min(visits + 1, ushort.MaxValue);
        var share = (float)Math.Max(Math.Min(0.02, ShareAnHour * intervalSeconds / 3600), 1.0 / visits);
        var most = LearnedMost * (spread + (RangeShare * range));
        var learned = visits > ReadingsNeeded ? Math.Clamp(distance, -most, most) : distance;
        mean += share * (float)learned;
        spread += share * (float)(Math.Abs(learned) - spread);
        return smoothed;
    }

    /// <summary>Where the series should be at a time, between the means of both hours around it; NaN while one of them is not known.</summary>
    public readonly double Expected(long micros)
    {
        if (Hours <= HoursNeeded)
        {
            return double.NaN;
        }

        var at = (micros / HourMicros) - 0.5;
        var whole = Math.Floor(at);
        var before = (int)((((long)whole % 24) + 24) % 24);
        var after = before == 23 ? 0 : before + 1;
        if (Visits[before] < ReadingsNeeded || Visits[after] < ReadingsNeeded)
        {
            return double.NaN;
        }

        var share = at - whole;
        return Origin + ((1 - share) * Means[before]) + (share * Means[after]);
    }

    /// <summary>Moves the whole profile so that a level is where the series should be now.</summary>
    public void Move(double level, long micros)
    {
        var expected = Expected(micros);
        Origin += double.IsNaN(expected) ? 0 : level - expected;
    }

    private readonly float MeasureReach()
    {
        var (low, high, spreads) = (float.PositiveInfinity, float.NegativeInfinity, 0f);
        for (var hour = 0; hour < 24; hour++)
        {
            (low, high) = (Math.Min(low, Means[hour]), Math.Max(high, Means[hour]));
            spreads += Spreads[hour];
        }

        return spreads > 0 ? 24 * ((high - low) / spreads) : 0;
    }

    [InlineArray(24)]
    public struct Bins
    {
        private float _first;
    }

    [InlineArray(24)]
    public struct Counts
    {
        private ushort _first;
    }
}
