using Telemetry.Contracts.V1;
using Telemetry.Processing.Detectors;
using Telemetry.Processing.Detectors.MlNet;
using Telemetry.Testing;

namespace Telemetry.Tests.Detectors;

/// <summary>The five places where ML.NET breaks: that it does (Never), and that ours does not.</summary>
public sealed class BreakPointTests(ITestOutputHelper output)
{
    private static ISeriesDetector Change(DetectorRepair repair) =>
        SeriesDetectors.Create(new IidChangePointOptions { ChangeHistoryLength = 20, Repair = repair });

    private static ISeriesDetector Spike(DetectorRepair repair, int window = 30) => SeriesDetectors.Create(
        new IidSpikeOptions { Confidence = 99, PvalueHistoryLength = window, Repair = repair });

    [Fact]
    [Spec("detectors-a-1")]
    public void Change_point_detector_survives_an_outlier_leaving_the_window()
    {
        var dead = 0;
        for (var seed = 0; seed < 400; seed++)
        {
            var values = TestSeries.Plateaus(seed, 1000);
            var mlnet = TestSeries.Run(Change(DetectorRepair.Never), values);
            var ours = TestSeries.Run(Change(DetectorRepair.WhenDead), values);
            var death = Array.FindIndex(mlnet, r => double.IsNaN(r.Martingale));
            dead += death < 0 ? 0 : 1;
            for (var i = 0; i < values.Length; i++)
            {
                ours[i].PValue.ShouldBeInRange(1e-8, 1 - 1e-8);
                double.IsFinite(Math.Log(ours[i].Martingale)).ShouldBeTrue();
                if (death < 0 || i < death)
                {
                    ours[i].ShouldBe(mlnet[i], "bit for bit while ML.NET lives");
                }
                else
                {
                    mlnet[i].Martingale.ShouldBe(double.NaN, "dead for good");
                    ours[i].Mode.ShouldBe(DetectorMode.Repaired);
                }
            }
        }

        output.WriteLine($"ML.NET's change-point detector died on {dead} of 400 plateau-like series, ours on none");
        dead.ShouldBeGreaterThan(100);
    }

    [Fact]
    [Spec("detectors-a-1")]
    public void Spike_detector_gives_a_p_value_where_the_running_sum_has_gone_negative()
    {
        var (lost, same) = (0, 0);
        for (var seed = 0; seed < 100; seed++)
        {
            var values = TestSeries.Plateaus(seed, 1000);
            var mlnet = TestSeries.Run(Spike(DetectorRepair.Never), values);
            var ours = TestSeries.Run(Spike(DetectorRepair.WhenDead), values);
            for (var i = 0; i < values.Length; i++)
            {
                ours[i].PValue.ShouldBeInRange(1e-8, 1 - 1e-8);
                if (double.IsNaN(mlnet[i].PValue))
                {
                    lost++;
                    ours[i].Mode.ShouldBe(DetectorMode.Repaired);
                }
                else
                {
                    same++;
                    ours[i].ShouldBe(mlnet[i], "bit for bit again as soon as ML.NET is back");
                }
            }
        }

        output.WriteLine($"ML.NET's spike detector gave NaN for {lost} of {lost + same} values, ours for none");
        lost.ShouldBeGreaterThan(0);
    }

    [Fact]
    [Spec("detectors-a-1")]
    public void Spike_after_an_outlier_is_found_although_the_running_sum_is_too_large()
    {
        var (missed, found, false1, false2) = (0, 0, 0, 0);
        for (var seed = 0; seed < 200; seed++)
        {
            var values = TestSeries.Noise(seed, 400, 20, 1e-3);
            values[100] = 2e6 * (1 + (seed / 300.0));
            values[350] = 20.02;
            var mlnet = TestSeries.Run(Spike(DetectorRepair.Never), values);
            var ours = TestSeries.Run(Spike(DetectorRepair.WhenWrong), values);
            missed += mlnet[350].Alert ? 0 : 1;
            found += ours[350].Alert ? 1 : 0;
            false1 += mlnet.Count(r => r.Alert);
            false2 += ours.Count(r => r.Alert);
            if (!mlnet[350].Alert)
            {
                ours[350].Mode.ShouldBe(DetectorMode.Repaired);
            }
        }

        output.WriteLine(
            $"twenty-sigma spike after an outlier: ML.NET missed {missed} of 200, ours found {found}; "
            + $"alerts in all {false1} and {false2}");
        missed.ShouldBeGreaterThan(20);
        found.ShouldBe(200);
    }

