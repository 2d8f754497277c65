using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Telemetry.Processing.Detectors.Typed;

/// <summary>Mean of each hour of the day (UTC) with the mean distance from it; the residual to the mean between hours, smoothed.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 8)]
internal struct HourState
{
    private const double HourMicros = 3600e6;
    private const double SmoothShare = 0.2;
    private const double StepMax = 4;

    /// <summary>Hours needed before a residual says something.</summary>
    private const int HoursNeeded = 24;

    public double Origin;
    public Bins Means;

    /// <summary>Mean distance from the profile.</summary>
    public double Spread;

    /// <summary>Smoothed residual in spreads.</summary>
    public double Smoothed;

    public int HoursKnown;
    public int Hour;
    public int InHour;
    private readonly int _pad;

    /// <summary>Takes a value; returns the smoothed residual, 0 until a day is known.</summary>
    public double Take(double x, long micros, double floor, double dayShare)
    {
        var hours = micros / HourMicros;
        var whole = Math.Floor(hours);
        var hour = (int)(((long)whole % 24 + 24) % 24);
        if (HoursKnown == 0)
        {
            Origin = x;
            Hour = hour;
            HoursKnown = 1;
        }

        if (hour != Hour)
        {
            Hour = hour;
            InHour = 0;
            HoursKnown = Math.Min(HoursKnown + 1, 1000);
        }

        InHour++;
        ref var mean = ref Means[hour];
        if (HoursKnown <= HoursNeeded)
        {
            mean += (float)((x - Origin - mean) / InHour);
            Spread += (Math.Abs(x - Origin - mean) - Spread) * 0.01;
            return 0;
        }

        // Between the middles of two hours the profile is the line through both.
        var part = hours - whole - 0.5;
        var other = Means[(hour + (part < 0 ? 23 : 1)) % 24];
        var expected = mean + (Math.Abs(part) * (other - mean));
        var spread = Math.Max(Spread, floor);
        var z = Math.Clamp((x - Origin - expected) / spread, -StepMax, StepMax);
        Smoothed += SmoothShare * (z - Smoothed);
        Spread += 0.005 * (Math.Abs(z * spread) - Spread);
        mean += (float)(dayShare * Math.Clamp(x - Origin - mean, -StepMax * spread, StepMax * spread));
        return Smoothed;
    }

    [InlineArray(24)]
    public struct Bins
    {
        private float _first;
    }
}
