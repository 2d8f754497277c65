using System.Net;
using Telemetry.IntegrationTests.Edge;
using Telemetry.IntegrationTests.Support;
using Telemetry.Mqtt;
using Telemetry.Testing;
using Telemetry.Testing.Mqtt;

namespace Telemetry.IntegrationTests.Host;

/// <summary>kill -9 of the real edge process, again and again, while persistent sessions publish and receive.</summary>
[Collection("processes over Kafka")]
public sealed class DurableSessionKillTests : IAsyncDisposable
{
    private const int Kills = 4;

    private readonly string _data = Directory.CreateTempSubdirectory("telemetry-kill-").FullName;

    public ValueTask DisposeAsync()
    {
        Directory.Delete(_data, recursive: true);
        return ValueTask.CompletedTask;
    }

    [Theory]
    [InlineData(MqttQos.AtLeastOnce)]
    [InlineData(MqttQos.ExactlyOnce)]
    public Task Nothing_acknowledged_is_lost_and_no_qos_2_message_comes_twice_over_the_journal(MqttQos qos) =>
        RunAsync(qos, 1, "--data", _data);

    [Theory]
    [InlineData(MqttQos.AtLeastOnce, 1)]
    [InlineData(MqttQos.ExactlyOnce, 1)]
    [InlineData(MqttQos.AtLeastOnce, 2)]
    [InlineData(MqttQos.ExactlyOnce, 2)]
    public async Task Nothing_acknowledged_is_lost_and_no_qos_2_message_comes_twice_over_Kafka(MqttQos qos, int edges)
    {
        if (KafkaCluster.MissingReason(own: true) is { } missing)
        {
            Assert.Skip(missing);
        }

        await using var kafka = await KafkaCluster.StartAsync(1);
        await RunAsync(qos, edges, "--data", _data, "--kafka", kafka.BootstrapServers);
    }

    [Fact]
    public Task Delayed_wills_survive_over_the_journal() => KillWithWillsAsync("--data", _data);

    [Fact]
    public async Task Delayed_wills_survive_over_Kafka()
    {
        if (KafkaCluster.MissingReason(own: true) is { } missing)
        {
            Assert.Skip(missing);
        }

        await using var kafka = await KafkaCluster.StartAsync(1);
        await KillWithWillsAsync("--data", _data, "--kafka", kafka.BootstrapServers);
    }

    /// <summary>One client has lost its connection before the kill, one loses it by the kill; a third is back before its will is due.</summary>
    private static async Task KillWithWillsAsync(params string[] where)
    {
        var token = TestContext.Current.CancellationToken;
        var port = FreePorts.Find(1)[0];
        var end = new IPEndPoint(IPAddress.Loopback, port);
        string[] arguments = ["edge", .. where, "--mqtt-port", $"{port}", "--http-port", "0", "--set", "Instance=edge-0"];
        await using var watcher = new SteadyClient("watcher", SteadyClient.ToPorts(port), MqttQos.ExactlyOnce) { Filter = "will/#" };
        await using (var first = TelemetryProcess.Start(arguments))
        {
            await first.WaitForPortAsync(port);
            watcher.Start();
            await watcher.Subscribed.Task.WaitAsync(TimeSpan.FromSeconds(60), token);
            (await ConnectAsync("cut", "1", delaySeconds: 10)).Cut();
            await using var connected = await ConnectAsync("connected", "2", delaySeconds: 2);
            await using var going = await ConnectAsync("back", "3", delaySeconds: 3600);
            first.Kill();
            await first.WaitAsync();
        }

        watcher.Received.ShouldBeEmpty("no will was due yet");
        await using var second = TelemetryProcess.Start(arguments);
        await second.WaitForPortAsync(port);
        await using var back = await ConnectAsync("back", "4", delaySeconds: 3600);
        await UntilAsync(() => watcher.Received.ContainsKey(1) && watcher.Received.ContainsKey(2));

        // A session that ends takes its will with it: were the old one still kept, it would come now.
        await back.SendAsync(0xE0, 7, 0, 5, 0x11, 0, 0, 0, 0);
        await back.ShouldBeClosedAsync(null);
        await using var publisher = new SteadyClient("last", SteadyClient.ToPorts(port), MqttQos.ExactlyOnce);
        publisher.Start();
        await publisher.PublishAsync("will/last", 5, token);
        await UntilAsync(() => watcher.Received.ContainsKey(5));
        watcher.Received.OrderBy(r => r.Key).Select(r => (r.Key, r.Value)).ShouldBe([(1, 1), (2, 1), (5, 1)]);

        Task<RawClient> ConnectAsync(string id, string payload, uint delaySeconds) => RawClient.ConnectAsync(end, new ConnectPacket
        {
            Version = MqttVersion.V500,
            ClientId = id,
            Properties = new MqttProperties { SessionExpiryInterval = 7200 },
            Will = new WillMessage
            {
                TopicName = $"will/{id}",
                Payload = System.Text.Encoding.ASCII.GetBytes(payload),
                Qos = MqttQos.ExactlyOnce,
                Properties = new MqttProperties { WillDelayInterval = delaySeconds },
            },
        });
    }

