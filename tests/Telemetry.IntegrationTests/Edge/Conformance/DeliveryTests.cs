using Telemetry.Mqtt;
using Telemetry.Testing;
using static Telemetry.IntegrationTests.Edge.Conformance.Conversation;

namespace Telemetry.IntegrationTests.Edge.Conformance;

/// <summary>Chapter 3.3: what the broker puts into a PUBLISH.</summary>
public sealed class DeliveryTests
{
    [Theory]
    [InlineData(MqttVersion.V311)]
    [InlineData(MqttVersion.V500)]
    [Spec("MQTT-3.3.2-3"), Spec("MQTT-4.7.1-1"), Spec("MQTT-4.7.1-2"), Spec("MQTT-4.7.0-1")]
    [Spec("MQTT3-3.3.2-3"), Spec("MQTT3-4.7.1-1"), Spec("MQTT3-4.7.1-2"), Spec("MQTT3-4.7.1-3")]
    public async Task Delivered_topics_are_those_the_subscriptions_match(MqttVersion version)
    {
        await using var broker = await TestBroker.StartAsync();
        await using var client = await broker.ConnectRawAsync("c", version);
        await client.AskAsync(
            1, Want("a/+", MqttQos.AtMostOnce), Want("b/#", MqttQos.AtMostOnce), Want("/", MqttQos.AtMostOnce), Want("+/d/+", MqttQos.AtMostOnce));
        string[] matched = ["a/x", "a/", "b", "b/", "b/c", "b/c/d", "/", "c/d/e", "/d/"];
        string[] others = ["a", "a/x/y", "/a", "bb", "c/d", "c/d/e/f", "//", "A/x"];
        foreach (var topic in matched.Concat(others))
        {
            await broker.Broker.PublishAsync(topic, "x"u8.ToArray());
        }

        foreach (var topic in matched)
        {
            (await client.TakeAsync()).Topic.ShouldBe(topic);
        }

        await client.PingAsync();
    }

    [Theory]
    [InlineData(MqttVersion.V311)]
    [InlineData(MqttVersion.V500)]
    [Spec("MQTT-3.3.4-2"), Spec("MQTT3-3.3.5-1")]
    public async Task Overlapping_subscriptions_deliver_at_the_highest_qos_among_them(MqttVersion version)
    {
        await using var broker = await TestBroker.StartAsync();
        await using var client = await broker.ConnectRawAsync("c", version);
        await client.AskAsync(1, Want("t/#", MqttQos.AtMostOnce), Want("t/+", MqttQos.ExactlyOnce), Want("t/x", MqttQos.AtLeastOnce));
        await broker.Broker.PublishAsync("t/x", "x"u8.ToArray(), MqttQos.ExactlyOnce);
        (await client.ReceiveAsync()).Qos.ShouldBe(MqttQos.ExactlyOnce);
    }

    [Fact]
    [Spec("MQTT-3.3.4-3"), Spec("MQTT-3.3.4-5"), Spec("MQTT-4.8.2")]
    public async Task Copy_for_a_shared_subscription_has_its_own_identifier()
    {
        await using var broker = await TestBroker.StartAsync();
        await using var client = await broker.ConnectRawAsync("c");
        await client.AskAsync(1, new MqttProperties { SubscriptionIdentifier = 5 }, Want("t", MqttQos.AtMostOnce));
        await client.AskAsync(2, new MqttProperties { SubscriptionIdentifier = 6 }, Want("$share/g/t", MqttQos.AtMostOnce));
        await broker.Broker.PublishAsync("t", "x"u8.ToArray());
        var copies = new[] { await client.TakeAsync(), await client.TakeAsync() };
        copies.Select(c => c.Properties.SubscriptionIdentifier).Order().ShouldBe([5u, 6u]);
        await client.PingAsync();
    }

    [Theory]
    [InlineData(MqttVersion.V311)]
    [InlineData(MqttVersion.V500)]
    [Spec("MQTT-3.3.1-3"), Spec("MQTT3-3.3.1-3")]
    public async Task Duplicate_flag_of_the_publisher_is_not_forwarded(MqttVersion version)
    {
        await using var broker = await TestBroker.StartAsync();
        await using var client = await broker.ConnectRawAsync("c", version);
        await client.SubscribeAsync("t", MqttQos.ExactlyOnce);
        await using var publisher = await broker.ConnectRawAsync("p", version);
        await publisher.PublishAsync("t", "1", MqttQos.AtLeastOnce, 1, dup: true);
        await publisher.PublishAsync("t", "2", MqttQos.ExactlyOnce, 2, dup: true);
        (await client.ReceiveAsync()).Duplicate.ShouldBeFalse();
        (await client.ReceiveAsync()).Duplicate.ShouldBeFalse();
    }

