using MQTTnet;
using MQTTnet.Formatter;
using MQTTnet.Packets;
using MQTTnet.Protocol;
using Telemetry.Edge;
using Telemetry.Edge.Reasons;
using Telemetry.Mqtt;
using Telemetry.Testing;
using Telemetry.Testing.Mqtt;

namespace Telemetry.IntegrationTests.Edge;

public sealed class PublishTests
{
    [Theory]
    [InlineData(MqttProtocolVersion.V311)]
    [InlineData(MqttProtocolVersion.V500)]
    [Spec("MQTT-4.2.0-1"), Spec("MQTT3-7.0.0-2"), Spec("MQTT3-7.1.1-1")]
    public async Task Message_goes_both_ways_at_every_qos(MqttProtocolVersion version)
    {
        await using var broker = await TestBroker.StartAsync();
        await using var publisher = await broker.ConnectAsync("p", o => o.ProtocolVersion = version);
        await using var subscriber = await broker.ConnectAsync("s", o => o.ProtocolVersion = version);
        await subscriber.SubscribeAsync("t/#", MqttQualityOfServiceLevel.ExactlyOnce);
        foreach (var qos in Enum.GetValues<MqttQualityOfServiceLevel>())
        {
            (await publisher.PublishAsync($"t/{qos}", $"at {qos}", qos)).ReasonCode.ShouldBe(MqttClientPublishReasonCode.Success);
            var message = await subscriber.NextAsync();
            (message.Topic, message.ConvertPayloadToString(), message.QualityOfServiceLevel, message.Dup)
                .ShouldBe(($"t/{qos}", $"at {qos}", qos, false));
        }

        // Nothing came twice.
        await subscriber.ShouldBeQuietAsync();
    }

    [Theory]
    [InlineData(MqttVersion.V311)]
    [InlineData(MqttVersion.V500)]
    [Spec("MQTT-4.3.3-8"), Spec("MQTT-4.3.3-10"), Spec("MQTT-4.3.3-11"), Spec("MQTT3-4.3.3-2")]
    public async Task Repeated_qos_2_publish_is_acknowledged_again_and_delivered_once(MqttVersion version)
    {
        await using var broker = await TestBroker.StartAsync();
        await using var publisher = await broker.ConnectRawAsync("p", version);
        await using var subscriber = await broker.ConnectRawAsync("s", version);
        await subscriber.SubscribeAsync("t/#", MqttQos.ExactlyOnce);
        await publisher.PublishAsync("t/1", "one", MqttQos.AtLeastOnce, 11);
        (await publisher.NextAsync()).Id.ShouldBe((ushort)11);
        var one = (await subscriber.NextAsync()).Publish();
        one.Qos.ShouldBe(MqttQos.AtLeastOnce);
        await subscriber.AckAsync(MqttPacketType.PubAck, one.Id);
        await publisher.PublishAsync("t/2", "two", MqttQos.ExactlyOnce, 12);
        await publisher.PublishAsync("t/2", "two", MqttQos.ExactlyOnce, 12, dup: true);
        (await publisher.NextAsync()).Type.ShouldBe(MqttPacketType.PubRec);
        (await publisher.NextAsync()).Type.ShouldBe(MqttPacketType.PubRec);
        await publisher.AckAsync(MqttPacketType.PubRel, 12);
        (await publisher.NextAsync()).Type.ShouldBe(MqttPacketType.PubComp);
        var two = (await subscriber.NextAsync()).Publish();
        two.Qos.ShouldBe(MqttQos.ExactlyOnce);
        await subscriber.AckAsync(MqttPacketType.PubRec, two.Id);
        (await subscriber.NextAsync()).Type.ShouldBe(MqttPacketType.PubRel);
        await subscriber.AckAsync(MqttPacketType.PubComp, two.Id);
        // Nothing came twice.
        await subscriber.PingAsync();
    }

