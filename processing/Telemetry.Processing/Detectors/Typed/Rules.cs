namespace Telemetry.Processing.Detectors.Typed;

/// <summary>What a sensor's profile forbids, whatever the series did before.</summary>
internal static class Rules
{
    /// <summary>The judgement, or that a limit is crossed (the worse of both rules first).</summary>
    public static Judgement Check(
        SensorProfile profile, in Judgement judgement, double value, double last, double elapsed, double threshold)
    {
        var level = profile.Crossed(value, out var limit);
        var score = Math.Max(judgement.Score, threshold);
        if (level != LimitLevel.None)
        {
            return new Judgement(score, Channel.Rule, FindingKind.Limit, level > 0 ? 1 : -1)
            {
                Limit = level,
                LimitValue = limit,
                Evidence = Math.Max(judgement.Evidence, threshold),
            };
        }

        if (profile.RateLimitPerSecond is { } rate && elapsed > 0 && Math.Abs(value - last) / elapsed > rate)
        {
            return new Judgement(score, Channel.Rule, FindingKind.RateOfChange, value > last ? 1 : -1)
            {
                LimitValue = rate,
                Evidence = Math.Max(judgement.Evidence, threshold),
            };
        }

        return judgement;
    }
}
