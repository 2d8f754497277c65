using System.Runtime.InteropServices;

namespace Telemetry.Processing.Detectors.Typed;

/// <summary>State of one series in a <see cref="TypedDetector"/>: plain numbers, the same bytes in every process.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 8)]
internal struct TypedState
{
    /// <summary>Time, pace and number of the readings.</summary>
    public PaceState Pace;

    /// <summary>What kind of quantity this is.</summary>
    public ShapeState Shape;

    /// <summary>The last values and how they scatter.</summary>
    public ResidualState Residual;

    /// <summary>Means of the level over several lengths, and what has piled up beyond them.</summary>
    public LevelState Level;

    /// <summary>Distance from where it should be at this time of the day.</summary>
    public SteadyState Steady;

    /// <summary>Where it should be before the profile of the day is known.</summary>
    public TrendState Trend;

    /// <summary>Equal values in a row.</summary>
    public RunState Run;

    /// <summary>Values remembered over days.</summary>
    public KnownLevels Known;

    /// <summary>What each hour of the day is like.</summary>
    public HourState Hours;

    /// <summary>Lowest and highest value yet.</summary>
    public RangeState Range;

    /// <summary>Tail of the distance from the hour's profile.</summary>
    public PeaksState HourTail;
    private readonly int _pad;

    /// <summary>What each channel's score is usually at most.</summary>
    public TailState Tails;

    /// <summary>The finding that is open, or the last one.</summary>
    public EpisodeState Episode;
}
