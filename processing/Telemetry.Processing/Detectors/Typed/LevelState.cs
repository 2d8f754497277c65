using System.Runtime.InteropServices;

namespace Telemetry.Processing.Detectors.Typed;

/// <summary>Fast, slow and long means of the level, and what has piled up beyond the slow one: level shifts and drifts.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 8)]
internal struct LevelState
{
    private const double FastShare = 1.0 / 8;
    private const double SlowShare = 1.0 / 200;
    private const double MediumShare = 1.0 / 24;
    private const double LongShare = 1.0 / 2000;

    /// <summary>A distance counts as this many spreads at most.</summary>
    private const double StepMax = 4;

    private const double SumMax = 60;

    public double Fast;
    public double Slow;
    public double Medium;
    public double Long;

    /// <summary>Slow mean of the distance from the slow level.</summary>
    public double Spread;

    /// <summary>What lies above the slow level by more than the allowance, in spreads, and below.</summary>
    public double Up;
    public double Down;

    public int Count;
    private readonly int _pad;

    public void Start(double x) => (Fast, Slow, Medium, Long) = (x, x, x, x);

    /// <summary>Takes a value: moves the fast means and the sums, then the slow ones in capped steps.</summary>
    /// <param name="x">The value.</param>
    /// <param name="floor">Least spread.</param>
    /// <param name="allowance">Spreads that do not count for the sums.</param>
    public void Take(double x, double floor, double allowance)
    {
        Count = Count == int.MaxValue ? Count : Count + 1;
        var young = 1.0 / Count;
        var spread = Math.Max(Spread, floor);
        var z = Math.Clamp((x - Slow) / spread, -StepMax, StepMax);
        Up = Math.Clamp(Up + z - allowance, 0, SumMax);
        Down = Math.Clamp(Down - z - allowance, 0, SumMax);
        Fast += Math.Max(FastShare, young) * (x - Fast);
        Medium += Math.Max(MediumShare, young) * (x - Medium);
        Spread += Math.Max(SlowShare, young) * (Math.Abs(z * spread) - Spread);
        Slow += Math.Max(SlowShare, young) * z * spread;
        Long += Math.Max(LongShare, young) * z * spread;
    }
}
