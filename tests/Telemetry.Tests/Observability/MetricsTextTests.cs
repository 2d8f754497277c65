using System.Diagnostics.Metrics;
using Telemetry.Host.Figures;
using Telemetry.Observability.Metrics;
using Telemetry.Query.Health;

namespace Telemetry.Tests.Observability;

public sealed class MetricsTextTests : IAsyncLifetime
{
    private ScrapeServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await ScrapeServer.StartAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task What_is_served_is_read_back_summed_over_series()
    {
        using var meter = new Meter("Telemetry.MetricsTextTests");
        var counter = meter.CreateCounter<long>("telemetry.text.things");
        var histogram = meter.CreateHistogram<double>("telemetry.text.latency", "s");
        counter.Add(2, new KeyValuePair<string, object?>("kind", "a"));
        counter.Add(3, new KeyValuePair<string, object?>("kind", "b}"));
        histogram.Record(0.003);
        histogram.Record(0.004, new KeyValuePair<string, object?>("kind", "a"));

        var text = MetricsText.Parse(await _server.ScrapeAsync());

        text.Sums["telemetry_text_things_total"].ShouldBe(5);
        text.IsGrowing("telemetry_text_things_total").ShouldBeTrue();
        text.Sums["telemetry_text_latency_seconds_bucket|0.0025"].ShouldBe(0);
        text.Sums["telemetry_text_latency_seconds_bucket|0.005"].ShouldBe(2);
        text.Sums["telemetry_text_latency_seconds_bucket|+Inf"].ShouldBe(2);
    }

    [Fact]
    public async Task Lag_travels_over_the_metrics_page()
    {
        IReadOnlyList<PipelineLag> lags = [new("group", "topic", 3, 7, 1.5), new("group", "topic", 4, 0, 0)];
        using var metrics = new LagMetrics(() => lags);

        var text = MetricsText.Parse(await _server.ScrapeAsync(), LagMetrics.Records, LagMetrics.Age);

        LagMetrics.Read(text).ShouldBe(lags, ignoreOrder: true);
    }

    [Fact]
    public async Task Latencies_of_another_process_come_in_the_buckets_of_ours()
    {
        using var meter = new Meter("Telemetry.MetricsTextTests.Peer");
        var histogram = meter.CreateHistogram<double>("telemetry.text.peer", "s");
        foreach (var seconds in new[] { 0.00005, 0.0003, 0.9, 1, 20, 100 })
        {
            histogram.Record(seconds);
        }

        using var peers = new PeerFigures([_server.Address]);
        await peers.RefreshAsync(TestContext.Current.CancellationToken);

        peers.Latency("telemetry.text.peer").Counts.ShouldBe(_server.Instrumentation.Figures.Buckets("telemetry.text.peer"));
    }
}
