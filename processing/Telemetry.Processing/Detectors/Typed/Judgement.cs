namespace Telemetry.Processing.Detectors.Typed;

/// <summary>What the channels say of one reading.</summary>
/// <param name="Score">-log10 p by the channels that may open a finding.</param>
/// <param name="Channel">The strangest of them.</param>
/// <param name="Kind">Its kind.</param>
/// <param name="Direction">+1 above the level, -1 below.</param>
internal readonly record struct Judgement(double Score, Channel Channel, FindingKind Kind, int Direction)
{
    /// <summary>-log10 p by all channels.</summary>
    public double Evidence { get; init; }

    /// <summary>-log10 p of the scatter alone.</summary>
    public double Noise { get; init; }

    /// <summary>Limit crossed.</summary>
    public LimitLevel Limit { get; init; }

    /// <summary>Its number, or the rate allowed.</summary>
    public double LimitValue { get; init; }
}
