using System.Diagnostics.Metrics;
using Telemetry.Observability.Metrics;

namespace Telemetry.Tests.Observability;

public sealed class FigureReaderTests
{
    [Fact]
    public void Counters_and_histograms_add_up_over_their_series()
    {
        using var figures = new FigureReader();
        using var meter = new Meter("Telemetry.FigureReaderTests");
        var counter = meter.CreateCounter<long>("telemetry.figure.things");
        var histogram = meter.CreateHistogram<double>("telemetry.figure.latency", "s");

        counter.Add(2, new KeyValuePair<string, object?>("kind", "a"));
        counter.Add(3, new KeyValuePair<string, object?>("kind", "b"));
        histogram.Record(0.0001);
        histogram.Record(0.00011, new KeyValuePair<string, object?>("kind", "a"));
        histogram.Record(31);

        figures.Sum("telemetry.figure.things").ShouldBe(5);
        var buckets = figures.Buckets("telemetry.figure.latency");
        (buckets[0], buckets[1], buckets[^1], buckets.Sum()).ShouldBe((1, 1, 1, 3));
        figures.Sum("telemetry.figure.unknown").ShouldBe(0);
        figures.Buckets("telemetry.figure.unknown").Sum().ShouldBe(0);
    }

    [Fact]
    public void Gauges_are_the_sum_of_what_is_reported_now()
    {
        using var figures = new FigureReader();
        using var meter = new Meter("Telemetry.FigureReaderTests.Observed");
        List<int> partitions = [0, 1];
        meter.CreateObservableGauge(
            "telemetry.figure.level", () => partitions.Select(p => new Measurement<int>(5, new KeyValuePair<string, object?>("partition", p))));
        figures.Refresh();
        figures.Sum("telemetry.figure.level").ShouldBe(10);

        partitions.Remove(1);
        figures.Refresh();

        figures.Sum("telemetry.figure.level").ShouldBe(5);
    }

    [Fact]
    public void A_role_that_starts_again_goes_on_counting()
    {
        using var figures = new FigureReader();
        for (var start = 0; start < 3; start++)
        {
            using var meter = new Meter("Telemetry.FigureReaderTests.Restarted");
            meter.CreateCounter<long>("telemetry.figure.restarted").Add(4);
        }

        figures.Sum("telemetry.figure.restarted").ShouldBe(12);
    }

    [Fact]
    public void Counting_allocates_nothing()
    {
        using var figures = new FigureReader();
        using var meter = new Meter("Telemetry.FigureReaderTests.Hot");
        var counter = meter.CreateCounter<long>("telemetry.figure.hot");
        var histogram = meter.CreateHistogram<double>("telemetry.figure.hot.latency", "s");
        Count(100);

        var before = GC.GetAllocatedBytesForCurrentThread();
        Count(10_000);

        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBe(0);
        void Count(int times)
        {
            for (var i = 0; i < times; i++)
            {
                counter.Add(1);
                histogram.Record(0.003);
            }
        }
    }
}
