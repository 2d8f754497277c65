using System.Globalization;
using MQTTnet;
using MQTTnet.Protocol;
using Telemetry.IntegrationTests.Support;
using Telemetry.Testing;

namespace Telemetry.IntegrationTests.Host;

/// <summary>One trace follows a publish through edge, log, processing and store, to a collector that speaks OTLP.</summary>
[Collection("processes over Kafka")]
public sealed class TracingTests : IDisposable
{
    private const string Send = "send telemetry.readings.v1";

    private readonly string _data = Directory.CreateTempSubdirectory("telemetry-tracing-").FullName;

    public void Dispose() => Directory.Delete(_data, recursive: true);

    [Fact]
    public Task Publish_has_one_trace_from_edge_to_store() => FollowAsync([], []);

    [Fact]
    public async Task Over_Kafka_the_trace_has_the_record_on_its_way_to_the_brokers_too()
    {
        Assert.SkipWhen(KafkaCluster.MissingReason(own: true) is not null, KafkaCluster.MissingReason(own: true) ?? "");
        await using var kafka = await KafkaCluster.StartAsync(1);
        await FollowAsync(["--kafka", kafka.BootstrapServers], [Send]);
    }

    private async Task FollowAsync(string[] flags, string[] sends)
    {
        await using var collector = await OtlpReceiver.StartAsync();
        var port = FreePorts.Find();
        var environment = new Dictionary<string, string>
        {
            ["TELEMETRY__OBSERVABILITY__OTLPENDPOINT"] = collector.Address.ToString(),
            ["TELEMETRY__OBSERVABILITY__OTLPPROTOCOL"] = "HttpProtobuf",
            ["TELEMETRY__OBSERVABILITY__OTLPINTERVAL"] = "1s",
            ["TELEMETRY__OBSERVABILITY__TRACERATIO"] = "1",
        };
        await using var platform = TelemetryProcess.Start(
            environment, ["up", "--no-simulator", "--no-browser", "--plain", "--data", _data, "--mqtt-port", Text(port), "--http-port", "0", .. flags]);
        await platform.WaitForPortAsync(port);
        using var client = new MqttClientFactory().CreateMqttClient();
        await client.ConnectAsync(
            new MqttClientOptionsBuilder().WithTcpServer("127.0.0.1", port).WithClientId("press-7")
                .WithProtocolVersion(MQTTnet.Formatter.MqttProtocolVersion.V500).Build(),
            TestContext.Current.CancellationToken);
        for (var i = 0; i < 3; i++)
        {
            var answer = await client.PublishAsync(
                new MqttApplicationMessageBuilder()
                    .WithTopic("telemetry/v1/press-7/readings")
                    .WithContentType("application/json")
                    .WithPayload($$"""{"boot":7,"seq":{{i + 1}},"readings":[{"sensor":"temperature","time":"{{DateTime.UtcNow:yyyy-MM-ddTHH:mm:ss.fffZ}}","value":{{i}}}]}""")
                    .WithQualityOfServiceLevel(MqttQualityOfServiceLevel.AtLeastOnce)
                    .Build(),
                TestContext.Current.CancellationToken);
            answer.ReasonCode.ShouldBe(MqttClientPublishReasonCode.Success, answer.ReasonString);
        }

        await collector.WaitAsync(
            () => Names(collector).Count(n => n == "insert") >= 3 && Names(collector).Count(n => n == "process") >= 3
                && Names(collector).Contains("insert batch") && Names(collector).Contains("insert rollups") && collector.Metrics.ContainsKey("telemetry.bridge.readings.stored"),
            () => $"{string.Join(", ", Names(collector))} | {collector.Metrics.Count} metrics | {platform.Errors}");
        await client.DisconnectAsync(cancellationToken: TestContext.Current.CancellationToken);
        platform.Terminate();
        (await platform.WaitAsync()).ShouldBe(0, platform.Errors);

        var publishes = collector.Spans.Where(s => s.Name == "publish").ToList();
        publishes.Count.ShouldBe(3);
        publishes.Select(p => p.TraceId).Distinct().Count().ShouldBe(3);
        foreach (var publish in publishes)
        {
            var trace = collector.Spans.Where(s => s.TraceId == publish.TraceId).ToDictionary(s => s.Name);
            trace.Keys.ShouldBe(["publish", "append", "process", "insert", .. sends], ignoreOrder: true);
            publish.Parent.ShouldBe("");
            trace["append"].Parent.ShouldBe(publish.Id);
            trace["process"].Parent.ShouldBe(trace["append"].Id);
            trace["insert"].Parent.ShouldBe(trace["append"].Id);
            trace.Values.Select(s => s.Scope).ShouldBe(
                ["Telemetry.Edge", "Telemetry.Bridge", "Telemetry.Processing", "Telemetry.Storage", .. sends.Select(_ => "Telemetry.Streams")], ignoreOrder: true);
            foreach (var send in sends)
            {
                trace[send].Parent.ShouldBe(trace["append"].Id);
            }

            collector.Spans.ShouldContain(s => s.Name == "insert batch" && s.Links.Contains(publish.TraceId));
            collector.Spans.ShouldContain(s => s.Name == "insert rollups" && s.Links.Contains(publish.TraceId));
        }
    }

    private static List<string> Names(OtlpReceiver collector) => [.. collector.Spans.Select(s => s.Name)];

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
