using Telemetry.Contracts.V1;
using Telemetry.Processing.Detectors;
using Telemetry.Processing.Detectors.Kernels;
using Telemetry.Processing.Detectors.MlNet;

namespace Telemetry.Tests.Detectors;

/// <summary>Runs a golden file's series through our detector and compares row by row.</summary>
internal static class GoldenRun
{
    public static GoldenComparison Iid(GoldenFile file, DetectorRepair repair, SimdWidth width)
    {
        var detector = file.Detector == "IidSpike"
            ? SeriesDetectors.Create(
                new IidSpikeOptions
                {
                    Confidence = file.Confidence,
                    PvalueHistoryLength = file.PvalueHistoryLength,
                    Side = file.Side,
                    Repair = repair,
                },
                width)
            : SeriesDetectors.Create(
                new IidChangePointOptions
                {
                    Confidence = file.Confidence,
                    ChangeHistoryLength = file.ChangeHistoryLength,
                    Martingale = file.Martingale,
                    PowerMartingaleEpsilon = file.PowerEps,
                    Repair = repair,
                },
                width);
        Math.Abs((detector.Threshold / GoldenFile.Number(file.AlertThreshold)) - 1).ShouldBeLessThan(1e-12);
        var rows = file.Rows();
        var comparison = Comparison(file, rows);
        var state = new byte[detector.StateBytes];
        detector.Initialize(state);
        foreach (var row in rows)
        {
            var result = detector.Update(state, row.Input, 0);
            if (result.Mode == DetectorMode.Compatible)
            {
                comparison.Add(row, result.Alert, result.Score, result.PValue, result.Martingale);
            }
        }

        return comparison;
    }

    /// <summary>
    /// batch: fit on the series, then from its first row; tail-*: fit on the training rows, then the others, in the order
    /// of Transform (tail-batch) or of TimeSeriesPredictionEngine (tail-engine).
    /// </summary>
    public static (GoldenComparison Comparison, SsaFit Fit) Ssa(
        GoldenFile file, DetectorRepair repair, SimdWidth width)
    {
        var detector = SsaDetectorOf(file, repair, width);
        Math.Abs((detector.Threshold / GoldenFile.Number(file.AlertThreshold)) - 1).ShouldBeLessThan(1e-12);
        var rows = file.Rows();
        var comparison = Comparison(file, rows);
        var state = new byte[detector.StateBytes];
        detector.Initialize(state);
        var start = file.Mode == "batch" ? 0 : file.TrainingWindowSize;
        var training = file.Mode == "batch" ? rows : rows[..start];
        var fit = detector.Fit(state, [.. training.Select(r => (double)r.Input)]);
        foreach (var row in rows.Skip(start))
        {
            var result = detector.Update(state, row.Input, 0);
            if (result.Mode == DetectorMode.Compatible)
            {
                comparison.Add(row, result.Alert, result.Score, result.PValue, result.Martingale);
            }
        }

        return (comparison, fit);
    }

    public static SsaDetector SsaDetectorOf(GoldenFile file, DetectorRepair repair, SimdWidth width)
    {
        var order = file.Mode == "tail-engine" ? SsaOrder.ConsumeThenPredict : SsaOrder.PredictThenConsume;
        return file.Detector == "SsaSpike"
            ? SeriesDetectors.Create(
                new SsaSpikeOptions
                {
                    Confidence = file.Confidence,
                    PvalueHistoryLength = file.PvalueHistoryLength,
                    TrainingWindowSize = file.TrainingWindowSize,
                    SeasonalityWindowSize = file.SeasonalityWindowSize,
                    Side = file.Side,
                    ErrorFunction = file.ErrorFunction,
                    Order = order,
                    Repair = repair,
                },
                width)
            : SeriesDetectors.Create(
                new SsaChangePointOptions
                {
                    Confidence = file.Confidence,
                    ChangeHistoryLength = file.ChangeHistoryLength,
                    TrainingWindowSize = file.TrainingWindowSize,
                    SeasonalityWindowSize = file.SeasonalityWindowSize,
                    ErrorFunction = file.ErrorFunction,
                    Martingale = file.Martingale,
                    PowerMartingaleEpsilon = file.PowerEps,
                    Order = order,
                    Repair = repair,
                },
                width);
    }

    public static GoldenComparison Comparison(GoldenFile file, GoldenRow[] rows) => new()
    {
        InputMax = rows.Where(r => float.IsFinite(r.Input)).Max(r => Math.Abs((double)r.Input)) is var max and > 0 ? max : 1,
        Threshold = GoldenFile.Number(file.AlertThreshold),
        IsChangePoint = file.Detector.EndsWith("ChangePoint", StringComparison.Ordinal),
    };
}
