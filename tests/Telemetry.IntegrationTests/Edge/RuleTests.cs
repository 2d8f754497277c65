using MQTTnet;
using MQTTnet.Packets;
using MQTTnet.Protocol;
using Telemetry.Edge;
using Telemetry.IntegrationTests.Mqtt;
using Telemetry.Mqtt;
using Telemetry.Testing;

namespace Telemetry.IntegrationTests.Edge;

/// <summary>Rules of the specification that need a clock, a second connection or a packet that is seldom sent.</summary>
public sealed class RuleTests
{
    [Fact]
    [Spec("MQTT-3.1.2-22"), Spec("MQTT-3.2.2-22")]
    public async Task Client_lives_at_1_4_keep_alives_and_is_closed_after_1_5_whatever_it_was_sent()
    {
        var clock = new StepClock();
        await using var broker = await TestBroker.StartAsync(time: clock);
        await using var watcher = await broker.ConnectAsync("w");
        await watcher.SubscribeAsync("will");
        await using var client = await broker.ConnectAsync("k", o =>
        {
            o.KeepAlivePeriod = TimeSpan.FromSeconds(100);
            o.WillTopic = "will";
        });
        // At QoS 0: an acknowledgement would be a sign of life.
        await client.SubscribeAsync("t", MqttQualityOfServiceLevel.AtMostOnce);
        clock.Advance(TimeSpan.FromSeconds(140));
        await client.ShouldBeQuietAsync();
        clock.Advance(TimeSpan.FromSeconds(140));
        // What the client receives does not count. [MQTT-3.1.2-22]
        await broker.Broker.PublishAsync("t", "x"u8.ToArray());
        (await client.NextAsync()).ConvertPayloadToString().ShouldBe("x");
        clock.Advance(TimeSpan.FromSeconds(11));
        await client.ShouldBeClosedAsync(MqttClientDisconnectReason.KeepAliveTimeout);
        (await watcher.NextAsync()).Topic.ShouldBe("will");
    }

    [Fact]
    [Spec("MQTT-3.1.2-21"), Spec("MQTT-3.2.2-21")]
    public async Task Server_keep_alive_is_told_and_enforced()
    {
        var clock = new StepClock();
        await using var broker = await TestBroker.StartAsync(new EdgeOptions { MaxKeepAlive = TimeSpan.FromSeconds(20) }, time: clock);
        await using var client = await broker.ConnectAsync("k", o => o.KeepAlivePeriod = TimeSpan.FromSeconds(100));
        client.Answer.ServerKeepAlive.ShouldBe((ushort)20);
        clock.Advance(TimeSpan.FromSeconds(31));
        await client.ShouldBeClosedAsync(MqttClientDisconnectReason.KeepAliveTimeout);
    }

    [Theory]
    [InlineData("protocol error")]
    [InlineData("packet too large")]
    [InlineData("half a packet")]
    [Spec("MQTT-3.1.2-8")]
    public async Task Will_is_published_on_this_close_too(string how)
    {
        await using var broker = await TestBroker.StartAsync();
        await using var watcher = await broker.ConnectAsync("w");
        await watcher.SubscribeAsync("will", MqttQualityOfServiceLevel.ExactlyOnce);
        await using var client = await broker.ConnectRawAsync(
            "c", will: new WillMessage { TopicName = "will", Payload = "dead"u8.ToArray(), Qos = MqttQos.AtLeastOnce });
        switch (how)
        {
            case "protocol error":
                await client.SendAsync(0x00, 0x00);
                break;
            case "packet too large":
                await client.SendAsync(0x30, 0xFF, 0xFF, 0xFF, 0x7F);
                break;
            default:
                await client.SendAsync(0x30, 0x10, 0);
                client.Cut();
                break;
        }

        await ShouldBeTheWillAsync(watcher);
    }