    [Fact]
    [Spec("MQTT-4.4.0-1"), Spec("MQTT-3.3.1-1"), Spec("MQTT-4.6.0-1")]
    public async Task Unfinished_messages_are_sent_again_in_order_with_dup_on_reconnect_only()
    {
        await using var broker = await TestBroker.StartAsync();
        var keep = new MqttProperties { SessionExpiryInterval = 100 };
        await using var publisher = await broker.ConnectRawAsync("p");
        var subscriber = await broker.ConnectRawAsync("s", clean: false, properties: keep);
        await subscriber.SubscribeAsync("t", MqttQos.ExactlyOnce);
        await publisher.PublishAsync("t", "1", MqttQos.AtLeastOnce, 1);
        await publisher.PublishAsync("t", "2", MqttQos.ExactlyOnce, 2);
        await publisher.PublishAsync("t", "3", MqttQos.AtLeastOnce, 3);
        var ids = new List<ushort>();
        for (var i = 0; i < 3; i++)
        {
            ids.Add((await subscriber.NextAsync()).Publish().Id);
        }

        await subscriber.AckAsync(MqttPacketType.PubRec, ids[1]);
        (await subscriber.NextAsync()).Type.ShouldBe(MqttPacketType.PubRel);
        await subscriber.PingAsync();
        subscriber.Cut();
        await broker.UntilConnectionsAsync(1);
        await publisher.PublishAsync("t", "4", MqttQos.AtLeastOnce, 4);
        await using var again = await broker.OpenRawAsync();
        await again.WriteAsync(o => ClientPackets.Connect(o, new ConnectPacket { ClientId = "s", Properties = keep }));
        (await again.ConnAckAsync()).SessionPresent.ShouldBeTrue();
        var first = (await again.NextAsync()).Publish();
        (first.Payload, first.Id, first.Dup).ShouldBe(("1", ids[0], true));
        var release = await again.NextAsync();
        (release.Type, release.Id).ShouldBe((MqttPacketType.PubRel, ids[1]));
        var third = (await again.NextAsync()).Publish();
        (third.Payload, third.Id, third.Dup).ShouldBe(("3", ids[2], true));
        var fourth = (await again.NextAsync()).Publish();
        (fourth.Payload, fourth.Dup).ShouldBe(("4", false));
    }

    [Fact]
    [Spec("MQTT-3.3.4-9"), Spec("MQTT-3.3.4-10"), Spec("MQTT-4.9.0-1"), Spec("MQTT-4.9.0-2")]
    public async Task No_more_than_the_clients_receive_maximum_is_in_flight()
    {
        await using var broker = await TestBroker.StartAsync();
        await using var publisher = await broker.ConnectRawAsync("p");
        await using var subscriber = await broker.ConnectRawAsync("s", properties: new MqttProperties { ReceiveMaximum = 2 });
        await subscriber.SubscribeAsync("t", MqttQos.AtLeastOnce);
        for (ushort i = 1; i <= 5; i++)
        {
            await publisher.PublishAsync("t", $"{i}", MqttQos.AtLeastOnce, i);
            await publisher.NextAsync();
        }

        // QoS 0 passes those that wait. [MQTT-4.9.0-3]
        await publisher.PublishAsync("t", "free");
        var first = (await subscriber.NextAsync()).Publish();
        var second = (await subscriber.NextAsync()).Publish();
        (first.Payload, second.Payload).ShouldBe(("1", "2"));
        (await subscriber.NextAsync()).Publish().Payload.ShouldBe("free");
        await subscriber.PingAsync();
        await subscriber.AckAsync(MqttPacketType.PubAck, second.Id);
        (await subscriber.NextAsync()).Publish().Payload.ShouldBe("3");
        await subscriber.PingAsync();
    }

