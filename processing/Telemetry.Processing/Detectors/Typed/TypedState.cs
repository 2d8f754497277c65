using System.Runtime.CompilerServices;
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

    /// <summary>Fast, slow and long level, and the sums of what lies beyond them.</summary>
    public LevelState Level;

    /// <summary>Equal values in a row.</summary>
    public RunState Run;

    /// <summary>Values remembered over days.</summary>
    public KnownLevels Known;

    /// <summary>What each hour of the day is like.</summary>
    public HourState Hours;

    /// <summary>What each channel's score is usually at most.</summary>
    public TailState Tails;

    /// <summary>The finding that is open, or the last one.</summary>
    public EpisodeState Episode;
}

/// <summary>The channels, in the order of their tails.</summary>
internal enum Channel
{
    Residual,
    Level,
    Cusum,
    Scatter,
    Run,
    Distance,
    DistanceSum,
    Hour,
    LongLevel,
    Range,
    Count,
}

/// <summary>One number for each channel.</summary>
[InlineArray((int)Channel.Count)]
internal struct ChannelScores
{
    private float _first;
}