    [Fact]
    [Spec("MQTT-3.1.2-8")]
    public async Task Will_is_published_on_take_over()
    {
        await using var broker = await TestBroker.StartAsync();
        await using var watcher = await broker.ConnectAsync("w");
        await watcher.SubscribeAsync("will", MqttQualityOfServiceLevel.ExactlyOnce);
        await using var client = await broker.ConnectAsync("c", o =>
        {
            o.WillTopic = "will";
            o.WillPayload = "dead"u8.ToArray();
            o.WillQualityOfServiceLevel = MqttQualityOfServiceLevel.AtLeastOnce;
        });
        await using var other = await broker.ConnectAsync("c");
        await ShouldBeTheWillAsync(watcher);
    }

    [Fact]
    [Spec("MQTT-3.1.2-8"), Spec("MQTT-3.1.2-10")]
    public async Task Delayed_will_goes_out_when_its_time_or_the_session_ends()
    {
        var clock = new StepClock();
        await using var broker = await TestBroker.StartAsync(time: clock);
        await using var watcher = await broker.ConnectAsync("w");
        await watcher.SubscribeAsync("will/#");
        var delayed = await broker.ConnectAsync("1", o => SetWill(o, "will/delay", expiry: 1000));
        var ended = await broker.ConnectAsync("2", o => SetWill(o, "will/session", expiry: 30));
        delayed.Cut();
        ended.Cut();
        await broker.UntilConnectionsAsync(1);
        clock.Advance(TimeSpan.FromSeconds(29));
        await watcher.ShouldBeQuietAsync();
        clock.Advance(TimeSpan.FromSeconds(2));
        (await watcher.NextAsync()).Topic.ShouldBe("will/session");
        await watcher.ShouldBeQuietAsync();
        clock.Advance(TimeSpan.FromSeconds(30));
        (await watcher.NextAsync()).Topic.ShouldBe("will/delay");
        await watcher.ShouldBeQuietAsync();

        static void SetWill(MqttClientOptions options, string topic, uint expiry)
        {
            options.SessionExpiryInterval = expiry;
            options.WillTopic = topic;
            options.WillDelayInterval = 60;
        }
    }

    [Fact]
    [Spec("MQTT-3.3.1-9"), Spec("MQTT-3.3.1-10"), Spec("MQTT-3.3.1-11")]
    public async Task Retained_copy_carries_the_subscription_identifier_and_goes_by_retain_handling()
    {
        await using var broker = await TestBroker.StartAsync();
        await broker.Broker.PublishAsync("r", "kept"u8.ToArray(), retain: true);
        await using var client = await broker.ConnectAsync("c");
        Task SubscribeAsync(string filter, MqttRetainHandling handling, bool asPublished = false) => client.SubscribeAsync(
            new MqttTopicFilter { Topic = filter, RetainHandling = handling, RetainAsPublished = asPublished }, identifier: 7);

        await SubscribeAsync("r", MqttRetainHandling.DoNotSendOnSubscribe);
        await SubscribeAsync("$share/g/r", MqttRetainHandling.SendAtSubscribe);
        await client.ShouldBeQuietAsync();
        await SubscribeAsync("r", MqttRetainHandling.SendAtSubscribeIfNewSubscriptionOnly);
        await client.ShouldBeQuietAsync();
        await SubscribeAsync("+", MqttRetainHandling.SendAtSubscribeIfNewSubscriptionOnly, asPublished: true);
        var copy = await client.NextAsync();
        (copy.Retain, copy.SubscriptionIdentifiers.Single()).ShouldBe((true, 7u));
        await SubscribeAsync("r", MqttRetainHandling.SendAtSubscribe);
        (await client.NextAsync()).Retain.ShouldBeTrue();
        await client.ShouldBeQuietAsync();
    }

