using FsCheck;
using FsCheck.Fluent;
using Telemetry.Processing.Detectors;
using Telemetry.Processing.Detectors.Typed;

namespace Telemetry.Tests.Detectors;

/// <summary>What the default set promises, whatever the readings.</summary>
public sealed class TypedDetectorContractTests
{
    private const long Start = 1_777_896_000_000_000;

    private static readonly TypedDetector Detector = new(new TypedOptions());

    private static readonly Gen<double[]> Hostile = Gen.ArrayOf(
        Gen.Frequency(
            (6, Gen.Choose(-1000, 1000).Select(i => i / 10.0)),
            (3, Gen.Constant(20.0)),
            (1, Gen.Elements(double.NaN, double.PositiveInfinity, double.NegativeInfinity)),
            (1, Gen.Elements(1e300, -1e300, 3.4e38, -3.4e38, 1e30, -1e30, 1e-300, 5e-324, 1e25, -0.0, double.MaxValue, double.MinValue)),
            (1, ArbMap.Default.GeneratorFor<double>())),
        600);

    [Fact]
    public void Every_number_is_finite_for_any_readings_and_times()
    {
        Prop.ForAll(Hostile.ToArbitrary(), Gen.Choose(0, 3).ToArbitrary(), (values, pace) =>
        {
            var state = TestSeries.New(Detector);
            for (var i = 0; i < values.Length; i++)
            {
                var time = pace switch { 0 => Start, 1 => Start + (i * 36_000L), 2 => Start - (i * 60_000_000L), _ => i % 2 == 0 ? long.MinValue : long.MaxValue };
                var verdict = Detector.Watch(state, values[i], time, null);

                double.IsFinite(verdict.Score).ShouldBeTrue();
                verdict.Score.ShouldBeGreaterThanOrEqualTo(0);
                var finding = Detector.Describe(state);
                double[] numbers = [finding.Score, finding.Spreads, finding.UsualLow, finding.UsualHigh, finding.FromLevel, finding.ToLevel];
                numbers.ShouldAllBe(n => double.IsFinite(n));
                finding.Severity.ShouldBeInRange(0, 1000);
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(100));
    }

    [Fact]
    public void State_copied_in_the_middle_goes_on_alike()
    {
        var values = TestSeries.Seasonal(3, 3000, 24);
        var whole = Watch(TestSeries.New(Detector), values, 0, values.Length);
        foreach (var cut in new[] { 0, 1, 23, 24, 25, 500, 1777 })
        {
            var state = TestSeries.New(Detector);
            Watch(state, values, 0, cut);
            var copy = state.ToArray();
            state.AsSpan().Clear();

            Watch(copy, values, cut, values.Length).ShouldBe(whole[cut..]);
        }
    }

    [Fact]
    public void Nan_leaves_no_trace()
    {
        var values = TestSeries.Seasonal(3, 1000, 24);
        var with = TestSeries.New(Detector);
        var without = TestSeries.New(Detector);
        for (var i = 0; i < values.Length; i++)
        {
            Detector.Watch(without, values[i], Start + (i * 1_000_000L), null);
            Detector.Watch(with, values[i], Start + (i * 1_000_000L), null);
            Detector.Watch(with, double.NaN, Start + (i * 1_000_000L) + 1, null).ShouldBe(default);
        }

        with.ShouldBe(without);
    }

    [Fact]
    public void Readings_allocate_nothing()
    {
        var values = TestSeries.Seasonal(3, 1000, 24);
        var state = TestSeries.New(Detector);
        Watch(state, values, 0, values.Length);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < values.Length; i++)
        {
            Detector.Watch(state, values[i], Start + ((1000L + i) * 1_000_000), null);
        }

        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBe(0);
    }

    [Fact]
    public void State_stays_below_two_kilobytes() => Detector.StateBytes.ShouldBeLessThanOrEqualTo(2048);

    [Fact]
    public void Bad_settings_are_named_all_at_once()
    {
        var error = Should.Throw<ArgumentException>(() => new TypedDetector(new TypedOptions { FalseAlarmsPerDay = double.NaN, CalmReadings = 0 }));
        error.Message.ShouldContain("FalseAlarmsPerDay is NaN");
        error.Message.ShouldContain("CalmReadings is 0");
        new SensorProfile { Lo = 5, Hi = 4 }.Validate().ShouldBe(["Hi is 4; it must be above Lo, 5"]);
    }

    private static Verdict[] Watch(byte[] state, double[] values, int from, int to) =>
        [.. Enumerable.Range(from, to - from).Select(i => Detector.Watch(state, values[i], Start + (i * 60_000_000L), null))];
}
