using Telemetry.Processing.Detectors;
using Telemetry.Processing.Detectors.Kernels;
using Telemetry.Processing.Detectors.MlNet;

namespace Telemetry.Tests.Detectors;

/// <summary>Seeded signals and small ways to run them.</summary>
internal static class TestSeries
{
    /// <summary>Every detector, with the repair and the width given.</summary>
    public static IEnumerable<ISeriesDetector> All(DetectorRepair repair, SimdWidth width)
    {
        foreach (var side in Enum.GetValues<AnomalySide>())
        {
            yield return SeriesDetectors.Create(
                new IidSpikeOptions { PvalueHistoryLength = 13, Side = side, Repair = repair }, width);
        }

        yield return SeriesDetectors.Create(
            new IidChangePointOptions { ChangeHistoryLength = 20, Repair = repair }, width);
        yield return SeriesDetectors.Create(
            new IidChangePointOptions { ChangeHistoryLength = 9, Martingale = MartingaleType.Mixture, Repair = repair },
            width);
        foreach (var error in Enum.GetValues<ErrorFunction>())
        {
            yield return SeriesDetectors.Create(
                new SsaSpikeOptions
                {
                    PvalueHistoryLength = 30,
                    TrainingWindowSize = 60,
                    SeasonalityWindowSize = 11,
                    ErrorFunction = error,
                    Repair = repair,
                },
                width);
        }

        yield return SeriesDetectors.Create(
            new SsaChangePointOptions
            {
                TrainingWindowSize = 50,
                SeasonalityWindowSize = 24,
                Order = SsaOrder.ConsumeThenPredict,
                Repair = repair,
            },
            width);
    }

    public static DetectorResult[] Run(ISeriesDetector detector, IEnumerable<double> values)
    {
        var state = New(detector);
        return [.. values.Select((v, i) => detector.Update(state, v, i))];
    }

    public static byte[] New(ISeriesDetector detector)
    {
        // Whatever was in the block before must not matter.
        var state = new byte[detector.StateBytes];
        state.AsSpan().Fill(0xA5);
        detector.Initialize(state);
        return state;
    }

    public static double Gaussian(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());

    public static double[] Noise(int seed, int count, double mean = 20, double sigma = 1)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => mean + (sigma * Gaussian(random)))];
    }

    public static double[] Seasonal(int seed, int count, int period)
    {
        var random = new Random(seed);
        return
        [
            .. Enumerable.Range(0, count)
                .Select(i => 20 + (5 * Math.Sin(2 * Math.PI * i / period)) + (0.2 * Gaussian(random))),
        ];
    }

    /// <summary>Levels held for a while, quantised, with a rare outlier of a hundred times the level.</summary>
    public static double[] Plateaus(int seed, int count)
    {
        var random = new Random(seed);
        var values = new double[count];
        var level = 20.0;
        for (var i = 0; i < count; i++)
        {
            level = random.Next(60) == 0 ? Math.Round(10 + (20 * random.NextDouble()), 1) : level;
            values[i] = random.Next(150) == 0 ? 100 * level : level;
        }

        return values;
    }
}
