using System.Diagnostics.Metrics;

namespace Telemetry.Tests.Observability;

/// <summary>The names and labels on /metrics are an interface: alerts, dashboards and the autoscaler ask for them.</summary>
public sealed class ScrapingTests : IAsyncLifetime
{
    private ScrapeServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await ScrapeServer.StartAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Counters_gauges_and_histograms_keep_their_names_and_labels()
    {
        using var meter = new Meter("Telemetry.ScrapingTests");
        var counter = meter.CreateCounter<long>("telemetry.test.things", "{thing}", "Things \\ seen");
        meter.CreateObservableGauge("telemetry.test.level", () => 2.5, "By", "Level");
        meter.CreateObservableGauge("telemetry.test.lag.seconds", () => 1.5, "s", "Lag");
        meter.CreateObservableCounter("telemetry.test.sent", () => 7L, "By", "Sent");
        meter.CreateUpDownCounter<long>("telemetry.test.open", "{client}", "Open").Add(3);
        var histogram = meter.CreateHistogram<double>("telemetry.test.latency", "s", "Latency");
        counter.Add(2, new KeyValuePair<string, object?>("kind", "a\"b"));
        counter.Add(3, new KeyValuePair<string, object?>("kind", "a\"b"));
        histogram.Record(0.003);
        histogram.Record(100);

        var text = await _server.ScrapeAsync();

        text.ShouldContain("# TYPE telemetry_test_things_total counter\n");
        text.ShouldContain("telemetry_test_things_total{kind=\"a\\\"b\"} 5\n");
        text.ShouldContain("# TYPE telemetry_test_level_bytes gauge\n");
        text.ShouldContain("telemetry_test_level_bytes 2.5\n");
        text.ShouldContain("telemetry_test_lag_seconds 1.5\n");
        text.ShouldContain("telemetry_test_sent_bytes_total 7\n");
        text.ShouldContain("telemetry_test_open 3\n");
        text.ShouldContain("# TYPE telemetry_test_latency_seconds histogram\n");
        text.ShouldContain("telemetry_test_latency_seconds_bucket{le=\"0.0001\"} 0\n");
        text.ShouldContain("telemetry_test_latency_seconds_bucket{le=\"0.005\"} 1\n");
        text.ShouldContain("telemetry_test_latency_seconds_bucket{le=\"1\"} 1\n");
        text.ShouldContain("telemetry_test_latency_seconds_bucket{le=\"+Inf\"} 2\n");
        text.ShouldContain("telemetry_test_latency_seconds_count 2\n");
        text.ShouldNotContain("otel_scope");
        text.ShouldNotContain("target_info");
    }

    [Fact]
    public async Task Runtime_process_and_web_server_are_measured_too()
    {
        await _server.ScrapeAsync();

        var text = await _server.ScrapeAsync();

        text.ShouldContain("# TYPE dotnet_gc_collections_total counter\n");
        text.ShouldContain("# TYPE process_cpu_time_seconds_total counter\n");
        text.ShouldContain("# TYPE process_memory_usage_bytes gauge\n");
        text.ShouldContain("# TYPE kestrel_active_connections gauge\n");
    }

    [Fact]
    public async Task Series_an_observable_instrument_does_not_report_any_more_are_gone()
    {
        using var meter = new Meter("Telemetry.ScrapingTests.Observed");
        List<int> partitions = [0, 1];
        meter.CreateObservableGauge(
            "telemetry.test.observed", () => partitions.Select(p => new Measurement<int>(5, new KeyValuePair<string, object?>("partition", p))));
        (await _server.ScrapeAsync()).ShouldContain("telemetry_test_observed{partition=\"1\"} 5\n");

        partitions.Remove(1);

        // A partition that went to another process must not raise an alert here for ever.
        var text = await _server.ScrapeAsync();
        text.ShouldContain("telemetry_test_observed{partition=\"0\"} 5\n");
        text.ShouldNotContain("telemetry_test_observed{partition=\"1\"}");
    }

    [Fact]
    public async Task Series_beyond_the_limit_count_in_one_that_says_so()
    {
        using var meter = new Meter("Telemetry.ScrapingTests.Many");
        var counter = meter.CreateCounter<long>("telemetry.test.many");
        for (var i = 0; i < 2100; i++)
        {
            counter.Add(1, new KeyValuePair<string, object?>("id", i));
        }

        var lines = (await _server.ScrapeAsync()).Split('\n').Where(l => l.StartsWith("telemetry_test_many_total{", StringComparison.Ordinal)).ToList();

        lines.Count.ShouldBeLessThanOrEqualTo(2001);
        lines.Single(l => l.Contains("otel_metric_overflow=\"true\"", StringComparison.Ordinal)).ShouldNotBeNull();
        lines.Sum(l => long.Parse(l[(l.LastIndexOf(' ') + 1)..], System.Globalization.CultureInfo.InvariantCulture)).ShouldBe(2100);
    }

    [Fact]
    public async Task Scraper_gets_the_same_series_whatever_format_it_asks_for()
    {
        using var meter = new Meter("Telemetry.ScrapingTests.Format");
        meter.CreateCounter<long>("telemetry.test.asked", "{thing}", "Asked").Add(1);
        meter.CreateHistogram<double>("telemetry.test.answered", "s", "Answered").Record(0.5);

        var text = await _server.ScrapeAsync("application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5");

        text.ShouldContain("telemetry_test_asked_total 1\n");
        text.ShouldContain("telemetry_test_answered_seconds_bucket{le=\"1\"} 1\n");
        text.ShouldNotContain("_created");
    }

    [Fact]
    public async Task Instrument_that_has_measured_nothing_is_named_all_the_same()
    {
        using var meter = new Meter("Telemetry.ScrapingTests.Idle");
        meter.CreateCounter<long>("telemetry.test.idle", "{thing}", "Idle \\ so far");
        meter.CreateHistogram<double>("telemetry.test.idle.latency", "s", "Idle");

        var text = await _server.ScrapeAsync();

        text.ShouldContain("# HELP telemetry_test_idle_total Idle \\\\ so far\n# TYPE telemetry_test_idle_total counter\n");
        text.ShouldContain("# TYPE telemetry_test_idle_latency_seconds histogram\n");
        var names = text.Split('\n').Where(l => l.StartsWith("# TYPE telemetry_test_", StringComparison.Ordinal)).Select(l => l.Split(' ')[2]).ToList();
        names.ShouldBeUnique();
    }
}
