using MQTTnet;
using MQTTnet.Packets;
using MQTTnet.Protocol;
using Telemetry.Edge;
using Telemetry.Edge.Reasons;
using Telemetry.IntegrationTests.Mqtt;
using Telemetry.Mqtt;
using Telemetry.Testing.Mqtt;

namespace Telemetry.IntegrationTests.Edge;

public sealed class PublishTests
{
    [Theory]
    [InlineData(MqttVersion.V311)]
    [InlineData(MqttVersion.V500)]
    public async Task Message_goes_both_ways_at_every_qos(MqttVersion version)
    {
        await using var broker = await TestBroker.StartAsync();
        await using var publisher = await broker.ConnectAsync("p", version);
        await using var subscriber = await broker.ConnectAsync("s", version);
        await subscriber.SubscribeAsync("t/#", MqttQos.ExactlyOnce);
        await publisher.PublishAsync("t/0", "zero");
        (await subscriber.NextAsync()).Publish().Qos.ShouldBe(MqttQos.AtMostOnce);
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
    public async Task Unfinished_messages_are_sent_again_in_order_with_dup_on_reconnect_only()
    {
        await using var broker = await TestBroker.StartAsync();
        var keep = new MqttProperties { SessionExpiryInterval = 100 };
        await using var publisher = await broker.ConnectAsync("p");
        var subscriber = await broker.ConnectAsync("s", clean: false, properties: keep);
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
        await publisher.PublishAsync("t", "4", MqttQos.AtLeastOnce, 4);
        await using var again = await RawClient.OpenAsync(broker.EndPoint);
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
    public async Task No_more_than_the_clients_receive_maximum_is_in_flight()
    {
        await using var broker = await TestBroker.StartAsync();
        await using var publisher = await broker.ConnectAsync("p");
        await using var subscriber = await broker.ConnectAsync("s", properties: new MqttProperties { ReceiveMaximum = 2 });
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
    public async Task Overlapping_subscriptions_give_one_copy_with_all_identifiers()
    {
        await using var broker = await TestBroker.StartAsync();
        await using var client = await broker.ConnectAsync("a");
        foreach (var (filter, qos, id) in new[] { ("t/#", MqttQos.AtMostOnce, 1u), ("t/+", MqttQos.AtLeastOnce, 268_435_455u) })
        {
            await client.WriteAsync(o => ClientPackets.Subscribe(o, MqttVersion.V500, new SubscribePacket
            {
                PacketIdentifier = 1,
                Requests = [new SubscriptionRequest(filter, qos)],
                Properties = new MqttProperties { SubscriptionIdentifier = id },
            }));
            (await client.NextAsync()).Type.ShouldBe(MqttPacketType.SubAck);
        }

        await client.PublishAsync("t/x", "1", MqttQos.AtLeastOnce, 5);
        var packets = new[] { await client.NextAsync(), await client.NextAsync() };
        var copy = packets.Single(p => p.Type == MqttPacketType.Publish).Publish();
        copy.Qos.ShouldBe(MqttQos.AtLeastOnce);
        copy.SubscriptionIdentifiers.Order().ShouldBe([1u, 268_435_455u]);
        await client.PingAsync();
    }

    [Fact]
    public async Task Message_over_the_clients_maximum_packet_size_is_dropped_and_the_next_one_comes()
    {
        await using var broker = await TestBroker.StartAsync();
        await using var small = await broker.ConnectAsync("small", properties: new MqttProperties { MaximumPacketSize = 50 });
        await using var big = await broker.ConnectAsync("big");
        await small.SubscribeAsync("t", MqttQos.AtLeastOnce);
        await big.SubscribeAsync("t", MqttQos.AtMostOnce);
        await big.PublishAsync("t", new string('x', 100));
        await big.PublishAsync("t", "short");
        (await small.NextAsync()).Publish().Payload.ShouldBe("short");
        (await big.NextAsync()).Publish().Payload.Length.ShouldBe(100);
    }

    [Fact]
    public async Task Retained_message_is_sent_once_to_each_new_subscription_and_can_be_removed()
    {
        await using var broker = await TestBroker.StartAsync();
        await using var client = await TestClient.ConnectAsync(broker.Port, "a");
        await client.PublishAsync("r/1", "old", retain: true);
        await client.PublishAsync("r/1", "new", retain: true);
        await client.SubscribeAsync("r/+");
        var retained = await client.NextAsync();
        (retained.ConvertPayloadToString(), retained.Retain, retained.QualityOfServiceLevel)
            .ShouldBe(("new", true, MqttQualityOfServiceLevel.AtLeastOnce));
        var again = new MqttTopicFilter
        {
            Topic = "r/+",
            QualityOfServiceLevel = MqttQualityOfServiceLevel.AtLeastOnce,
            RetainHandling = MqttRetainHandling.SendAtSubscribeIfNewSubscriptionOnly,
        };
        await client.Client.SubscribeAsync(new MqttClientSubscribeOptions { TopicFilters = [again] }, TestContext.Current.CancellationToken);
        await client.PublishAsync("r/1", "", retain: true);
        var removal = await client.NextAsync();
        (removal.Payload.Length, removal.Retain).ShouldBe((0, false), "nothing retained came with the second SUBSCRIBE");
        await using var late = await TestClient.ConnectAsync(broker.Port, "b");
        await late.SubscribeAsync("#");
        await client.PublishAsync("end", "");
        (await late.NextAsync()).Topic.ShouldBe("end");
    }

    [Fact]
    public async Task Shared_subscription_gives_each_message_to_one_member()
    {
        await using var broker = await TestBroker.StartAsync();
        await using var publisher = await TestClient.ConnectAsync(broker.Port, "p");
        await using var one = await TestClient.ConnectAsync(broker.Port, "1");
        await using var two = await TestClient.ConnectAsync(broker.Port, "2");
        foreach (var member in new[] { one, two })
        {
            await member.SubscribeAsync("$share/g/t");
            await member.SubscribeAsync("end");
        }

        for (var i = 0; i < 10; i++)
        {
            await publisher.PublishAsync("t", $"{i}");
        }

        await publisher.PublishAsync("end", "");
        var got = new List<string>();
        for (var i = 0; i < 5; i++)
        {
            got.Add((await one.NextAsync()).ConvertPayloadToString());
            got.Add((await two.NextAsync()).ConvertPayloadToString());
        }

        got.Order().ShouldBe(Enumerable.Range(0, 10).Select(i => $"{i}"));
        (await one.NextAsync()).Topic.ShouldBe("end");
        (await two.NextAsync()).Topic.ShouldBe("end");
    }

    [Fact]
    public async Task Slow_subscriber_does_not_stop_the_others_and_loses_no_more_than_its_queue()
    {
        await using var broker = await TestBroker.StartAsync(new EdgeOptions { MaxQueuedMessages = 10 });
        await using var publisher = await broker.ConnectAsync("p");
        await using var slow = await broker.ConnectAsync("slow");
        await using var quick = await broker.ConnectAsync("quick");
        await slow.SubscribeAsync("big/#");
        await quick.SubscribeAsync("small");
        var payload = new string('x', 100_000);
        for (var i = 0; i < 300; i++)
        {
            await publisher.PublishAsync("big/x", payload);
        }

        await publisher.PublishAsync("small", "through");
        (await quick.NextAsync()).Publish().Payload.ShouldBe("through");
        broker.Broker.Metrics.DroppedBy(DropCause.QueueFull).ShouldBeGreaterThan(0);
    }

    [Fact]
    public async Task Topic_alias_works_in_both_directions()
    {
        await using var broker = await TestBroker.StartAsync();
        await using var client = await broker.ConnectAsync("a", properties: new MqttProperties { TopicAliasMaximum = 5 });
        await client.SubscribeAsync("t/#");
        foreach (var omit in new[] { false, true })
        {
            await client.WriteAsync(o => PublishPacket.Write(
                o, MqttVersion.V500, PublishMessage.Create("t/long", "x"u8), new PublishDelivery { TopicAlias = 3, OmitTopicName = omit }));
        }

        var first = (await client.NextAsync()).Publish();
        (first.Topic, first.Alias).ShouldBe(("t/long", (ushort)1));
        var second = (await client.NextAsync()).Publish();
        (second.Topic, second.Alias).ShouldBe(("", (ushort)1));
        await client.WriteAsync(o => PublishPacket.Write(
            o, MqttVersion.V500, PublishMessage.Create("t", "x"u8), new PublishDelivery { TopicAlias = 65 }));
        await client.ShouldBeClosedAsync(ReasonCode.TopicAliasInvalid);
    }

    [Fact]
    public async Task Expired_message_is_not_delivered_and_the_remaining_time_is_sent()
    {
        await using var broker = await TestBroker.StartAsync();
        var keep = new MqttProperties { SessionExpiryInterval = 100 };
        await using (var subscriber = await broker.ConnectAsync("s", clean: false, properties: keep))
        {
            await subscriber.SubscribeAsync("t", MqttQos.AtLeastOnce);
        }

        await using var publisher = await broker.ConnectAsync("p");
        await publisher.PublishAsync("t", "gone", MqttQos.AtLeastOnce, 1, expiry: 0);
        await publisher.PublishAsync("t", "fresh", MqttQos.AtLeastOnce, 2, expiry: 500);
        await publisher.NextAsync();
        await publisher.NextAsync();
        await using var again = await broker.ConnectAsync("s", clean: false, properties: keep);
        var message = (await again.NextAsync()).Publish();
        message.Payload.ShouldBe("fresh");
        message.Expiry!.Value.ShouldBeInRange(1u, 500u);
    }

    [Fact]
    public async Task Publish_from_inside_reaches_subscribers()
    {
        await using var broker = await TestBroker.StartAsync();
        await using var device = await TestClient.ConnectAsync(broker.Port, "d");
        (await broker.Broker.PublishAsync("cmd/d", "go"u8.ToArray(), MqttQos.AtLeastOnce)).ShouldBeFalse();
        await device.SubscribeAsync("cmd/d");
        (await broker.Broker.PublishAsync("cmd/d", "go"u8.ToArray(), MqttQos.AtLeastOnce)).ShouldBeTrue();
        (await device.NextAsync()).ConvertPayloadToString().ShouldBe("go");
    }
}
