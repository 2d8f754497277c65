using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using MQTTnet;
using MQTTnet.Formatter;
using Telemetry.Contracts;
using Telemetry.Edge;
using Telemetry.Edge.Hosting;
using Telemetry.Host.Composition;
using Telemetry.IntegrationTests.Mqtt;
using Telemetry.Mqtt;
using Telemetry.Streams;
using Telemetry.Streams.Journal;
using Qos = MQTTnet.Protocol.MqttQualityOfServiceLevel;

namespace Telemetry.IntegrationTests.Edge;

/// <summary>Several nodes over one log are one broker. Here they share a journal in one process; over Kafka they are killed elsewhere.</summary>
public sealed class SharedLogTests : IAsyncLifetime
{
    private readonly string _directory = Directory.CreateTempSubdirectory("telemetry-shared-").FullName;
    private readonly List<(MqttBroker Broker, BrokerLog Log)> _nodes = [];
    private JournalLog _log = null!;

    public async ValueTask InitializeAsync()
    {
        _log = JournalLog.Open(new JournalOptions { Directory = _directory }, NullLoggerFactory.Instance, TimeProvider.System);
        await _log.EnsureTopicsAsync(
            [
                new TopicSpec(LogTopics.Messages, 2),
                new TopicSpec(LogTopics.MqttSessions, 2, Compacted: true),
                new TopicSpec(LogTopics.MqttRetained, 2, Compacted: true),
            ],
            TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var (broker, log) in _nodes)
        {
            await broker.DisposeAsync();
            await log.DisposeAsync();
        }

        await _log.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    [Theory]
    [InlineData(Qos.AtMostOnce)]
    [InlineData(Qos.AtLeastOnce)]
    [InlineData(Qos.ExactlyOnce)]
    public async Task Message_reaches_the_subscribers_of_every_node_once(Qos qos)
    {
        var (a, b) = (await StartAsync("a"), await StartAsync("b"));
        await using var here = await ConnectAsync(a, "here", 0);
        await using var there = await ConnectAsync(b, "there", 0);
        await using var kept = await ConnectAsync(b, "kept");
        await using var publisher = await ConnectAsync(a, "p", 0);
        foreach (var client in (TestClient[])[here, there, kept])
        {
            await client.SubscribeAsync("t/#", qos);
        }

        for (var i = 0; i < 50; i++)
        {
            await publisher.PublishAsync("t/x", $"{i}", qos);
        }

        foreach (var client in (TestClient[])[here, there, kept])
        {
            for (var i = 0; i < 50; i++)
            {
                (await client.NextAsync()).ConvertPayloadToString().ShouldBe($"{i}");
            }

            await client.ShouldBeQuietAsync();
        }
    }

    [Fact]
    public async Task Newest_connection_takes_the_session_from_another_node_with_everything_in_it()
    {
        var (a, b) = (await StartAsync("a"), await StartAsync("b"));
        var (first, present) = await ConnectRawAsync(a, "s");
        present.ShouldBeFalse();
        await first.SubscribeAsync("t", MqttQos.ExactlyOnce);
        await using var publisher = await ConnectAsync(b, "p", 0);
        for (var i = 0; i < 5; i++)
        {
            await publisher.PublishAsync("t", $"{i}", Qos.ExactlyOnce);
        }

        var received = new List<ReceivedPublish>();
        for (var i = 0; i < 5; i++)
        {
            received.Add((await first.NextAsync()).Publish());
        }

        await first.AckAsync(MqttPacketType.PubRec, received[0].Id);
        (await first.NextAsync()).Type.ShouldBe(MqttPacketType.PubRel);

        var (second, resumed) = await ConnectRawAsync(b, "s");
        resumed.ShouldBeTrue();
        await first.ShouldBeClosedAsync(ReasonCode.SessionTakenOver);
        var release = await second.NextAsync();
        (release.Type, release.Id).ShouldBe((MqttPacketType.PubRel, received[0].Id));
        for (var i = 1; i < 5; i++)
        {
            (await second.NextAsync()).Publish().ShouldBe(received[i] with { Dup = true });
        }

        await publisher.PublishAsync("t", "5", Qos.ExactlyOnce);
        (await second.NextAsync()).Publish().Payload.ShouldBe("5");

        // And back again.
        var (third, again) = await ConnectRawAsync(a, "s");
        again.ShouldBeTrue();
        await second.ShouldBeClosedAsync(ReasonCode.SessionTakenOver);
        (await third.NextAsync()).Id.ShouldBe(received[0].Id);
        await third.DisposeAsync();
    }

    [Fact]
    public async Task Publish_of_qos_2_whose_client_moves_is_delivered_once()
    {
        var (a, b) = (await StartAsync("a"), await StartAsync("b"));
        await using var subscriber = await ConnectAsync(b, "s");
        await subscriber.SubscribeAsync("t", Qos.ExactlyOnce);
        var (publisher, _) = await ConnectRawAsync(a, "p");
        await publisher.PublishAsync("t", "one", MqttQos.ExactlyOnce, 5);
        (await publisher.NextAsync()).Type.ShouldBe(MqttPacketType.PubRec);
        await publisher.DisposeAsync();
        (publisher, var present) = await ConnectRawAsync(b, "p");
        present.ShouldBeTrue();
        await publisher.PublishAsync("t", "one", MqttQos.ExactlyOnce, 5, dup: true);
        (await publisher.NextAsync()).Type.ShouldBe(MqttPacketType.PubRec);
        await publisher.AckAsync(MqttPacketType.PubRel, 5);
        (await publisher.NextAsync()).Type.ShouldBe(MqttPacketType.PubComp);
        await publisher.PublishAsync("t", "two", MqttQos.ExactlyOnce, 5);
        (await publisher.NextAsync()).Type.ShouldBe(MqttPacketType.PubRec);
        (await subscriber.NextAsync()).ConvertPayloadToString().ShouldBe("one");
        (await subscriber.NextAsync()).ConvertPayloadToString().ShouldBe("two");
        await subscriber.ShouldBeQuietAsync();
        await publisher.DisposeAsync();
    }

    [Fact]
    public async Task Clean_start_on_another_node_ends_the_session_everywhere()
    {
        var (a, b) = (await StartAsync("a"), await StartAsync("b"));
        await using var old = await ConnectAsync(a, "s");
        await old.SubscribeAsync("t");
        await using var fresh = await ConnectAsync(b, "s", configure: o => o.CleanSession = true);
        fresh.Answer.IsSessionPresent.ShouldBeFalse();
        await old.ShouldBeClosedAsync(MqttClientDisconnectReason.SessionTakenOver);
        await fresh.SubscribeAsync("u");
        await using var publisher = await ConnectAsync(a, "p", 0);
        await publisher.PublishAsync("t", "no");
        await publisher.PublishAsync("u", "yes");
        (await fresh.NextAsync()).ConvertPayloadToString().ShouldBe("yes");
        await fresh.ShouldBeQuietAsync();
    }

    [Fact]
    public async Task Shared_subscription_of_persistent_sessions_on_several_nodes_gives_each_message_once()
    {
        var (a, b) = (await StartAsync("a"), await StartAsync("b"));
        await using var one = await ConnectAsync(a, "one");
        await using var two = await ConnectAsync(b, "two");
        await one.SubscribeAsync("$share/g/t");
        await two.SubscribeAsync("$share/g/t");
        await using var publisher = await ConnectAsync(a, "p", 0);
        await using var observer = await ConnectAsync(b, "o", 0);
        await observer.SubscribeAsync("end");
        for (var i = 0; i < 100; i++)
        {
            await publisher.PublishAsync("t", $"{i}");
        }

        var seen = new List<string>();
        while (seen.Count < 100)
        {
            foreach (var client in (TestClient[])[one, two])
            {
                while (client.TryNext(out var message))
                {
                    seen.Add(message!.ConvertPayloadToString());
                }
            }

            await Task.Delay(10, TestContext.Current.CancellationToken);
        }

        await publisher.PublishAsync("end", "");
        await observer.NextAsync();
        await one.ShouldBeQuietAsync();
        await two.ShouldBeQuietAsync();
        seen.Distinct().Count().ShouldBe(100);
    }

    [Fact]
    public async Task Retained_message_and_its_removal_reach_every_node()
    {
        var (a, b) = (await StartAsync("a"), await StartAsync("b"));
        await using var publisher = await ConnectAsync(a, "p", 0);
        await using var watcher = await ConnectAsync(b, "w", 0);
        await watcher.SubscribeAsync("r/#");
        await publisher.PublishAsync("r/1", "kept", retain: true);
        await publisher.PublishAsync("r/2", "gone", retain: true);
        await publisher.PublishAsync("r/2", "", retain: true);
        for (var i = 0; i < 3; i++)
        {
            await watcher.NextAsync();
        }

        // The store of a node follows a moment behind what its clients were sent.
        await UntilAsync(async () =>
        {
            await using var late = await ConnectAsync(b, "late", 0);
            await late.SubscribeAsync("r/#");
            await late.Client.PingAsync(TestContext.Current.CancellationToken);
            var topics = new List<string>();
            while (late.TryNext(out var message))
            {
                topics.Add(message!.Topic);
            }

            return topics is ["r/1"];
        });
    }

    [Fact]
    public async Task Sessions_of_a_node_that_leaves_are_taken_over_and_their_wills_published()
    {
        var (a, b) = (await StartAsync("a"), await StartAsync("b"));
        await using var watcher = await ConnectAsync(b, "watcher");
        await watcher.SubscribeAsync("will");
        await using var brief = await ConnectAsync(a, "brief", 6, o =>
        {
            (o.WillTopic, o.WillPayload, o.WillDelayInterval, o.WillQualityOfServiceLevel) = ("will", "dead"u8.ToArray(), 2, Qos.AtLeastOnce);
        });
        brief.Cut();
        await a.StopAsync(TestContext.Current.CancellationToken);
        (await watcher.NextAsync()).ConvertPayloadToString().ShouldBe("dead");
        await UntilAsync(() => Task.FromResult(b.Sessions.Count == 1));
    }

    private static async Task UntilAsync(Func<Task<bool>> condition)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromMinutes(1));
        while (!await condition())
        {
            await Task.Delay(20, limit.Token);
        }
    }

    private async Task<MqttBroker> StartAsync(string name)
    {
        var log = new BrokerLog(_log, TimeProvider.System, name, NullLogger.Instance);
        var broker = new MqttBroker(
            new EdgeOptions { Listeners = [new MqttListenerOptions { Port = 0 }] }, null, NullLoggerFactory.Instance, TimeProvider.System, log: log);
        await broker.StartAsync();
        _nodes.Add((broker, log));
        return broker;
    }

    private static Task<TestClient> ConnectAsync(
        MqttBroker node, string clientId, uint expirySeconds = 3600, Action<MqttClientOptions>? configure = null) =>
        TestClient.ConnectAsync(((IPEndPoint)node.Endpoints[0]).Port, clientId, o =>
        {
            o.ProtocolVersion = MqttProtocolVersion.V500;
            o.CleanSession = false;
            o.SessionExpiryInterval = expirySeconds;
            configure?.Invoke(o);
        });

    private static async Task<(RawClient Client, bool Present)> ConnectRawAsync(MqttBroker node, string clientId)
    {
        var client = await RawClient.OpenAsync(node.Endpoints[0], MqttVersion.V500);
        await client.WriteAsync(o => Testing.Mqtt.ClientPackets.Connect(o, new ConnectPacket
        {
            Version = MqttVersion.V500,
            ClientId = clientId,
            Properties = new MqttProperties { SessionExpiryInterval = 3600 },
        }));
        var answer = await client.ConnAckAsync();
        answer.ReasonCode.ShouldBe(ReasonCode.Success);
        return (client, answer.SessionPresent);
    }
}
