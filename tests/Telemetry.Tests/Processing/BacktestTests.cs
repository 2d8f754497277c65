using Telemetry.Contracts.V1;
using Telemetry.Processing.Backtesting;
using Telemetry.Processing.Detectors;
using Telemetry.Processing.Detectors.MlNet;
using Telemetry.Processing.Detectors.Typed;

namespace Telemetry.Tests.Processing;

public sealed class BacktestTests
{
    [Fact]
    public void Backtest_fires_where_the_live_path_fired_and_with_a_smaller_span_less()
    {
        var driver = new PartitionDriver(ProcessorFixture.Quick);
        var fleet = new RandomFleet(seed: 7, devices: 12);
        var records = new List<(long TimeMs, byte[] Value)>();
        for (var i = 0; i < 3_000; i++)
        {
            var (time, _, value) = fleet.Next();
            records.Add((time, value));
            driver.Take(time, value);
        }

        var live = driver.Anomalies.ToList();
        live.Count.ShouldBeGreaterThan(10);
        var all = Run(records, long.MinValue, long.MaxValue, incidentsMax: int.MaxValue);
        all.First.ShouldBe(live);
        all.ByDetector.Sum(d => d.Count).ShouldBe(live.Count);
        all.BySeries.Sum(s => s.Count).ShouldBe(live.Count);

        var middle = live.Select(a => a.EventTimeUs).Order().ElementAt(live.Count / 2);
        var half = Run(records, middle, long.MaxValue, incidentsMax: 3);
        half.Incidents.ShouldBe(live.Count(a => a.EventTimeUs >= middle));
        half.WarmUpIncidents.ShouldBe(live.Count - half.Incidents);
        half.First.Count.ShouldBe(3);
    }

    [Fact]
    public void Parameters_of_a_spec_reach_the_detector()
    {
        var make = DetectorSpec.Parse("iid-spike:Confidence=99.5,PvalueHistoryLength=60,side=Positive", gated: false);
        var expected = SeriesDetectors.Create(new IidSpikeOptions { Confidence = 99.5, PvalueHistoryLength = 60, Side = AnomalySide.Positive });
        var detector = make().ShouldHaveSingleItem();
        detector.Kind.ShouldBe(AnomalyKind.Spike);
        Scores(detector).ShouldBe(Scores(expected));
        DetectorSpec.Parse("ssa-change-point", gated: true)().ShouldHaveSingleItem().ShouldBeOfType<GatedDetector>();
        DetectorSpec.Parse("default", gated: true)().ShouldHaveSingleItem().ShouldBeOfType<TypedDetector>();
    }

    [Theory]
    [InlineData("z-score", "iid-spike")]
    [InlineData("iid-spike:Confidence", "NAME=VALUE")]
    [InlineData("iid-spike:Window=3", "PvalueHistoryLength")]
    [InlineData("iid-spike:Confidence=high", "no Double for Confidence")]
    [InlineData("iid-spike:Side=Up", "TwoSided")]
    [InlineData("iid-spike:Confidence=200", "Confidence")]
    [InlineData("default:Confidence=99", "takes no parameters")]
    public void Bad_spec_is_refused_with_what_there_is(string spec, string expected) =>
        Should.Throw<FormatException>(() => DetectorSpec.Parse(spec, gated: true)).Message.ShouldContain(expected);

    private static BacktestReport Run(List<(long TimeMs, byte[] Value)> records, long fromUs, long toUs, int incidentsMax)
    {
        var backtest = new Backtest(ProcessorFixture.Quick, fromUs, toUs, incidentsMax);
        for (var i = 0; i < records.Count; i++)
        {
            backtest.Take(Batches.Record(i, records[i].TimeMs, records[i].Value));
        }

        return backtest.Complete();
    }

    private static List<double> Scores(ISeriesDetector detector)
    {
        var state = new byte[detector.StateBytes];
        detector.Initialize(state);
        var random = new Random(1);
        return [.. Enumerable.Range(0, 300).Select(i => detector.Update(state, random.NextDouble() + (i % 97 == 0 ? 5 : 0), i).PValue)];
    }
}