    [Fact]
    [Spec("MQTT-3.3.4-2"), Spec("MQTT-3.3.4-3"), Spec("MQTT-3.3.4-4")]
    public async Task Overlapping_subscriptions_give_one_copy_with_all_identifiers()
    {
        await using var broker = await TestBroker.StartAsync();
        await using var client = await broker.ConnectAsync("a");
        await client.SubscribeAsync(new MqttTopicFilter { Topic = "t/#" }, identifier: 1);
        await client.SubscribeAsync(
            new MqttTopicFilter { Topic = "t/+", QualityOfServiceLevel = MqttQualityOfServiceLevel.AtLeastOnce }, identifier: 268_435_455);
        await client.PublishAsync("t/x", "1");
        var copy = await client.NextAsync();
        copy.QualityOfServiceLevel.ShouldBe(MqttQualityOfServiceLevel.AtLeastOnce);
        copy.SubscriptionIdentifiers.Order().ShouldBe([1u, 268_435_455u]);
        await client.ShouldBeQuietAsync();
    }

    [Fact]
    [Spec("MQTT-3.1.2-24"), Spec("MQTT-3.1.2-25")]
    public async Task Message_over_the_clients_maximum_packet_size_is_dropped_and_the_next_one_comes()
    {
        await using var broker = await TestBroker.StartAsync();
        await using var small = await broker.ConnectAsync("small", o => o.MaximumPacketSize = 50);
        await using var big = await broker.ConnectAsync("big");
        await small.SubscribeAsync("t");
        await big.SubscribeAsync("t", MqttQualityOfServiceLevel.AtMostOnce);
        await big.PublishAsync("t", new string('x', 100), MqttQualityOfServiceLevel.AtMostOnce);
        await big.PublishAsync("t", "short", MqttQualityOfServiceLevel.AtMostOnce);
        (await small.NextAsync()).ConvertPayloadToString().ShouldBe("short");
        (await big.NextAsync()).Payload.Length.ShouldBe(100);
    }

    [Fact]
    [Spec("MQTT-3.3.1-5"), Spec("MQTT-3.3.1-6"), Spec("MQTT-3.3.1-7"), Spec("MQTT-3.3.1-10")]
    public async Task Retained_message_is_sent_once_to_each_new_subscription_and_can_be_removed()
    {
        await using var broker = await TestBroker.StartAsync();
        await using var client = await broker.ConnectAsync("a");
        await client.PublishAsync("r/1", "old", retain: true);
        await client.PublishAsync("r/1", "new", retain: true);
        await client.SubscribeAsync("r/+");
        var retained = await client.NextAsync();
        (retained.ConvertPayloadToString(), retained.Retain, retained.QualityOfServiceLevel)
            .ShouldBe(("new", true, MqttQualityOfServiceLevel.AtLeastOnce));
        await client.SubscribeAsync(new MqttTopicFilter
        {
            Topic = "r/+",
            QualityOfServiceLevel = MqttQualityOfServiceLevel.AtLeastOnce,
            RetainHandling = MqttRetainHandling.SendAtSubscribeIfNewSubscriptionOnly,
        });
        await client.PublishAsync("r/1", "", retain: true);
        var removal = await client.NextAsync();
        (removal.Payload.Length, removal.Retain).ShouldBe((0, false), "nothing retained came with the second SUBSCRIBE");
        await using var late = await broker.ConnectAsync("b");
        await late.SubscribeAsync("#");
        await client.PublishAsync("end", "");
        (await late.NextAsync()).Topic.ShouldBe("end");
    }

    [Fact]
    public async Task Shared_subscription_gives_each_message_to_one_member()
    {
        await using var broker = await TestBroker.StartAsync();
        await using var publisher = await broker.ConnectAsync("p");
        await using var one = await broker.ConnectAsync("1");
        await using var two = await broker.ConnectAsync("2");
        foreach (var member in new[] { one, two })
        {
            await member.SubscribeAsync("$share/g/t");
            await member.SubscribeAsync("end");
        }

        for (var i = 0; i < 10; i++)
        {
            await publisher.PublishAsync("t", $"{i}");
        }

        // On the session's own order: what each member got before it is all it was given. Which member gets a message is ours to choose.
        await publisher.PublishAsync("end", "");
        var got = new List<string>();
        foreach (var member in new[] { one, two })
        {
            for (var next = await member.NextAsync(); next.Topic != "end"; next = await member.NextAsync())
            {
                got.Add(next.ConvertPayloadToString());
            }
        }

        got.Order().ShouldBe(Enumerable.Range(0, 10).Select(i => $"{i}"));
    }

