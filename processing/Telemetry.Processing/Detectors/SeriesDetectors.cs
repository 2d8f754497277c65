using Telemetry.Processing.Detectors.Kernels;
using Telemetry.Processing.Detectors.Scoring;

namespace Telemetry.Processing.Detectors;

/// <summary>Makes detectors. Each throws <see cref="ArgumentException"/> naming every bad parameter and the fix.</summary>
public static class SeriesDetectors
{
    /// <summary>ML.NET's IidSpike.</summary>
    public static ISeriesDetector Create(IidSpikeOptions options) => Create(options, SimdWidths.Best);

    /// <summary>ML.NET's IidChangePoint.</summary>
    public static ISeriesDetector Create(IidChangePointOptions options) => Create(options, SimdWidths.Best);

    internal static IidDetector Create(IidSpikeOptions options, SimdWidth width)
    {
        OptionChecks.Demand("IidSpike", options.Validate());
        return new IidDetector(
            ScorerParameters.Spike(options.Confidence, options.PvalueHistoryLength, options.Side, options.Repair), width);
    }

    internal static IidDetector Create(IidChangePointOptions options, SimdWidth width)
    {
        OptionChecks.Demand("IidChangePoint", options.Validate());
        return new IidDetector(
            ScorerParameters.ChangePoint(
                options.Confidence,
                options.ChangeHistoryLength,
                options.Martingale,
                options.PowerMartingaleEpsilon,
                options.Repair),
            width);
    }
}