    [Fact]
    [Spec("MQTT-4.9.0-2"), Spec("MQTT-3.3.4-9"), Spec("MQTT-4.3.3-4")]
    public async Task Refusing_pubrec_frees_a_place_and_pubrel_is_not_sent()
    {
        await using var broker = await TestBroker.StartAsync();
        await using var client = await broker.ConnectRawAsync("c", properties: new MqttProperties { ReceiveMaximum = 1 });
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
    [Spec("MQTT-3.3.2-5"), Spec("MQTT-3.3.2-6")]
    public async Task Message_that_expires_while_it_is_queued_is_not_delivered()
    {
        var clock = new StepClock();
        await using var broker = await TestBroker.StartAsync(time: clock);
        await using (var away = await broker.ConnectAsync("s", Keep))
        {
            await away.SubscribeAsync("t");
        }

        await broker.UntilConnectionsAsync(0);
        await using var publisher = await broker.ConnectAsync("p");
        Task PublishAsync(string payload, uint expiry, bool retain) => publisher.PublishAsync(new MqttApplicationMessageBuilder()
            .WithTopic("t").WithPayload(payload).WithQualityOfServiceLevel(MqttQualityOfServiceLevel.AtLeastOnce)
            .WithMessageExpiryInterval(expiry).WithRetainFlag(retain).Build());

        await PublishAsync("short", 10, retain: false);
        await PublishAsync("long", 100, retain: true);
        clock.Advance(TimeSpan.FromSeconds(40));
        await using var back = await broker.ConnectAsync("s", Keep);
        var copy = await back.NextAsync();
        (copy.ConvertPayloadToString(), copy.MessageExpiryInterval).ShouldBe(("long", 60u));
        await publisher.SubscribeAsync("t", MqttQualityOfServiceLevel.AtMostOnce);
        (await publisher.NextAsync()).MessageExpiryInterval.ShouldBe(60u);
        clock.Advance(TimeSpan.FromSeconds(61));
        await using var late = await broker.ConnectAsync("late");
        await late.SubscribeAsync("t", MqttQualityOfServiceLevel.AtMostOnce);
        await late.ShouldBeQuietAsync();
    }

    [Fact]
    [Spec("MQTT-3.1.2-24"), Spec("MQTT-3.1.2-25")]
    public async Task Too_large_message_is_dropped_for_a_small_client_at_qos_2_and_shared_too()
    {
        await using var broker = await TestBroker.StartAsync();
        await using var small = await broker.ConnectAsync("small", o =>
        {
            o.MaximumPacketSize = 60;
            o.ReceiveMaximum = 1;
        });
        await using var big = await broker.ConnectAsync("big");
        await small.SubscribeAsync("t", MqttQualityOfServiceLevel.ExactlyOnce);
        await small.SubscribeAsync("$share/g/s", MqttQualityOfServiceLevel.ExactlyOnce);
        await big.SubscribeAsync("t", MqttQualityOfServiceLevel.ExactlyOnce);
        await broker.Broker.PublishAsync("t", new byte[100], MqttQos.ExactlyOnce);
        await broker.Broker.PublishAsync("s", new byte[100], MqttQos.ExactlyOnce);
        await broker.Broker.PublishAsync("t", "fits"u8.ToArray(), MqttQos.ExactlyOnce);
        // With one place only: what was dropped holds none.
        (await small.NextAsync()).ConvertPayloadToString().ShouldBe("fits");
        (await big.NextAsync()).Payload.Length.ShouldBe(100);
        (await big.NextAsync()).ConvertPayloadToString().ShouldBe("fits");
    }

    [Fact]
    [Spec("MQTT-4.8.2-4"), Spec("MQTT-4.8.2-5")]
    public async Task Exactly_once_message_of_a_shared_subscription_stays_with_its_member()
    {
        await using var broker = await TestBroker.StartAsync();
        var one = await broker.ConnectAsync("1", Keep, acknowledges: false);
        await one.SubscribeAsync("$share/g/t", MqttQualityOfServiceLevel.ExactlyOnce);
        await broker.Broker.PublishAsync("t", "x"u8.ToArray(), MqttQos.ExactlyOnce);
        var first = await one.NextDeliveryAsync();
        await using var two = await broker.ConnectAsync("2");
        await two.SubscribeAsync("$share/g/t", MqttQualityOfServiceLevel.ExactlyOnce);
        one.Cut();
        await broker.UntilConnectionsAsync(1);
        await two.ShouldBeQuietAsync();
        await using (var again = await broker.ConnectAsync("1", Keep, acknowledges: false))
        {
            var copy = await again.NextDeliveryAsync();
            (copy.PacketIdentifier, copy.ApplicationMessage.Dup, copy.ApplicationMessage.ConvertPayloadToString())
                .ShouldBe((first.PacketIdentifier, true, "x")); // [MQTT-4.8.2-4]
        }

        // Nor does it go to another when the session ends. [MQTT-4.8.2-5]
        await using var clean = await broker.ConnectAsync("1");
        await clean.ShouldBeQuietAsync();
        await two.ShouldBeQuietAsync();
    }

    [Fact]
    [Spec("MQTT-3.3.2-7")]
    public async Task Topic_alias_ends_with_its_connection_and_a_resent_message_has_its_topic()
    {
        await using var broker = await TestBroker.StartAsync();
        void Aliases(MqttClientOptions options)
        {
            Keep(options);
            options.TopicAliasMaximum = 5;
        }

        var client = await broker.ConnectAsync("c", Aliases, acknowledges: false);
        await client.SubscribeAsync("t/#");
        await client.PublishAsync(new MqttApplicationMessage { Topic = "t/long", TopicAlias = 3 });
        await broker.Broker.PublishAsync("t/long", "2"u8.ToArray(), MqttQos.AtLeastOnce);
        var seen = new[] { await client.NextAsync(), await client.NextAsync() };
        seen.Count(m => m.Topic.Length == 0).ShouldBe(1);
        client.Cut();
        await using var again = await broker.ConnectAsync("c", Aliases, acknowledges: false);
        var resent = await again.NextAsync();
        (resent.Topic, resent.Dup).ShouldBe(("t/long", true));
        await again.PublishAsync(new MqttApplicationMessage { TopicAlias = 3 });
        await again.ShouldBeClosedAsync(MqttClientDisconnectReason.ProtocolError); // [MQTT-3.3.2-7]
    }

    [Fact]
    [Spec("MQTT-4.1.0-1"), Spec("MQTT-4.1.0-2"), Spec("MQTT-3.1.2-23")]
    public async Task Session_ends_with_its_expiry()
    {
        var clock = new StepClock();
        await using var broker = await TestBroker.StartAsync(time: clock);
        await using (await broker.ConnectAsync("s", Keep))
        {
            clock.Advance(TimeSpan.FromSeconds(5000));
        }

        await broker.UntilConnectionsAsync(0);
        clock.Advance(TimeSpan.FromSeconds(999));
        broker.Broker.Sessions.Count.ShouldBe(1);
        clock.Advance(TimeSpan.FromSeconds(2));
        broker.Broker.Sessions.Count.ShouldBe(0);
    }

    [Fact]
    public async Task Session_expiry_may_not_be_prolonged_from_zero()
    {
        await using var broker = await TestBroker.StartAsync();
        await using var client = await broker.ConnectRawAsync("s");
        await client.SendAsync(0xE0, 7, 0, 5, 0x11, 0, 0, 0, 10);
        await client.ShouldBeClosedAsync(ReasonCode.ProtocolError);
    }

    private static void Keep(MqttClientOptions options)
    {
        options.CleanSession = false;
        options.SessionExpiryInterval = 1000;
    }

    /// <summary>The will comes once, at its own QoS.</summary>
    private static async Task ShouldBeTheWillAsync(TestClient watcher)
    {
        var will = await watcher.NextAsync();
        (will.ConvertPayloadToString(), will.QualityOfServiceLevel).ShouldBe(("dead", MqttQualityOfServiceLevel.AtLeastOnce));
        await watcher.ShouldBeQuietAsync();
    }
}
