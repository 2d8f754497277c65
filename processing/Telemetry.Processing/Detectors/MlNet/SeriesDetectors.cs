using Telemetry.Processing.Detectors.Kernels;
using Telemetry.Processing.Detectors.Scoring;
using Telemetry.Processing.Detectors.Ssa;

namespace Telemetry.Processing.Detectors.MlNet;

/// <summary>Makes detectors. Each throws <see cref="ArgumentException"/> naming every bad parameter and the fix.</summary>
public static class SeriesDetectors
{
    /// <summary>ML.NET's IidSpike.</summary>
    public static ISeriesDetector Create(IidSpikeOptions options) => Create(options, SimdWidths.Best);

    /// <summary>ML.NET's IidChangePoint.</summary>
    public static ISeriesDetector Create(IidChangePointOptions options) => Create(options, SimdWidths.Best);

    /// <summary>ML.NET's SsaSpike, trained inside the stream.</summary>
    public static SsaDetector Create(SsaSpikeOptions options) => Create(options, SimdWidths.Best);

    /// <summary>ML.NET's SsaChangePoint, trained inside the stream.</summary>
    public static SsaDetector Create(SsaChangePointOptions options) => Create(options, SimdWidths.Best);

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

    internal static SsaDetector Create(SsaSpikeOptions options, SimdWidth width)
    {
        OptionChecks.Demand("SsaSpike", options.Validate());
        return new SsaDetector(
            ScorerParameters.Spike(options.Confidence, options.PvalueHistoryLength, options.Side, options.Repair),
            new SsaParameters(
                options.SeasonalityWindowSize, options.TrainingWindowSize, options.ErrorFunction, options.Order),
            width);
    }

    internal static SsaDetector Create(SsaChangePointOptions options, SimdWidth width)
    {
        OptionChecks.Demand("SsaChangePoint", options.Validate());
        return new SsaDetector(
            ScorerParameters.ChangePoint(
                options.Confidence,
                options.ChangeHistoryLength,
                options.Martingale,
                options.PowerMartingaleEpsilon,
                options.Repair),
            new SsaParameters(
                options.SeasonalityWindowSize, options.TrainingWindowSize, options.ErrorFunction, options.Order),
            width);
    }
}
