namespace Telemetry.Processing.Detectors.Scoring;

/// <summary>Logarithms of the betting functions of a plug-in martingale (Fedorova et al., ICML 2012).</summary>
internal static class Betting
{
    public static double Log(MartingaleType type, double epsilon, double p)
    {
        var ln = Math.Log(p);
        return type == MartingaleType.Power
            ? Math.Log(epsilon) + ((epsilon - 1) * ln)
            : Math.Log((p * ln) + 1 - p) - (2 * Math.Log(-ln)) - ln;
    }
}
