using System.Diagnostics.Metrics;
using Telemetry.Host.Metrics;

namespace Telemetry.Tests.Host;

public sealed class PrometheusWriterTests
{
    [Fact]
    public void Counters_gauges_and_histograms_are_written_in_prometheus_text()
    {
        using var registry = new MetricsRegistry();
        using var meter = new Meter("Telemetry.PrometheusWriterTests");
        var counter = meter.CreateCounter<long>("telemetry.test.things", "{thing}", "Things \\ seen");
        meter.CreateObservableGauge("telemetry.test.level", () => 2.5, "By", "Level");
        var histogram = meter.CreateHistogram<double>("telemetry.test.latency", "s", "Latency");
        counter.Add(2, new KeyValuePair<string, object?>("kind", "a\"b"));
        counter.Add(3, new KeyValuePair<string, object?>("kind", "a\"b"));
        histogram.Record(0.003);
        histogram.Record(100);

        var text = PrometheusWriter.Write(registry.Collect());

        text.ShouldContain("# TYPE telemetry_test_things_total counter");
        text.ShouldContain("telemetry_test_things_total{kind=\"a\\\"b\"} 5\n");
        text.ShouldContain("telemetry_test_level_bytes 2.5\n");
        text.ShouldContain("telemetry_test_latency_seconds_bucket{le=\"0.005\"} 1\n");
        text.ShouldContain("telemetry_test_latency_seconds_bucket{le=\"+Inf\"} 2\n");
        text.ShouldContain("telemetry_test_latency_seconds_count 2\n");
        registry.Sum("telemetry.test.things").ShouldBe(5);
        registry.Sum("telemetry.test.things", "kind", "other").ShouldBe(0);
    }
}
