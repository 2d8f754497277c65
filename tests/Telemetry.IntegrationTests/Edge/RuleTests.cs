using Telemetry.Edge;
using Telemetry.Mqtt;
using Telemetry.Testing.Mqtt;

namespace Telemetry.IntegrationTests.Edge;

/// <summary>Rules of the specification that need a clock, a second connection or a packet that is seldom sent.</summary>
public sealed class RuleTests
{
    private static readonly MqttProperties Keep = new() { SessionExpiryInterval = 1000 };

    [Fact]
    public async Task Client_lives_at_1_4_keep_alives_and_is_closed_after_1_5_whatever_it_was_sent()
    {
        var clock = new StepClock();
        await using var broker = await TestBroker.StartAsync(time: clock);
        await using var watcher = await broker.ConnectAsync("w");
        await watcher.SubscribeAsync("will");
        await using var client = await broker.ConnectAsync("k", keepAlive: 100, will: new WillMessage { TopicName = "will" });
        await client.SubscribeAsync("t");
        clock.Advance(TimeSpan.FromSeconds(140));
        await client.PingAsync();
        clock.Advance(TimeSpan.FromSeconds(140));
        // What the client receives does not count. [MQTT-3.1.2-22]
        await broker.Broker.PublishAsync("t", "x"u8.ToArray());
        (await client.NextAsync()).Publish().Payload.ShouldBe("x");
        clock.Advance(TimeSpan.FromSeconds(11));
        await client.ShouldBeClosedAsync(ReasonCode.KeepAliveTimeout);
        (await watcher.NextAsync()).Publish().Topic.ShouldBe("will");
    }

    [Fact]
    public async Task Server_keep_alive_is_told_and_enforced()
    {
        var clock = new StepClock();
        await using var broker = await TestBroker.StartAsync(new EdgeOptions { MaxKeepAlive = TimeSpan.FromSeconds(20) }, time: clock);
        await using var client = await broker.OpenAsync();
        await client.WriteAsync(o => ClientPackets.Connect(o, new ConnectPacket { ClientId = "k", CleanStart = true, KeepAlive = 100 }));
        (await client.ConnAckAsync()).Properties!.ServerKeepAlive.ShouldBe((ushort)20);
        clock.Advance(TimeSpan.FromSeconds(31));
        await client.ShouldBeClosedAsync(ReasonCode.KeepAliveTimeout);
    }

    [Theory]
    [InlineData("take-over")]
    [InlineData("packet too large")]
    [InlineData("half a packet")]
    public async Task Will_is_published_on_this_close_too(string how)
    {
        await using var broker = await TestBroker.StartAsync();
        await using var watcher = await broker.ConnectAsync("w");
        await watcher.SubscribeAsync("will", MqttQos.ExactlyOnce);
        await using var client = await broker.ConnectAsync("c", will: new WillMessage { TopicName = "will", Qos = MqttQos.AtLeastOnce });
        RawClient? other = null;
        switch (how)
        {
            case "take-over":
                other = await broker.ConnectAsync("c");
                break;
            case "packet too large":
                await client.SendAsync(0x30, 0xFF, 0xFF, 0xFF, 0x7F);
                break;
            default:
                await client.SendAsync(0x30, 0x10, 0);
                client.Cut();
                break;
        }

        (await watcher.NextAsync()).Publish().Qos.ShouldBe(MqttQos.AtLeastOnce);
        await watcher.PingAsync();
        await (other?.DisposeAsync() ?? ValueTask.CompletedTask);
    }

    [Fact]
    public async Task Delayed_will_goes_out_when_its_time_or_the_session_ends()
    {
        var clock = new StepClock();
        await using var broker = await TestBroker.StartAsync(time: clock);
        await using var watcher = await broker.ConnectAsync("w");
        await watcher.SubscribeAsync("will/#");
        var late = new MqttProperties { WillDelayInterval = 60 };
        var delayed = await broker.ConnectAsync("1", properties: Keep, will: new WillMessage { TopicName = "will/delay", Properties = late });
        var ended = await broker.ConnectAsync(
            "2", properties: new MqttProperties { SessionExpiryInterval = 30 }, will: new WillMessage { TopicName = "will/session", Properties = late });
        delayed.Cut();
        ended.Cut();
        await UntilConnectionsAsync(broker, 1);
        clock.Advance(TimeSpan.FromSeconds(29));
        await watcher.PingAsync();
        clock.Advance(TimeSpan.FromSeconds(2));
        (await watcher.NextAsync()).Publish().Topic.ShouldBe("will/session");
        await watcher.PingAsync();
        clock.Advance(TimeSpan.FromSeconds(30));
        (await watcher.NextAsync()).Publish().Topic.ShouldBe("will/delay");
        await watcher.PingAsync();
    }

