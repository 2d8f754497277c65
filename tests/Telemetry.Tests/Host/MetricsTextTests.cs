using System.Diagnostics.Metrics;
using Telemetry.Host.Metrics;
using Telemetry.Query.Health;

namespace Telemetry.Tests.Host;

public sealed class MetricsTextTests
{
    [Fact]
    public void What_is_written_is_read_back_summed_over_series()
    {
        using var registry = new MetricsRegistry();
        using var meter = new Meter("Telemetry.MetricsTextTests");
        var counter = meter.CreateCounter<long>("telemetry.text.things");
        var histogram = meter.CreateHistogram<double>("telemetry.text.latency", "s");
        counter.Add(2, new KeyValuePair<string, object?>("kind", "a"));
        counter.Add(3, new KeyValuePair<string, object?>("kind", "b}"));
        histogram.Record(0.003);
        histogram.Record(0.004, new KeyValuePair<string, object?>("kind", "a"));

        var text = MetricsText.Parse(PrometheusWriter.Write(registry.Collect()));

        text.Sums["telemetry_text_things_total"].ShouldBe(5);
        text.IsGrowing("telemetry_text_things_total").ShouldBeTrue();
        text.Sums["telemetry_text_latency_seconds_bucket|0.0025"].ShouldBe(0);
        text.Sums["telemetry_text_latency_seconds_bucket|0.005"].ShouldBe(2);
        text.Sums["telemetry_text_latency_seconds_bucket|+Inf"].ShouldBe(2);
    }

    [Fact]
    public void Lag_travels_over_the_metrics_page()
    {
        IReadOnlyList<PipelineLag> lags = [new("group", "topic", 3, 7, 1.5), new("group", "topic", 4, 0, 0)];
        using var registry = new MetricsRegistry();
        using var metrics = new LagMetrics(() => lags);

        var text = MetricsText.Parse(PrometheusWriter.Write(registry.Collect()), LagMetrics.Records, LagMetrics.Age);

        LagMetrics.Read(text).ShouldBe(lags, ignoreOrder: true);
    }

    [Fact]
    public void Series_an_observable_instrument_does_not_report_any_more_are_gone()
    {
        using var registry = new MetricsRegistry();
        using var meter = new Meter("Telemetry.MetricsTextTests.Observed");
        List<int> partitions = [0, 1];
        meter.CreateObservableGauge(
            "telemetry.text.level", () => partitions.Select(p => new Measurement<int>(5, new KeyValuePair<string, object?>("partition", p))));
        registry.Refresh();
        registry.Sum("telemetry.text.level").ShouldBe(10);

        partitions.Remove(1);
        registry.Refresh();

        registry.Sum("telemetry.text.level").ShouldBe(5);
    }

    [Fact]
    public void Measurements_not_kept_are_told()
    {
        using var registry = new MetricsRegistry();
        using var meter = new Meter("Telemetry.MetricsTextTests.Many");
        var counter = meter.CreateCounter<long>("telemetry.text.many");
        for (var i = 0; i < 2005; i++)
        {
            counter.Add(1, new KeyValuePair<string, object?>("id", i));
        }

        PrometheusWriter.Write(registry.Collect()).ShouldContain("telemetry_metrics_dropped_total 5\n");
    }
}
