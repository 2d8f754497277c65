using System.Diagnostics;
using System.Globalization;
using Telemetry.Processing.Detectors;
using Telemetry.Processing.Detectors.MlNet;
using Telemetry.Processing.Detectors.Typed;

namespace Telemetry.Benchmarks.Detectors;

/// <summary>Readings per second on one core beside ML.NET's prediction engine, by stopwatch: seconds, not minutes.</summary>
internal static class DetectorSpeed
{
    private const int Values = 4096;

    public static void Print(TextWriter to)
    {
        to.WriteLine("| detector | ML.NET /s | ours /s | ratio | 1000 series round-robin /s | bytes a series |");
        to.WriteLine("|---|---|---|---|---|---|");
        foreach (var (name, mlnet, detector) in Cases())
        {
            var one = Measure(detector, 1);
            var many = Measure(detector, 1000);
            to.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {name} | {(mlnet > 0 ? $"{mlnet / 1e6:0.00} M" : "-")} | {one / 1e6:0.00} M | {(mlnet > 0 ? $"{one / mlnet:0.0}" : "-")} | {many / 1e6:0.00} M | {detector.StateBytes} |"));
        }

        foreach (var (n, l) in new[] { (100, 10), (200, 24), (400, 50), (1000, 96) })
        {
            to.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"SSA training N={n} L={l}: {Training(n, l):0.00} ms a series"));
        }
    }

    public static IEnumerable<(string Name, double MlNet, ISeriesDetector Detector)> Cases()
    {
        yield return ("default set", 0, new TypedDetector(new TypedOptions()));
        yield return ("IidSpike w8", 7.6e6, Spike(8));
        yield return ("IidSpike w30", 2.5e6, Spike(30));
        yield return ("IidSpike w100", 0.80e6, Spike(100));
        yield return ("IidChangePoint w20", 3.3e6, ChangePoint(20, MartingaleType.Power));
        yield return ("IidChangePoint w64 mixture", 1.2e6, ChangePoint(64, MartingaleType.Mixture));
        yield return ("SsaSpike w30 N200 L24", 1.9e6, SeriesDetectors.Create(
            new SsaSpikeOptions { PvalueHistoryLength = 30, TrainingWindowSize = 200, SeasonalityWindowSize = 24 }));
        yield return ("SsaChangePoint w20 N200 L24", 2.3e6, SeriesDetectors.Create(
            new SsaChangePointOptions { ChangeHistoryLength = 20, TrainingWindowSize = 200, SeasonalityWindowSize = 24 }));
    }

    /// <summary>A seeded daily sine with noise.</summary>
    public static double[] Signal(int length)
    {
        var random = new Random(7);
        var values = new double[length];
        for (var i = 0; i < length; i++)
        {
            var noise = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
            values[i] = 20 + (5 * Math.Sin(2 * Math.PI * i / 24)) + noise;
        }

        return values;
    }

    private static ISeriesDetector Spike(int window) =>
        SeriesDetectors.Create(new IidSpikeOptions { Confidence = 99, PvalueHistoryLength = window });

    private static ISeriesDetector ChangePoint(int window, MartingaleType martingale) =>
        SeriesDetectors.Create(new IidChangePointOptions { ChangeHistoryLength = window, Martingale = martingale });

    private static double Measure(ISeriesDetector detector, int series)
    {
        var signal = Signal(Values);
        var states = new byte[series][];
        for (var s = 0; s < series; s++)
        {
            states[s] = new byte[detector.StateBytes];
            detector.Initialize(states[s]);
        }

        var warm = series * 300;
        Run(detector, states, signal, Math.Max(warm, 300_000));
        var best = double.MaxValue;
        for (var round = 0; round < 3; round++)
        {
            var count = 1_000_000;
            var started = Stopwatch.GetTimestamp();
            Run(detector, states, signal, count);
            best = Math.Min(best, Stopwatch.GetElapsedTime(started).TotalSeconds / count);
        }

        return 1 / best;
    }

    private static void Run(ISeriesDetector detector, byte[][] states, double[] signal, int count)
    {
        for (var i = 0; i < count; i++)
        {
            var at = i / states.Length;
            detector.Update(states[i % states.Length], signal[at % Values], at * 60_000_000L);
        }
    }

    private static double Training(int n, int l)
    {
        var detector = SeriesDetectors.Create(new SsaSpikeOptions { TrainingWindowSize = n, SeasonalityWindowSize = l });
        var signal = Signal(n);
        var state = new byte[detector.StateBytes];
        const int Rounds = 20;
        for (var i = 0; i < 30; i++)
        {
            detector.Fit(state, signal);
        }

        var started = Stopwatch.GetTimestamp();
        for (var i = 0; i < Rounds; i++)
        {
            detector.Fit(state, signal);
        }

        return Stopwatch.GetElapsedTime(started).TotalMilliseconds / Rounds;
    }
}
