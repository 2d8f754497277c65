using System.Runtime.InteropServices;

namespace Telemetry.Processing.Detectors.Typed;

/// <summary>Means of the level over several lengths, and what has piled up beyond them: level shifts and drifts.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 8)]
internal struct LevelState
{
    private const double FastShare = 1.0 / 8;
    private const double SlowShare = 1.0 / 200;

    /// <summary>A distance counts as this many spreads at most.</summary>
    private const double StepMax = 4;

    private const double SlowAllowance = 0.75;
    private const double SumMax = 60;

    public double Fast;
    public double Slow;

    /// <summary>Mean over a fixed time.</summary>
    public double Local;

    /// <summary>Slow mean of the distance from the slow level.</summary>
    public double Spread;

    /// <summary>What lies above (below) the slow level by more than the allowance, in spreads.</summary>
    public float Up;
    public float Down;

    /// <summary>What piled up of unusual distances from the known values, and their slow mean.</summary>
    public float Far;
    public float FarUsual;

    public int Count;
    private readonly int _pad;

    /// <summary>How long it stays at a level.</summary>
    public DwellState Dwell;

    public void Start(double x)
    {
        (Fast, Slow, Local) = (x, x, x);
        Dwell.Restart(x);
    }

    /// <summary>Takes a value: moves the fast means and the sums, then the slow ones in capped steps.</summary>
    /// <param name="x">The value.</param>
    /// <param name="floor">Least spread.</param>
    /// <param name="localShare">Share of a new value in the mean over a fixed time.</param>
    public void Take(double x, double floor, double localShare)
    {
        Count = Count == int.MaxValue ? Count : Count + 1;
        var young = 1.0 / Count;
        Fast += Math.Max(FastShare, young) * (x - Fast);
        Local += Math.Max(localShare, young) * (x - Local);

        var spread = Math.Max(Spread, floor);
        var z = Math.Clamp((x - Slow) / spread, -StepMax, StepMax);
        Up = (float)Math.Clamp(Up + z - SlowAllowance, 0, SumMax);
        Down = (float)Math.Clamp(Down - z - SlowAllowance, 0, SumMax);
        Spread += Math.Max(SlowShare, young) * (Math.Abs(z * spread) - Spread);
        Slow += Math.Max(SlowShare, young) * z * spread;
    }

    /// <summary>Takes a distance from the known values.</summary>
    /// <param name="far">The distance, in units of noise and gaps.</param>
    /// <param name="share">Share of a reading that counts for what piles up, 0 to 1.</param>
    /// <param name="tuning">Constants.</param>
    public void TakeFar(float far, float share, TypedTuning tuning)
    {
        var usual = Math.Max(FarUsual, (float)tuning.FarFloor);
        far = Math.Min(far, (float)tuning.FarMost * usual);
        Far = (float)Math.Clamp(Far + (share * ((far / usual) - tuning.FarAllowance)), 0, SumMax);
        FarUsual += (far - FarUsual) * (float)SlowShare;
    }
}