    [Fact]
    public async Task Retained_copy_carries_the_subscription_identifier_and_goes_by_retain_handling()
    {
        await using var broker = await TestBroker.StartAsync();
        await broker.Broker.PublishAsync("r", "kept"u8.ToArray(), retain: true);
        await using var client = await broker.ConnectAsync("c");
        async Task SubscribeAsync(string filter, RetainHandling handling, bool asPublished = false)
        {
            await client.WriteAsync(o => ClientPackets.Subscribe(o, MqttVersion.V500, new SubscribePacket
            {
                PacketIdentifier = 1,
                Requests = [new SubscriptionRequest(filter) { RetainHandling = handling, RetainAsPublished = asPublished }],
                Properties = new MqttProperties { SubscriptionIdentifier = 7 },
            }));
            (await client.NextAsync()).Type.ShouldBe(MqttPacketType.SubAck);
        }

        await SubscribeAsync("r", RetainHandling.DoNotSend);
        await SubscribeAsync("$share/g/r", RetainHandling.SendAtSubscribe);
        await client.PingAsync();
        await SubscribeAsync("r", RetainHandling.SendIfNewSubscription);
        await client.PingAsync();
        await SubscribeAsync("+", RetainHandling.SendIfNewSubscription, asPublished: true);
        var copy = (await client.NextAsync()).Publish();
        (copy.Retain, copy.SubscriptionIdentifiers.Single()).ShouldBe((true, 7u));
        await SubscribeAsync("r", RetainHandling.SendAtSubscribe);
        (await client.NextAsync()).Publish().Retain.ShouldBeTrue();
        await client.PingAsync();
    }

    [Fact]
    public async Task Refusing_pubrec_frees_a_place_and_pubrel_is_not_sent()
    {
        await using var broker = await TestBroker.StartAsync();
        await using var client = await broker.ConnectAsync("c", properties: new MqttProperties { ReceiveMaximum = 1 });
        await client.SubscribeAsync("t", MqttQos.ExactlyOnce);
        await broker.Broker.PublishAsync("t", "1"u8.ToArray(), MqttQos.ExactlyOnce);
        await broker.Broker.PublishAsync("t", "2"u8.ToArray(), MqttQos.ExactlyOnce);
        var first = (await client.NextAsync()).Publish();
        await client.PingAsync();
        await client.SendAsync(0x50, 3, (byte)(first.Id >> 8), (byte)first.Id, (byte)ReasonCode.ImplementationSpecificError);
        var second = (await client.NextAsync()).Publish();
        second.Payload.ShouldBe("2");
        // A good PUBREC does not free it. [MQTT-4.9.0-2]
        await broker.Broker.PublishAsync("t", "3"u8.ToArray(), MqttQos.ExactlyOnce);
        await client.AckAsync(MqttPacketType.PubRec, second.Id);
        (await client.NextAsync()).Type.ShouldBe(MqttPacketType.PubRel);
        await client.PingAsync();
        await client.AckAsync(MqttPacketType.PubComp, second.Id);
        (await client.NextAsync()).Publish().Payload.ShouldBe("3");
    }

    [Fact]
    public async Task Message_that_expires_while_it_is_queued_is_not_delivered()
    {
        var clock = new StepClock();
        await using var broker = await TestBroker.StartAsync(time: clock);
        await using (var away = await broker.ConnectAsync("s", clean: false, properties: Keep))
        {
            await away.SubscribeAsync("t", MqttQos.AtLeastOnce);
        }

        await using var publisher = await broker.ConnectAsync("p");
        await publisher.PublishAsync("t", "short", MqttQos.AtLeastOnce, 1, expiry: 10);
        await publisher.PublishAsync("t", "long", MqttQos.AtLeastOnce, 2, expiry: 100, retain: true);
        await publisher.NextAsync();
        await publisher.NextAsync();
        clock.Advance(TimeSpan.FromSeconds(40));
        await using var back = await broker.ConnectAsync("s", clean: false, properties: Keep);
        var copy = (await back.NextAsync()).Publish();
        (copy.Payload, copy.Expiry).ShouldBe(("long", 60u));
        await publisher.SubscribeAsync("t");
        (await publisher.NextAsync()).Publish().Expiry.ShouldBe(60u);
        clock.Advance(TimeSpan.FromSeconds(61));
        await using var late = await broker.ConnectAsync("late");
        await late.SubscribeAsync("t");
        await late.PingAsync();
    }

