namespace Telemetry.Processing.Detectors.MlNet;

/// <summary>
/// One spike and one change-point detector for every series, for sensors that give a reading every few seconds to minutes:
/// below 0.05 false alarms per device-day and channel over the signals of <c>docs/detectors.md</c>, where they were measured.
/// </summary>
public static class DetectorDefaults
{
    /// <summary>A value that at most one in a thousand of the last hundred would exceed.</summary>
    public static IidSpikeOptions Spike { get; } = new()
    {
        Confidence = 99.9,
        PvalueHistoryLength = 100,
        Side = AnomalySide.TwoSided,
        Repair = DetectorRepair.WhenWrong,
    };

    /// <summary>Strange values that stay; the mixture martingale needs no epsilon to fit the size of the change.</summary>
    public static IidChangePointOptions ChangePoint { get; } = new()
    {
        Confidence = 95,
        ChangeHistoryLength = 20,
        Martingale = MartingaleType.Mixture,
        Repair = DetectorRepair.WhenWrong,
    };

    /// <summary>Compares a value with the mean of the last fifty; from the 33rd reading on it hears what is overwhelming.</summary>
    public static AlertGateOptions SpikeGate { get; } = new() { EarlyReadings = 32, WarmUpReadings = 400 };

    /// <summary>Compares the mean of ten with the mean of a hundred, up to twenty readings after an alert.</summary>
    public static AlertGateOptions ChangePointGate { get; } = new()
    {
        FastReadings = 10,
        SlowReadings = 100,
        RememberReadings = 20,
        WarmUpReadings = 500,
    };

    /// <summary>The two detectors, each behind its gate.</summary>
    public static GatedDetector[] Create() =>
    [
        new(SeriesDetectors.Create(Spike), new AlertGate(SpikeGate)),
        new(SeriesDetectors.Create(ChangePoint), new AlertGate(ChangePointGate)),
    ];
}