    /// <summary>Clients go from one edge to the next with each connection; one edge after the other is killed.</summary>
    private static async Task RunAsync(MqttQos qos, int count, params string[] where)
    {
        var token = TestContext.Current.CancellationToken;
        var ports = FreePorts.Find(count);
        string[] Arguments(int edge) =>
            ["edge", .. where, "--mqtt-port", $"{ports[edge]}", "--http-port", "0", "--set", $"Instance=edge-{edge}"];
        var random = new Random(11);
        var edges = new TelemetryProcess[count];
        try
        {
            for (var i = 0; i < count; i++)
            {
                edges[i] = TelemetryProcess.Start(Arguments(i));
                await edges[i].WaitForPortAsync(ports[i]);
            }

            await using var subscriber = new SteadyClient("subscriber", SteadyClient.ToPorts(ports), qos) { Filter = "count/#" };
            await using var publisher = new SteadyClient("publisher", SteadyClient.ToPorts([.. ports.Reverse()]), qos);
            subscriber.Start();
            publisher.Start();
            await subscriber.Subscribed.Task.WaitAsync(TimeSpan.FromSeconds(60), token);
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(token);
            var published = PublishAsync(publisher, stop.Token);
            for (var i = 0; i < Kills; i++)
            {
                await UntilAsync(() => publisher.Acknowledged.Count >= (i + 1) * 300);
                await Task.Delay(random.Next(200), token);
                var at = i % count;
                edges[at].Kill();
                await edges[at].WaitAsync();
                await edges[at].DisposeAsync();
                edges[at] = TelemetryProcess.Start(Arguments(at));
                await edges[at].WaitForPortAsync(ports[at]);
            }

            await UntilAsync(() => publisher.Acknowledged.Count >= (Kills + 1) * 300);
            await stop.CancelAsync();
            var last = await published;
            await UntilAsync(() => publisher.Open == 0);
            try
            {
                await UntilAsync(() => subscriber.Received.Count >= last);
            }
            catch (OperationCanceledException)
            {
                // The assertion says what is missing.
            }

            publisher.Acknowledged.Keys.Except(subscriber.Received.Keys).Order().ShouldBeEmpty("acknowledged and never received");
            (subscriber.SessionsLost, publisher.SessionsLost).ShouldBe((0, 0));
            (subscriber.Connections + publisher.Connections).ShouldBeGreaterThan(Kills + 1);
            if (qos == MqttQos.ExactlyOnce)
            {
                subscriber.Received.Where(r => r.Value > 1).ShouldBeEmpty("received twice");
            }
        }
        finally
        {
            foreach (var edge in edges.Where(e => e is not null))
            {
                await edge.DisposeAsync();
            }
        }
    }

    private static async Task<long> PublishAsync(SteadyClient publisher, CancellationToken cancellationToken)
    {
        for (var number = 0L; ; number++)
        {
            try
            {
                await publisher.PublishAsync("count/a", number, cancellationToken);
            }
            catch (OperationCanceledException)
            {
                return number;
            }
        }
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromMinutes(1));
        while (!condition())
        {
            await Task.Delay(20, limit.Token);
        }
    }
}
