using System.Runtime.InteropServices;

namespace Telemetry.Processing.Detectors.Scoring;

/// <summary>The fixed part of a scorer's state. Behind it: the window (f32), then for change points the bets (f64).</summary>
[StructLayout(LayoutKind.Sequential, Pack = 8)]
internal struct ScorerHeader
{
    /// <summary>Scores in the window.</summary>
    public int Count;

    /// <summary>Rows until the next change point may be reported.</summary>
    public int Quiet;

    /// <summary>Where the oldest bet lies; -1 before the first row.</summary>
    public int OldestBet;

    /// <summary>1 once ML.NET would be dead for good, or its martingale would be another.</summary>
    public int Departed;

    /// <summary>Running sum of squared pairwise differences of the window.</summary>
    public double SumSquares;

    /// <summary>Running sum of the bets.</summary>
    public double LogMartingale;

    /// <summary>Largest <see cref="SumSquares"/> so far: its rounding is still in the sum.</summary>
    public double Peak;
}