    [Fact]
    [Spec("MQTT-3.3.2-11"), Spec("MQTT-3.1.2-26"), Spec("MQTT-3.1.2-27")]
    public async Task Topic_aliases_to_a_client_stay_within_its_maximum()
    {
        await using var broker = await TestBroker.StartAsync();
        await using var none = await broker.ConnectRawAsync("none");
        await using var zero = await broker.ConnectRawAsync("zero", properties: new MqttProperties { TopicAliasMaximum = 0 });
        await using var two = await broker.ConnectRawAsync("two", properties: new MqttProperties { TopicAliasMaximum = 2 });
        foreach (var client in new[] { none, zero, two })
        {
            await client.SubscribeAsync("#");
        }

        for (var i = 0; i < 20; i++)
        {
            await broker.Broker.PublishAsync($"t/{i % 5}", "x"u8.ToArray());
        }

        var aliases = new HashSet<ushort?>();
        var topics = new Dictionary<ushort, string>();
        for (var i = 0; i < 20; i++)
        {
            (await none.TakeAsync()).Properties.TopicAlias.ShouldBeNull();
            (await zero.TakeAsync()).Properties.TopicAlias.ShouldBeNull();
            var copy = await two.TakeAsync();
            aliases.Add(copy.Properties.TopicAlias);
            var topic = copy.Topic;
            if (copy.Properties.TopicAlias is { } alias)
            {
                topic = topic.Length > 0 ? topics[alias] = topic : topics[alias];
            }

            topic.ShouldBe($"t/{i % 5}");
        }

        aliases.ExceptWith([null]);
        aliases.Order().ShouldBe([(ushort)1, (ushort)2]);
    }

    [Fact]
    [Spec("MQTT-3.3.2-12"), Spec("MQTT-3.3.2-9"), Spec("MQTT-3.2.2-17")]
    public async Task Every_topic_alias_up_to_our_maximum_is_taken_and_none_above()
    {
        await using var broker = await TestBroker.StartAsync();
        await using var watcher = await broker.ConnectRawAsync("w");
        await watcher.SubscribeAsync("#");
        var (client, answer) = await broker.GreetAsync(new ConnectPacket { ClientId = "c", CleanStart = true });
        var maximum = answer.Properties!.TopicAliasMaximum!.Value;
        Task SendAsync(int alias, bool omit) => client.WriteAsync(o => PublishPacket.Write(
            o,
            MqttVersion.V500,
            System.Text.Encoding.UTF8.GetBytes($"t/{alias}"),
            default,
            "x"u8,
            new PublishDelivery { TopicAlias = (ushort)alias, OmitTopicName = omit }));
        foreach (var omit in new[] { false, true })
        {
            for (var alias = 1; alias <= maximum; alias++)
            {
                await SendAsync(alias, omit);
                var copy = await watcher.TakeAsync();
                (copy.Topic, copy.Properties.TopicAlias).ShouldBe(($"t/{alias}", null));
            }
        }

        await SendAsync(maximum + 1, omit: false);
        await client.ShouldBeClosedAsync(ReasonCode.TopicAliasInvalid);
        await client.DisposeAsync();
    }

    [Theory]
    [InlineData(MqttVersion.V311)]
    [InlineData(MqttVersion.V500)]
    [Spec("MQTT-3.3.4-1"), Spec("MQTT3-3.3.4-1")]
    [Spec("MQTT-2.2.1-5"), Spec("MQTT3-2.3.1-6")]
    public async Task Publish_is_answered_as_its_qos_asks_with_its_identifier(MqttVersion version)
    {
        await using var broker = await TestBroker.StartAsync();
        await using var client = await broker.ConnectRawAsync("c", version);
        await client.PublishAsync("t", "0");
        await client.PingAsync();
        foreach (var id in new ushort[] { 1, 255, 256, 65_535 })
        {
            await client.PublishAsync("t", "1", MqttQos.AtLeastOnce, id);
            var ack = await client.NextAsync();
            (ack.Type, ack.Id).ShouldBe((MqttPacketType.PubAck, id));
            await client.PublishAsync("t", "2", MqttQos.ExactlyOnce, id);
            var received = await client.NextAsync();
            (received.Type, received.Id).ShouldBe((MqttPacketType.PubRec, id));
            await client.AckAsync(MqttPacketType.PubRel, id);
            var completed = await client.NextAsync();
            (completed.Type, completed.Id).ShouldBe((MqttPacketType.PubComp, id));
        }

        await client.PingAsync();
    }

    [Theory]
    [InlineData(MqttVersion.V311, ReasonCode.Success)]
    [InlineData(MqttVersion.V500, ReasonCode.NotAuthorized)]
    [Spec("MQTT3-3.3.5-2"), Spec("MQTT-3.4.2-1"), Spec("MQTT-3.5.2-1"), Spec("MQTT-4.3.3-9")]
    public async Task Publish_that_is_not_allowed_is_answered_and_delivered_to_nobody(MqttVersion version, ReasonCode code)
    {
        var rules = new Telemetry.Edge.AccessRuleOptions { Publish = ["allowed"], Subscribe = ["#"] };
        await using var broker = await TestBroker.StartAsync(new Telemetry.Edge.EdgeOptions { AccessRules = [rules] });
        await using var watcher = await broker.ConnectRawAsync("w", version);
        await watcher.SubscribeAsync("#");
        await using var client = await broker.ConnectRawAsync("c", version);
        (await client.DeliverAsync("denied", "1", MqttQos.AtLeastOnce, 5)).ShouldBe(code);
        (await client.DeliverAsync("denied", "2", MqttQos.ExactlyOnce, 5)).ShouldBe(code);

        // A refused PUBREC ends the exchange: the identifier is a new message at once.
        (await client.DeliverAsync("allowed", "3", MqttQos.ExactlyOnce, 5)).ShouldBe(ReasonCode.Success);
        (await watcher.TakeAsync()).Payload.ShouldBe("3");
        await watcher.PingAsync();
    }
}