    [Fact]
    public async Task Too_large_message_is_dropped_for_a_small_client_at_qos_2_and_shared_too()
    {
        await using var broker = await TestBroker.StartAsync();
        var limit = new MqttProperties { MaximumPacketSize = 60, ReceiveMaximum = 1 };
        await using var small = await broker.ConnectAsync("small", properties: limit);
        await using var big = await broker.ConnectAsync("big");
        await small.SubscribeAsync("t", MqttQos.ExactlyOnce);
        await small.SubscribeAsync("$share/g/s", MqttQos.ExactlyOnce);
        await big.SubscribeAsync("t", MqttQos.ExactlyOnce);
        await broker.Broker.PublishAsync("t", new byte[100], MqttQos.ExactlyOnce);
        await broker.Broker.PublishAsync("s", new byte[100], MqttQos.ExactlyOnce);
        await broker.Broker.PublishAsync("t", "fits"u8.ToArray(), MqttQos.ExactlyOnce);
        // With one place only: what was dropped holds none.
        (await small.NextAsync()).Publish().Payload.ShouldBe("fits");
        (await big.NextAsync()).Publish().Payload.Length.ShouldBe(100);
        (await big.NextAsync()).Publish().Payload.ShouldBe("fits");
    }

    [Fact]
    public async Task Exactly_once_message_of_a_shared_subscription_stays_with_its_member()
    {
        await using var broker = await TestBroker.StartAsync();
        var one = await broker.ConnectAsync("1", clean: false, properties: Keep);
        await one.SubscribeAsync("$share/g/t", MqttQos.ExactlyOnce);
        await broker.Broker.PublishAsync("t", "x"u8.ToArray(), MqttQos.ExactlyOnce);
        var first = (await one.NextAsync()).Publish();
        await using var two = await broker.ConnectAsync("2");
        await two.SubscribeAsync("$share/g/t", MqttQos.ExactlyOnce);
        one.Cut();
        await UntilConnectionsAsync(broker, 1);
        await two.PingAsync();
        await using (var again = await broker.ConnectAsync("1", clean: false, properties: Keep))
        {
            var copy = (await again.NextAsync()).Publish();
            (copy.Id, copy.Dup, copy.Payload).ShouldBe((first.Id, true, "x")); // [MQTT-4.8.2-4]
        }

        // Nor does it go to another when the session ends. [MQTT-4.8.2-5]
        await using var clean = await broker.ConnectAsync("1");
        await clean.PingAsync();
        await two.PingAsync();
    }

    [Fact]
    public async Task Topic_alias_ends_with_its_connection_and_a_resent_message_has_its_topic()
    {
        await using var broker = await TestBroker.StartAsync();
        var keep = new MqttProperties { SessionExpiryInterval = 1000, TopicAliasMaximum = 5 };
        var client = await broker.ConnectAsync("c", clean: false, properties: keep);
        await client.SubscribeAsync("t/#", MqttQos.AtLeastOnce);
        await client.WriteAsync(o => PublishPacket.Write(
            o, MqttVersion.V500, PublishMessage.Create("t/long", "1"u8), new PublishDelivery { TopicAlias = 3 }));
        await broker.Broker.PublishAsync("t/long", "2"u8.ToArray(), MqttQos.AtLeastOnce);
        var seen = new[] { (await client.NextAsync()).Publish(), (await client.NextAsync()).Publish() };
        seen.Count(p => p.Topic.Length == 0).ShouldBe(1);
        client.Cut();
        await using var again = await broker.ConnectAsync("c", clean: false, properties: keep);
        var resent = (await again.NextAsync()).Publish();
        (resent.Topic, resent.Dup).ShouldBe(("t/long", true));
        await again.WriteAsync(o => PublishPacket.Write(
            o, MqttVersion.V500, PublishMessage.Create("t/long", "x"u8), new PublishDelivery { TopicAlias = 3, OmitTopicName = true }));
        await again.ShouldBeClosedAsync(ReasonCode.ProtocolError); // [MQTT-3.3.2-7]
    }

    [Fact]
    public async Task Session_ends_with_its_expiry_and_may_not_be_prolonged_from_zero()
    {
        var clock = new StepClock();
        await using var broker = await TestBroker.StartAsync(time: clock);
        await using (var first = await broker.ConnectAsync("s", clean: false, properties: Keep))
        {
            clock.Advance(TimeSpan.FromSeconds(5000));
        }

        await UntilConnectionsAsync(broker, 0);
        clock.Advance(TimeSpan.FromSeconds(999));
        broker.Broker.Sessions.Count.ShouldBe(1);
        clock.Advance(TimeSpan.FromSeconds(2));
        broker.Broker.Sessions.Count.ShouldBe(0);
        await using var second = await broker.ConnectAsync("s");
        await second.SendAsync(0xE0, 7, 0, 5, 0x11, 0, 0, 0, 10);
        await second.ShouldBeClosedAsync(ReasonCode.ProtocolError);
    }

    /// <summary>The broker learns of a cut connection a moment later.</summary>
    private static async Task UntilConnectionsAsync(TestBroker broker, int count)
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (broker.Broker.Connections != count)
        {
            timeout.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }
}
