using System.Runtime.InteropServices;

namespace Telemetry.Processing.Detectors.Typed;

/// <summary>
/// Peaks over threshold: an adaptive quantile that one in twenty exceeds, and a generalised Pareto tail beyond it fitted by moments (Hosking
/// and Wallis, 1987). For the profile of the day, whose scores follow each other too closely for blocks.
/// </summary>
[StructLayout(LayoutKind.Sequential, Pack = 4)]
internal struct PeaksState
{
    private const float Tail = 0.05f;
    private const float QuantileShare = 0.02f;
    private const float MomentShare = 0.005f;

    /// <summary>Tails of sensors are heavier than a few thousand readings show; and moments know none heavier than the most.</summary>
    private const double ShapeLeast = 0.2;
    private const double ShapeMost = 0.45;
    private const int Needed = 100;

    public float Quantile;
    public float Scale;
    public float First;
    public float Second;
    public int Count;

    /// <summary>-log10 p of a score, 0 below the quantile; learns from it.</summary>
    public double Take(double score)
    {
        var x = (float)Math.Min(score, 1e9);
        Count = Count == int.MaxValue ? Count : Count + 1;
        var young = 1f / Count;
        Scale += Math.Max(0.002f, young) * (Math.Min(x, Count < Needed ? x : 20 * Scale) - Scale);
        var excess = x - Quantile;
        var result = Count > Needed && excess > 0 ? Exceedance(excess) : 0;
        Quantile += Math.Max(QuantileShare, young) * Scale * ((excess > 0 ? 1 : 0) - Tail);
        if (excess > 0)
        {
            var learned = First > 0 ? Math.Min(excess, 10 * First) : excess;
            First = First == 0 ? learned : First + (MomentShare * (learned - First));
            Second = Second == 0 ? 2 * learned * learned : Second + (MomentShare * ((learned * learned) - Second));
        }

        return result;
    }

    private readonly double Exceedance(double excess)
    {
        double mean = First;
        if (!(mean > 0))
        {
            return -Math.Log10(Tail);
        }

        var variance = Math.Max(Second - (mean * mean), 1e-3 * mean * mean);
        var shape = Math.Clamp(0.5 * (1 - (mean * mean / variance)), ShapeLeast, ShapeMost);
        var scale = mean * (1 - shape);
        var ln = shape < 1e-3 ? excess / scale : Math.Log(1 + (shape * excess / scale)) / shape;
        return Math.Min(-Math.Log10(Tail) + (ln / Math.Log(10)), TailState.ScoreMax);
    }
}
