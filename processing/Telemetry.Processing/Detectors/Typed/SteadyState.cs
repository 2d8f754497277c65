using System.Runtime.InteropServices;

namespace Telemetry.Processing.Detectors.Typed;

/// <summary>
/// How far the series has been from where it should be at this time of the day, as the mean of the last readings. Where the profile of the day is not
/// known yet, "where it should be" is the slow level. It carries shifts and drifts of what has a daily cycle, or noise wider than its levels are apart.
/// </summary>
[StructLayout(LayoutKind.Sequential, Pack = 8)]
internal struct SteadyState
{
    private const double SpreadShare = 1.0 / 400;

    /// <summary>Slow mean of the distance from the reference, in the unit of the values.</summary>
    public double Spread;

    /// <summary>Mean of the distances of the last readings, in units of the noise within a level: these stay the same when the profile becomes known.</summary>
    public float Mean;

    /// <summary>1: the profile of the day is the reference; 0: the slow level.</summary>
    public int HasProfile;

    /// <summary>How long it stays at a distance. A daily cycle is no switch.</summary>
    public DwellState Dwell;

    /// <summary>Takes a distance from the reference.</summary>
    /// <param name="away">Signed distance.</param>
    /// <param name="noise">Noise within a level.</param>
    /// <param name="young">Share of a new value at least: one over the readings so far.</param>
    /// <param name="tuning">Constants.</param>
    public void Take(double away, double noise, double young, TypedTuning tuning)
    {
        var spread = Math.Max(Spread, noise);
        away = Math.Clamp(away, -tuning.SteadyMost * spread, tuning.SteadyMost * spread);
        Mean += (float)(Math.Max(tuning.SteadyShare, young) * ((away / noise) - Mean));
        Spread += Math.Max(SpreadShare, young) * (Math.Abs(away) - Spread);
    }
}
