using FsCheck;
using FsCheck.Fluent;
using Telemetry.Processing.Detectors;
using Telemetry.Processing.Detectors.Kernels;
using Telemetry.Processing.Detectors.MlNet;

namespace Telemetry.Tests.Detectors;

/// <summary>What every detector promises, whatever the values.</summary>
public sealed class DetectorContractTests
{
    /// <summary>Doubles of all kinds, in runs: ordinary, repeated, huge, tiny, NaN, infinite.</summary>
    private static readonly Gen<double[]> Hostile = Gen.ArrayOf(
        Gen.Frequency(
            (6, Gen.Choose(-1000, 1000).Select(i => i / 10.0)),
            (3, Gen.Constant(20.0)),
            (1, Gen.Elements(double.NaN, double.PositiveInfinity, double.NegativeInfinity)),
            (1, Gen.Elements(1e300, -1e300, 3.4e38, -3.4e38, 1e-300, 5e-324, 1e25, -0.0, double.Epsilon)),
            (1, ArbMap.Default.GeneratorFor<double>())),
        400);

    [Fact]
    public void No_value_throws_and_every_value_but_nan_is_judged()
    {
        Prop.ForAll(Hostile.ToArbitrary(), values =>
        {
            foreach (var repair in Enum.GetValues<DetectorRepair>())
            {
                foreach (var detector in TestSeries.All(repair, SimdWidths.Best))
                {
                    foreach (var (value, result) in values.Zip(TestSeries.Run(detector, values)))
                    {
                        var judged = double.IsNaN(result.PValue) || result.PValue is >= 1e-8 and <= 1 - 1e-8;
                        judged.ShouldBeTrue(detector.Name);
                        if (repair != DetectorRepair.Never && !double.IsNaN(value) && detector is IidDetector)
                        {
                            result.PValue.ShouldNotBe(double.NaN, detector.Name);
                        }
                    }
                }
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(60));
    }

    [Fact]
    public void State_is_the_same_at_every_vector_width()
    {
        Prop.ForAll(Hostile.ToArbitrary(), values =>
        {
            foreach (var repair in Enum.GetValues<DetectorRepair>())
            {
                var one = TestSeries.All(repair, SimdWidth.One).ToArray();
                var four = TestSeries.All(repair, SimdWidth.Four).ToArray();
                var eight = TestSeries.All(repair, SimdWidth.Eight).ToArray();
                for (var d = 0; d < one.Length; d++)
                {
                    var expected = Bytes(one[d], values);
                    Bytes(four[d], values).ShouldBe(expected, one[d].Name);
                    Bytes(eight[d], values).ShouldBe(expected, one[d].Name);
                }
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(30));
    }

    [Fact]
    public void State_copied_in_the_middle_goes_on_alike()
    {
        var values = TestSeries.Seasonal(3, 300, 24);
        foreach (var detector in TestSeries.All(DetectorRepair.WhenDead, SimdWidths.Best))
        {
            var whole = TestSeries.Run(detector, values);
            foreach (var cut in new[] { 0, 1, 30, 49, 59, 60, 61, 150, 299 })
            {
                var state = TestSeries.New(detector);
                for (var i = 0; i < cut; i++)
                {
                    detector.Update(state, values[i], i);
                }

                var restored = state.ToArray();
                state.AsSpan().Clear();
                for (var i = cut; i < values.Length; i++)
                {
                    detector.Update(restored, values[i], i).ShouldBe(whole[i], detector.Name);
                }
            }
        }
    }

    [Fact]
    public void Steady_state_allocates_nothing()
    {
        var values = TestSeries.Seasonal(3, 1000, 24);
        foreach (var detector in TestSeries.All(DetectorRepair.WhenWrong, SimdWidths.Best))
        {
            var state = TestSeries.New(detector);
            foreach (var value in values)
            {
                detector.Update(state, value, 0);
            }

            // The runtime's first, unoptimised code of some vector operations boxes; it is replaced while this runs.
            var allocated = long.MaxValue;
            for (var round = 0; round < 2000 && allocated > 0; round++)
            {
                var before = GC.GetAllocatedBytesForCurrentThread();
                foreach (var value in values)
                {
                    detector.Update(state, value, 0);
                }

                allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            }

            allocated.ShouldBe(0, detector.Name);
        }
    }

    [Fact]
    public void Nan_reading_leaves_no_trace()
    {
        var values = TestSeries.Seasonal(3, 300, 24);
        double[] gaps = [.. values.SelectMany((v, i) => i % 7 == 3 ? [double.NaN, double.NaN, v] : new[] { v })];
        foreach (var detector in TestSeries.All(DetectorRepair.WhenDead, SimdWidths.Best))
        {
            TestSeries.Run(detector, gaps).Where((_, i) => !double.IsNaN(gaps[i]))
                .ShouldBe(TestSeries.Run(detector, values), detector.Name);
        }
    }

    [Fact]
    public void State_version_names_the_parameters()
    {
        var versions = TestSeries.All(DetectorRepair.WhenDead, SimdWidth.One)
            .Concat(TestSeries.All(DetectorRepair.Never, SimdWidth.One))
            .Select(d => d.StateVersion).ToArray();
        versions.Distinct().Count().ShouldBe(versions.Length);
        TestSeries.All(DetectorRepair.WhenDead, SimdWidth.Eight).First().StateVersion.ShouldBe(versions[0]);
    }

    [Fact]
    public void Bad_parameters_are_named_all_at_once()
    {
        var error = Should.Throw<ArgumentException>(() => SeriesDetectors.Create(new IidChangePointOptions
        {
            Confidence = 101,
            ChangeHistoryLength = 0,
            PowerMartingaleEpsilon = double.NaN,
        }));
        error.Message.ShouldContain("Confidence is 101");
        error.Message.ShouldContain("ChangeHistoryLength is 0");
        error.Message.ShouldContain("PowerMartingaleEpsilon is NaN");
    }

    [Theory]
    [InlineData(100, 0.2)]
    [InlineData(10, 0.2)]
    public void Iid_state_is_a_few_hundred_bytes(int window, double kilobytes)
    {
        SeriesDetectors.Create(new IidSpikeOptions { PvalueHistoryLength = window }).StateBytes
            .ShouldBeLessThanOrEqualTo((int)(40 + (window * 4) + 32));
        SeriesDetectors.Create(new IidChangePointOptions { ChangeHistoryLength = 10 }).StateBytes
            .ShouldBeLessThanOrEqualTo((int)(kilobytes * 1024));
    }

    private static byte[] Bytes(ISeriesDetector detector, double[] values)
    {
        var state = TestSeries.New(detector);
        for (var i = 0; i < values.Length; i++)
        {
            detector.Update(state, values[i], i);
        }

        return state;
    }
}