    [Theory]
    [InlineData(double.PositiveInfinity)]
    [InlineData(double.NegativeInfinity)]
    [InlineData(1e300)]
    [Spec("detectors-a-2")]
    public void Infinite_reading_is_a_spike_and_leaves_no_trace(double infinite)
    {
        var values = TestSeries.Noise(3, 300);
        var clean = TestSeries.Run(Spike(DetectorRepair.WhenDead), values);
        double[] poisoned = [.. values[..100], infinite, .. values[100..]];
        var mlnet = TestSeries.Run(Spike(DetectorRepair.Never), poisoned);
        var ours = TestSeries.Run(Spike(DetectorRepair.WhenDead), poisoned);
        mlnet.Skip(101).ShouldAllBe(r => double.IsNaN(r.PValue) && !r.Alert);
        ours[100].Alert.ShouldBeTrue();
        ours[100].PValue.ShouldBe(1e-8);
        ours[100].Mode.ShouldBe(DetectorMode.Repaired);
        for (var i = 100; i < values.Length; i++)
        {
            ours[i + 1].ShouldBe(clean[i] with { Mode = DetectorMode.Repaired });
        }
    }

    [Fact]
    [Spec("detectors-a-2")]
    public void Infinite_reading_does_not_stop_a_change_point_detector_or_an_ssa_model()
    {
        ISeriesDetector[] detectors =
        [
            Change(DetectorRepair.WhenDead),
            SeriesDetectors.Create(new SsaSpikeOptions { PvalueHistoryLength = 30 }),
            SeriesDetectors.Create(new SsaChangePointOptions()),
        ];
        foreach (var detector in detectors)
        {
            var values = TestSeries.Noise(5, 400);
            var clean = TestSeries.Run(detector, values);
            double[] poisoned = [.. values[..200], double.PositiveInfinity, .. values[200..]];
            var ours = TestSeries.Run(detector, poisoned);
            for (var i = 200; i < values.Length; i++)
            {
                ours[i + 1].ShouldBe(clean[i] with { Mode = DetectorMode.Repaired }, detector.Name);
            }
        }
    }

    [Fact]
    [Spec("detectors-a-3")]
    public void Batch_order_compares_a_value_with_its_own_forecast()
    {
        var values = TestSeries.Seasonal(9, 600, 24);
        var options = new SsaSpikeOptions
        {
            PvalueHistoryLength = 30,
            TrainingWindowSize = 200,
            SeasonalityWindowSize = 24,
        };
        var batch = TestSeries.Run(SeriesDetectors.Create(options), values);
        var engine = TestSeries.Run(
            SeriesDetectors.Create(options with { Order = SsaOrder.ConsumeThenPredict }), values);
        for (var i = 200; i < values.Length - 1; i++)
        {
            double x = (float)values[i];
            double next = (float)values[i + 1];
            engine[i].Score.ShouldBe(x - (next - batch[i + 1].Score), 1e-12);
        }

        static double Rms(IEnumerable<DetectorResult> results) => Math.Sqrt(results.Average(r => r.Score * r.Score));
        var ratio = Rms(engine.Skip(200)) / Rms(batch.Skip(200));
        output.WriteLine($"the engine's order has {ratio:0.0} times the residual of the batch order");
        ratio.ShouldBeGreaterThan(3);
    }

    [Fact]
    [Spec("detectors-a-4")]
    public void Series_of_one_detector_share_nothing()
    {
        foreach (var detector in TestSeries.All(DetectorRepair.WhenDead, Telemetry.Processing.Detectors.Kernels.SimdWidths.Best))
        {
            var (one, two) = (TestSeries.Noise(1, 300), TestSeries.Seasonal(2, 300, 24));
            var (alone1, alone2) = (TestSeries.Run(detector, one), TestSeries.Run(detector, two));
            var (state1, state2) = (TestSeries.New(detector), TestSeries.New(detector));
            for (var i = 0; i < one.Length; i++)
            {
                detector.Update(state1, one[i], i).ShouldBe(alone1[i]);
                detector.Update(state2, two[i], i).ShouldBe(alone2[i]);
            }
        }
    }

