using System.Runtime.InteropServices;

namespace Telemetry.Processing.Detectors.Typed;

/// <summary>
/// Level and slope of a slow series, by double exponential smoothing with both poles alike (Holt, 1957; Brown, 1959). Until the profile of the day is known
/// it says where the series should be: a daily cycle goes along with the slope, a drift that takes less than the time constant does not.
/// </summary>
[StructLayout(LayoutKind.Sequential, Pack = 8)]
internal struct TrendState
{
    /// <summary>Level, as a distance from the origin of the known values: single precision is enough.</summary>
    public float Level;

    /// <summary>Its change from one reading to the next.</summary>
    public float Slope;

    /// <summary>Where the next reading should be, as such a distance.</summary>
    public readonly double Expected => (double)Level + Slope;

    /// <summary>Takes a value.</summary>
    /// <param name="x">The value, as such a distance.</param>
    /// <param name="count">Readings so far, 1 at the first.</param>
    /// <param name="share">Interval of the readings over the time constant, below 1.</param>
    /// <param name="most">A distance from where it should be counts as this at most.</param>
    public void Take(double x, int count, double share, double most)
    {
        if (count <= 1)
        {
            (Level, Slope) = ((float)x, 0);
            return;
        }

        var pole = 1 - share;
        var away = Math.Clamp(x - Expected, -most, most);
        Level = (float)(Expected + (Math.Max(1 - (pole * pole), 1.0 / count) * away));
        Slope += count * share < 1 ? 0 : (float)(share * share * away);
    }
}
