using System.Globalization;
using Telemetry.Bridge;
using Telemetry.IntegrationTests.Streams.Kafka;
using Telemetry.IntegrationTests.Support;
using Telemetry.Testing;

namespace Telemetry.IntegrationTests.Sparkplug;

/// <summary>Two edge processes over a real cluster share the nodes, wherever they are connected.</summary>
[Collection("processes")]
public sealed class SparkplugKafkaTests : IAsyncLifetime
{
    private const int Nodes = 6;
    private const int Values = 50;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly string _data = Directory.CreateTempSubdirectory("telemetry-sparkplug-kafka-").FullName;
    private KafkaCluster? _kafka;

    public async ValueTask InitializeAsync()
    {
        if (KafkaCluster.MissingReason(own: true) is { } missing)
        {
            Assert.Skip(missing);
        }

        _kafka = await KafkaCluster.StartAsync(1);
    }

    public async ValueTask DisposeAsync()
    {
        if (_kafka is not null)
        {
            await _kafka.DisposeAsync();
        }

        Directory.Delete(_data, recursive: true);
    }

    [Fact]
    public async Task Node_is_asked_for_births_where_it_is_connected_and_a_process_that_dies_costs_no_value()
    {
        int[] ports = [FreePorts.Find(), FreePorts.Find()];
        await using var first = Start(ports[0], "edge-a");
        await using var second = Start(ports[1], "edge-b");
        await first.WaitForPortAsync(ports[0]);
        await second.WaitForPortAsync(ports[1]);
        var sent = new List<(string Device, double Value)>();
        for (var i = 0; i < Nodes; i++)
        {
            await using var edge = await MqttEdge.ConnectAsync(ports[i % 2], "plant", $"line-{i}");
            edge.Script.NBirth(); // Lost.
            await edge.SendAsync(edge.Script.NData(edge.Script.Changed(1, -1)));
            await edge.RebirthAsync();
            await SendAsync(edge, i, 0, sent);
            await edge.DisconnectAsync();
        }

        first.Kill();
        for (var i = 0; i < Nodes; i++)
        {
            await using var edge = await MqttEdge.ConnectAsync(ports[1], "plant", $"line-{i}", bdSeq: 1);
            await SendAsync(edge, i, 1000, sent);
            await edge.DisconnectAsync();
        }

        await using var log = KafkaHost.Open(_kafka!);
        await SparkplugStage.SettleAsync(log, new SparkplugOptions().Group).WaitAsync(Patience, TestContext.Current.CancellationToken);
        var readings = await SparkplugStage.ReadingsAsync(log);
        readings.Select(r => (r.Device, r.Value)).Order().ShouldBe(sent.Order());
        foreach (var device in readings.GroupBy(r => r.Device))
        {
            device.Select(r => r.BootId).Distinct().ShouldHaveSingleItem(device.Key);
            device.Select(r => r.Sequence).ShouldBe(Enumerable.Range(1, device.Count()).Select(i => (ulong)i), device.Key);
        }
    }

    private static async Task SendAsync(MqttEdge edge, int node, int from, List<(string Device, double Value)> sent)
    {
        await edge.SendAsync(edge.Script.NBirth(edge.Script.Born("count", 1, from)));
        sent.Add(($"plant:line-{node}", from));
        for (var value = from + 1; value <= from + Values; value++)
        {
            await edge.SendAsync(edge.Script.NData(edge.Script.Changed(1, value)));
            sent.Add(($"plant:line-{node}", value));
        }
    }

    private TelemetryProcess Start(int port, string name) => TelemetryProcess.Start(
        new Dictionary<string, string> { ["TELEMETRY__INSTANCE"] = name, ["TELEMETRY__BRIDGE__EDGENAME"] = name },
        "edge", "--kafka", _kafka!.BootstrapServers, "--data", Path.Combine(_data, name), "--http-port", "0",
        "--mqtt-port", port.ToString(CultureInfo.InvariantCulture));
}
