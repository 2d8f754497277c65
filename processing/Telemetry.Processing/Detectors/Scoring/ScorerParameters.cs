namespace Telemetry.Processing.Detectors.Scoring;

/// <summary>What follows the raw score: window, tail and alert rule. <see cref="Martingale"/> is null for spikes.</summary>
internal sealed record ScorerParameters(
    int Window,
    double Confidence,
    AnomalySide Side,
    MartingaleType? Martingale,
    double Epsilon,
    DetectorRepair Repair)
{
    public static ScorerParameters Spike(double confidence, int window, AnomalySide side, DetectorRepair repair) =>
        new(window, confidence, side, null, 0, repair);

    public static ScorerParameters ChangePoint(
        double confidence, int window, MartingaleType martingale, double epsilon, DetectorRepair repair) =>
        new(window, confidence, AnomalySide.TwoSided, martingale, epsilon, repair);
}
