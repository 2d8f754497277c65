using Telemetry.IntegrationTests.Bridge.Upstream;
using Telemetry.IntegrationTests.Streams.Kafka;
using Telemetry.IntegrationTests.Support;
using Telemetry.Testing;

namespace Telemetry.IntegrationTests.Bridge.Forwarding;

/// <summary>The edge with a journal in front of a real Kafka that is killed and brought back.</summary>
[Collection("processes over Kafka")]
public sealed class KafkaForwardTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("telemetry-forward-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("edge")]
    [InlineData("gateway")]
    public async Task Edge_goes_on_acknowledging_without_Kafka_and_forwards_all_though_it_is_killed_while_it_drains(string command)
    {
        if (KafkaCluster.MissingReason(own: true) is { } missing)
        {
            Assert.Skip(missing);
        }

        const int Away = 3000;
        await using var kafka = await KafkaCluster.StartAsync(1);
        var (mqtt, http) = (FreePorts.Find(), FreePorts.Find());
        TelemetryProcess StartEdge() => TelemetryProcess.Start(
            [command, "--kafka", kafka.BootstrapServers, "--data", _folder.FullName, "--mqtt-port", $"{mqtt}", "--http-port", $"{http}", "--instance", "far",
            .. command == "edge" ? ["--set", "Log:StoreAndForward:Enabled=true"] : Array.Empty<string>(), "--set", "Log:StoreAndForward:DrainRate=20000", "--set", "Log:StoreAndForward:InFlightBytesMax=65536"]);

        // Kafka is not even there when the edge starts.
        await kafka.KillBrokerAsync(1);
        await using (var edge = StartEdge())
        {
            await edge.WaitForPortAsync(mqtt);
            await UpstreamLab.PublishAsync(mqtt, "press-1", 1, Away);
            (await UpstreamLab.MetricAsync(http, "telemetry_forward_backlog_records")).ShouldBeGreaterThanOrEqualTo(0);
            await UpstreamLab.UntilMetricAsync(http, "telemetry_forward_backlog_records", records => records == Away);
            await kafka.StartBrokerAsync(1);
            await UpstreamLab.UntilMetricAsync(http, "telemetry_forward_backlog_records", records => records is > 0 and < Away - 300);

            // In the middle of it.
            edge.Kill();
            await edge.WaitAsync();
        }

        await using (var edge = StartEdge())
        {
            await edge.WaitForPortAsync(mqtt);
            await UpstreamLab.PublishAsync(mqtt, "press-1", Away + 1, 50);
            await UpstreamLab.PublishAsync(mqtt, "press-2", 1, 50);
            await kafka.KillBrokerAsync(1);
            await UpstreamLab.PublishAsync(mqtt, "press-2", 51, 50);
            await kafka.StartBrokerAsync(1);
            await UpstreamLab.UntilMetricAsync(http, "telemetry_forward_backlog_records", records => records == 0);
            if (command == "gateway")
            {
                MemoryHighWater.Of(edge.Id).ShouldBeLessThan(GatewayTests.MemoryMax);
            }

            edge.Terminate();
            (await edge.WaitAsync()).ShouldBe(0, edge.Errors);
        }

        await using var log = KafkaHost.Open(kafka);
        var ids = await UpstreamLab.ReadAsync(log);
        TestContext.Current.TestOutputHelper?.WriteLine($"{ids.Count} records, {ids.Distinct().Count()} readings");
        ids.Where(id => id.Device == "press-1").Distinct().ShouldBe(UpstreamLab.Ids("press-1", Away + 50));
        ids.Where(id => id.Device == "press-2").Distinct().ShouldBe(UpstreamLab.Ids("press-2", 100));
    }

    [Fact]
    public async Task Store_and_forward_in_front_of_nothing_is_refused_with_what_to_give()
    {
        var (code, _, errors) = await TelemetryProcess.RunAsync(
            "edge", "--data", _folder.FullName, "--mqtt-port", "0", "--http-port", "0", "--set", "Log:StoreAndForward:Enabled=true");

        code.ShouldBe(2);
        errors.ShouldContain("--kafka HOST:PORT");
    }
}