    [Fact]
    public async Task Slow_subscriber_does_not_stop_the_others_and_loses_no_more_than_its_queue()
    {
        await using var broker = await TestBroker.StartAsync(new EdgeOptions { MaxQueuedMessages = 10 });
        await using var publisher = await broker.ConnectAsync("p");
        // Reads nothing from its socket.
        await using var slow = await broker.ConnectRawAsync("slow");
        await using var quick = await broker.ConnectAsync("quick");
        await slow.SubscribeAsync("big/#");
        await quick.SubscribeAsync("small");
        var payload = new byte[100_000];
        for (var i = 0; i < 300; i++)
        {
            await publisher.PublishAsync("big/x", payload, MqttQualityOfServiceLevel.AtMostOnce);
        }

        await publisher.PublishAsync("small", "through", MqttQualityOfServiceLevel.AtMostOnce);
        (await quick.NextAsync()).ConvertPayloadToString().ShouldBe("through");
        broker.Broker.Metrics.DroppedBy(DropCause.QueueFull).ShouldBeGreaterThan(0);
    }

    [Fact]
    [Spec("MQTT-3.3.2-9")]
    public async Task Topic_alias_works_in_both_directions()
    {
        await using var broker = await TestBroker.StartAsync();
        await using var client = await broker.ConnectAsync("a", o => o.TopicAliasMaximum = 5);
        await client.SubscribeAsync("t/#", MqttQualityOfServiceLevel.AtMostOnce);
        foreach (var topic in new[] { "t/long", "" })
        {
            await client.PublishAsync(new MqttApplicationMessage { Topic = topic, TopicAlias = 3 });
        }

        var first = await client.NextAsync();
        (first.Topic, first.TopicAlias).ShouldBe(("t/long", (ushort)1));
        var second = await client.NextAsync();
        (second.Topic, second.TopicAlias).ShouldBe(("", (ushort)1));
        await client.PublishAsync(new MqttApplicationMessage { Topic = "t", TopicAlias = 65 });
        await client.ShouldBeClosedAsync(MqttClientDisconnectReason.TopicAliasInvalid);
    }

    [Fact]
    [Spec("MQTT-3.3.2-5"), Spec("MQTT-3.3.2-6")]
    public async Task Expired_message_is_not_delivered_and_the_remaining_time_is_sent()
    {
        await using var broker = await TestBroker.StartAsync();
        await using (var subscriber = await broker.ConnectAsync("s", Keep))
        {
            await subscriber.SubscribeAsync("t");
        }

        await broker.UntilConnectionsAsync(0);
        // MQTTnet leaves out an expiry of 0.
        await using var publisher = await broker.ConnectRawAsync("p");
        await publisher.PublishAsync("t", "gone", MqttQos.AtLeastOnce, 1, expiry: 0);
        await publisher.PublishAsync("t", "fresh", MqttQos.AtLeastOnce, 2, expiry: 500);
        await publisher.NextAsync();
        await publisher.NextAsync();
        await using var again = await broker.ConnectAsync("s", Keep);
        var message = await again.NextAsync();
        message.ConvertPayloadToString().ShouldBe("fresh");
        message.MessageExpiryInterval.ShouldBeInRange(1u, 500u);
    }

    [Fact]
    public async Task Publish_from_inside_reaches_subscribers()
    {
        await using var broker = await TestBroker.StartAsync();
        await using var device = await broker.ConnectAsync("d");
        (await broker.Broker.PublishAsync("cmd/d", "go"u8.ToArray(), MqttQos.AtLeastOnce)).ShouldBeFalse();
        await device.SubscribeAsync("cmd/d");
        (await broker.Broker.PublishAsync("cmd/d", "go"u8.ToArray(), MqttQos.AtLeastOnce)).ShouldBeTrue();
        (await device.NextAsync()).ConvertPayloadToString().ShouldBe("go");
    }

    private static void Keep(MqttClientOptions options)
    {
        options.CleanSession = false;
        options.SessionExpiryInterval = 100;
    }
}