    [Theory]
    [InlineData(99.999999)]
    [InlineData(99.9999999)]
    [InlineData(100)]
    [Spec("detectors-a-5")]
    public void Confidence_that_can_never_alert_is_refused_with_the_reason(double confidence)
    {
        var error = Should.Throw<ArgumentException>(
            () => SeriesDetectors.Create(new IidSpikeOptions { Confidence = confidence }));
        error.Message.ShouldContain("Confidence");
        error.Message.ShouldContain("can never alert");
        Should.Throw<ArgumentException>(
            () => SeriesDetectors.Create(new SsaChangePointOptions { Confidence = confidence }));

        // ML.NET's own behaviour stays to be had: it accepts the value and is silent.
        var silent = SeriesDetectors.Create(new IidSpikeOptions
        {
            Confidence = confidence,
            PvalueHistoryLength = 10,
            Repair = DetectorRepair.Never,
        });
        TestSeries.Run(silent, [.. TestSeries.Noise(1, 50), 1e6]).ShouldAllBe(r => !r.Alert);
    }

    [Fact]
    [Spec("detectors-a-5")]
    public void Largest_confidence_that_is_accepted_can_alert()
    {
        var detector = SeriesDetectors.Create(new IidSpikeOptions { Confidence = 99.99999, PvalueHistoryLength = 10 });
        TestSeries.Run(detector, [.. TestSeries.Noise(1, 50), 1e6])[^1].Alert.ShouldBeTrue();
    }

    [Fact]
    [Spec("detectors-a-5")]
    public void Training_window_of_no_more_than_two_seasons_is_refused_with_the_reason()
    {
        var error = Should.Throw<ArgumentException>(() => SeriesDetectors.Create(
            new SsaSpikeOptions { TrainingWindowSize = 48, SeasonalityWindowSize = 24 }));
        error.Message.ShouldContain("TrainingWindowSize is 48");
        error.Message.ShouldContain("more than twice SeasonalityWindowSize (24)");
    }

    [Fact]
    [Spec("detectors-a-5")]
    public void Fit_on_too_few_values_says_that_nothing_was_learned()
    {
        var detector = SeriesDetectors.Create(new SsaSpikeOptions { TrainingWindowSize = 100, SeasonalityWindowSize = 24 });
        var fit = detector.Fit(TestSeries.New(detector), TestSeries.Noise(1, 48));
        fit.Learned.ShouldBeFalse();
        fit.Rank.ShouldBe(0);
        fit.Reason.ShouldContain("48 values");
    }

    [Fact]
    [Spec("detectors-a-5")]
    public void Values_of_a_billionth_are_judged_by_their_own_scale()
    {
        double[] values = [.. TestSeries.Noise(4, 200, 0, 1e-9), 1e-7];
        TestSeries.Run(Spike(DetectorRepair.Never), values)[^1].Alert.ShouldBeFalse();
        var ours = TestSeries.Run(Spike(DetectorRepair.WhenWrong), values)[^1];
        ours.Alert.ShouldBeTrue();
        ours.Mode.ShouldBe(DetectorMode.Repaired);
    }

    [Fact]
    public void Training_on_values_too_large_for_f32_squares_is_survived_and_said()
    {
        var detector = SeriesDetectors.Create(new SsaSpikeOptions { PvalueHistoryLength = 20 });
        var state = TestSeries.New(detector);
        detector.Fit(state, TestSeries.Noise(1, 100, 1e25, 1e22)).Reason.ShouldContain("too large");
        foreach (var value in TestSeries.Noise(2, 100, 1e25, 1e22))
        {
            var result = detector.Update(state, value, 0);
            result.PValue.ShouldBeInRange(1e-8, 1 - 1e-8);
            result.Mode.ShouldBe(DetectorMode.Repaired);
        }
    }
}
