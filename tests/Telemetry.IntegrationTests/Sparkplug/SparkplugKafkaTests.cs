using System.Globalization;
using Telemetry.Bridge;
using Telemetry.Bridge.Sparkplug.Host;
using Telemetry.Contracts;
using Telemetry.Edge.Messages;
using Telemetry.IntegrationTests.Mqtt;
using Telemetry.IntegrationTests.Streams.Kafka;
using Telemetry.IntegrationTests.Support;
using Telemetry.Streams;
using Telemetry.Testing;

namespace Telemetry.IntegrationTests.Sparkplug;

/// <summary>Two edge processes over a real cluster share the nodes, wherever they are connected.</summary>
[Collection("processes over Kafka")]
public sealed class SparkplugKafkaTests : KafkaProcessTests
{
    private const int Nodes = 6;
    private const int Values = 50;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

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

        await using var log = KafkaHost.Open(Kafka);
        await SparkplugStage.SettleAsync(log, new SparkplugOptions().Group).WaitAsync(Patience, TestContext.Current.CancellationToken);
        var readings = await SparkplugStage.ReadingsAsync(log);
        readings.Select(r => (r.Device, r.Value)).Order().ShouldBe(sent.Order());
        foreach (var device in readings.GroupBy(r => r.Device))
        {
            device.Select(r => r.BootId).Distinct().ShouldHaveSingleItem(device.Key);
            device.Select(r => r.Sequence).ShouldBe(Enumerable.Range(1, device.Count()).Select(i => (ulong)i), device.Key);
        }
    }

    [Fact]
    public async Task Host_is_offline_when_the_last_of_two_edges_stops_and_not_before()
    {
        int[] ports = [FreePorts.Find(), FreePorts.Find()];
        await using (var first = Start(ports[0], "edge-a"))
        {
            await first.WaitForPortAsync(ports[0]);

            // One that starts beside it says nothing, nor does one that stops in good order, nor one that is killed.
            foreach (var kill in (bool[])[false, true])
            {
                await using var second = Start(ports[1], "edge-b");
                await second.WaitForPortAsync(ports[1]);
                await using (var client = await TestClient.ConnectAsync(ports[1], "node"))
                {
                    await client.SubscribeAsync("spBv1.0/STATE/telemetry");
                    while (!MqttEdge.State(await client.NextAsync()).Online)
                    {
                        // What was retained before the first was ready.
                    }
                }

                if (kill)
                {
                    second.Kill();
                }
                else
                {
                    second.Terminate();
                }

                await second.WaitAsync();
            }

            // The one that was killed may be alive for the other until it has been silent for long enough.
            await Task.Delay(TimeSpan.FromSeconds(21), TestContext.Current.CancellationToken);
            first.Terminate();
            (await first.WaitAsync()).ShouldBe(0, first.Errors);
        }

        // All that was ever retained there, in its order.
        var states = await StatesAsync();
        states.Select(s => s.Online).ShouldBe([false, true, false], string.Join(", ", states));
        states.Select(s => s.Timestamp).ShouldBe(states.Select(s => s.Timestamp).Order());
    }

    private async Task<List<(bool Online, long Timestamp)>> StatesAsync()
    {
        var token = TestContext.Current.CancellationToken;
        var states = new List<(bool, long)>();
        await using var log = KafkaHost.Open(Kafka);
        for (var i = 0; i < await log.QueryPartitionCountAsync(LogTopics.MqttRetained, token); i++)
        {
            var partition = new TopicPartition(LogTopics.MqttRetained, i);
            var (low, high) = await log.QueryOffsetsAsync(partition, token);
            await using var consumer = log.CreateConsumer(new ConsumerOptions());
            consumer.Assign([partition]);
            consumer.Seek(partition, low);
            while (consumer.Position(partition) < high)
            {
                foreach (var record in await consumer.PollAsync(1000, TimeSpan.FromMilliseconds(100), token))
                {
                    if (record.Key.Span.SequenceEqual("spBv1.0/STATE/telemetry"u8))
                    {
                        var message = RetainedRecord.Read(record.Key.Span, record.Value.Span, static at => at);
                        states.Add(HostState.Read(message.Content.Payload.ToArray())!.Value);
                    }
                }
            }
        }

        return states;
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
        "edge", "--kafka", Kafka.BootstrapServers, "--data", Path.Combine(Data, name), "--http-port", "0",
        "--mqtt-port", port.ToString(CultureInfo.InvariantCulture));
}
