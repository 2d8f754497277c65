using System.Text;
using MQTTnet;
using MQTTnet.Packets;
using Telemetry.Mqtt;
using Qos = MQTTnet.Protocol.MqttQualityOfServiceLevel;

namespace Telemetry.IntegrationTests.Edge;

/// <summary>What a broker still knows after it was killed, on the journal.</summary>
public sealed class DurableSessionTests
{
    [Fact]
    public async Task Subscriptions_and_messages_of_an_absent_client_survive()
    {
        await using var first = await DurableNode.StartAsync();
        await using (var absent = await first.ConnectAsync("absent"))
        {
            await absent.SubscribeAsync(new MqttTopicFilter { Topic = "a/#", QualityOfServiceLevel = Qos.ExactlyOnce, RetainAsPublished = true }, 77);
            await absent.SubscribeAsync("b/+", Qos.AtLeastOnce);
            await absent.SubscribeAsync("gone");
            await absent.Client.UnsubscribeAsync("gone", TestContext.Current.CancellationToken);
            await absent.DisconnectAsync();
        }

        await using var publisher = await first.ConnectAsync("publisher", 0);
        for (var i = 0; i < 200; i++)
        {
            await publisher.PublishAsync($"{(i % 3 == 0 ? 'a' : 'b')}/{i % 2}", $"{i}", i % 2 == 0 ? Qos.AtLeastOnce : Qos.ExactlyOnce);
        }

        await publisher.PublishAsync("gone", "no");
        await using var second = await first.CrashAsync();
        await using var back = await second.ConnectAsync("absent");
        back.Answer.IsSessionPresent.ShouldBeTrue();
        for (var i = 0; i < 200; i++)
        {
            var message = await back.NextAsync();
            message.ConvertPayloadToString().ShouldBe($"{i}");
            (message.SubscriptionIdentifiers?.SingleOrDefault() ?? 0).ShouldBe(i % 3 == 0 ? 77u : 0u);
        }

        await using var later = await second.ConnectAsync("later", 0);
        await later.PublishAsync("b/x", "live");
        await later.PublishAsync("gone", "no");
        (await back.NextAsync()).ConvertPayloadToString().ShouldBe("live");
        await back.ShouldBeQuietAsync();
    }

    [Fact]
    public async Task Acknowledged_messages_do_not_come_again_after_an_orderly_stop()
    {
        var first = await DurableNode.StartAsync();
        await using (var client = await first.ConnectAsync("c"))
        {
            await client.SubscribeAsync("t", Qos.ExactlyOnce);
            for (var i = 0; i < 20; i++)
            {
                await client.PublishAsync("t", $"{i}", i % 2 == 0 ? Qos.AtLeastOnce : Qos.ExactlyOnce);
                (await client.NextAsync()).ConvertPayloadToString().ShouldBe($"{i}");
            }

            await client.ShouldBeQuietAsync();
            await client.DisconnectAsync();
        }

        await first.Broker.StopAsync(TestContext.Current.CancellationToken);
        await using var second = await first.CrashAsync();
        await first.DisposeAsync();
        await using var back = await second.ConnectAsync("c");
        back.Answer.IsSessionPresent.ShouldBeTrue();
        await back.PublishAsync("t", "new");
        (await back.NextAsync()).ConvertPayloadToString().ShouldBe("new");
        await back.ShouldBeQuietAsync();
    }

    [Fact]
    public async Task Message_of_qos_2_on_its_way_to_a_subscriber_is_finished_under_its_identifier()
    {
        await using var first = await DurableNode.StartAsync();
        var (subscriber, _) = await first.ConnectRawAsync("s");
        await subscriber.SubscribeAsync("t", MqttQos.ExactlyOnce);
        await using var publisher = await first.ConnectAsync("p", 0);
        await publisher.PublishAsync("t", "one", Qos.ExactlyOnce);
        await publisher.PublishAsync("t", "two", Qos.ExactlyOnce);
        var one = (await subscriber.NextAsync()).Publish();
        var two = (await subscriber.NextAsync()).Publish();
        (one.Dup, two.Dup).ShouldBe((false, false));
        await subscriber.AckAsync(MqttPacketType.PubRec, one.Id);
        (await subscriber.NextAsync()).Type.ShouldBe(MqttPacketType.PubRel);

        await using var second = await first.CrashAsync();
        await subscriber.DisposeAsync();
        var (back, present) = await second.ConnectRawAsync("s");
        await using var client = back;
        present.ShouldBeTrue();
        var release = await back.NextAsync();
        (release.Type, release.Id).ShouldBe((MqttPacketType.PubRel, one.Id));
        var again = (await back.NextAsync()).Publish();
        (again.Payload, again.Id, again.Dup).ShouldBe(("two", two.Id, true));
        await back.AckAsync(MqttPacketType.PubComp, one.Id);
        await back.AckAsync(MqttPacketType.PubRec, two.Id);
        (await back.NextAsync()).Type.ShouldBe(MqttPacketType.PubRel);
        await back.AckAsync(MqttPacketType.PubComp, two.Id);
        await back.PingAsync();
    }

    [Fact]
    public async Task Publish_of_qos_2_that_comes_again_is_taken_once()
    {
        await using var first = await DurableNode.StartAsync();
        await using (var absent = await first.ConnectAsync("s"))
        {
            await absent.SubscribeAsync("t", Qos.ExactlyOnce);
        }

        var (publisher, _) = await first.ConnectRawAsync("p");
        await publisher.PublishAsync("t", "one", MqttQos.ExactlyOnce, 5);
        (await publisher.NextAsync()).Type.ShouldBe(MqttPacketType.PubRec);

        await using var second = await first.CrashAsync();
        await publisher.DisposeAsync();
        (publisher, var present) = await second.ConnectRawAsync("p");
        present.ShouldBeTrue();
        await publisher.PublishAsync("t", "one", MqttQos.ExactlyOnce, 5, dup: true);
        (await publisher.NextAsync()).Type.ShouldBe(MqttPacketType.PubRec);
        await publisher.AckAsync(MqttPacketType.PubRel, 5);
        (await publisher.NextAsync()).Type.ShouldBe(MqttPacketType.PubComp);

        // The identifier is free, also for whoever starts now: the next message under it is another one.
        await using var third = await second.CrashAsync();
        await publisher.DisposeAsync();
        (publisher, _) = await third.ConnectRawAsync("p");
        await publisher.PublishAsync("t", "two", MqttQos.ExactlyOnce, 5, dup: true);
        (await publisher.NextAsync()).Type.ShouldBe(MqttPacketType.PubRec);
        await publisher.DisposeAsync();
        await using var subscriber = await third.ConnectAsync("s");
        (await subscriber.NextAsync()).ConvertPayloadToString().ShouldBe("one");
        (await subscriber.NextAsync()).ConvertPayloadToString().ShouldBe("two");
        await subscriber.ShouldBeQuietAsync();
    }

    [Fact]
    public async Task Retained_messages_survive_with_their_properties_and_removals()
    {
        await using var first = await DurableNode.StartAsync();
        await using var publisher = await first.ConnectAsync("p", 0);
        await publisher.PublishAsync(new MqttApplicationMessageBuilder()
            .WithTopic("r/1").WithPayload("kept").WithRetainFlag().WithQualityOfServiceLevel(Qos.AtLeastOnce)
            .WithContentType("text/plain").WithUserProperty("a", Encoding.UTF8.GetBytes("b")).WithMessageExpiryInterval(1000).Build());
        await publisher.PublishAsync("r/2", "gone", retain: true);
        await publisher.PublishAsync("r/2", "", retain: true);
        await publisher.PublishAsync("r/3", "old", retain: true);
        await publisher.PublishAsync("r/3", "new", Qos.ExactlyOnce, retain: true);

        await using var second = await first.CrashAsync();
        await using var client = await second.ConnectAsync("c", 0);
        await client.SubscribeAsync("r/#");
        MqttApplicationMessage[] messages = [await client.NextAsync(), await client.NextAsync()];
        await client.ShouldBeQuietAsync();
        var kept = messages.Single(m => m.Topic == "r/1");
        (kept.ConvertPayloadToString(), kept.ContentType, kept.UserProperties.ShouldHaveSingleItem().Name).ShouldBe(("kept", "text/plain", "a"));
        kept.MessageExpiryInterval.ShouldBeInRange(900u, 1000u);
        messages.Single(m => m.Topic == "r/3").ConvertPayloadToString().ShouldBe("new");
    }

    [Theory]
    [InlineData(0u)]
    [InlineData(1u)]
    public async Task Will_of_a_client_that_was_connected_at_the_crash_is_published(uint delay)
    {
        await using var first = await DurableNode.StartAsync();
        await using (var watcher = await first.ConnectAsync("watcher"))
        {
            await watcher.SubscribeAsync("will", Qos.ExactlyOnce);
        }

        await using var client = await first.ConnectAsync("c", configure: o =>
        {
            (o.WillTopic, o.WillPayload, o.WillDelayInterval, o.WillQualityOfServiceLevel) = ("will", "dead"u8.ToArray(), delay, Qos.AtLeastOnce);
        });

        await using var second = await first.CrashAsync();
        await using var back = await second.ConnectAsync("watcher");
        (await back.NextAsync()).ConvertPayloadToString().ShouldBe("dead");

        // It was published, once.
        await using var third = await second.CrashAsync();
        await using var again = await third.ConnectAsync("watcher");
        await again.PublishAsync("will", "end");
        string payload;
        while ((payload = (await again.NextAsync()).ConvertPayloadToString()) == "dead")
        {
            // The acknowledgement of the first copy may not have been written down when it crashed.
        }

        payload.ShouldBe("end");
    }

    [Fact]
    public async Task Session_that_has_ended_stays_ended()
    {
        await using var first = await DurableNode.StartAsync();
        await using (var clean = await first.ConnectAsync("clean"))
        {
            await clean.SubscribeAsync("t");
        }

        await using (var same = await first.ConnectAsync("clean", configure: o => o.CleanSession = true))
        {
            same.Answer.IsSessionPresent.ShouldBeFalse();
            await same.SubscribeAsync("other");
        }

        await using (var brief = await first.ConnectAsync("brief", 1))
        {
            await brief.SubscribeAsync("t");
        }

        var (ended, _) = await first.ConnectRawAsync("ended");
        await ended.SubscribeAsync("t");
        // DISCONNECT with a Session Expiry Interval of 0; MQTTnet leaves a 0 out.
        await ended.SendAsync(0xE0, 7, 0, 5, 0x11, 0, 0, 0, 0);
        await ended.ShouldBeClosedAsync(null);

        await Task.Delay(TimeSpan.FromSeconds(1.5), TestContext.Current.CancellationToken);
        await using var second = await first.CrashAsync();
        second.Broker.Sessions.Count.ShouldBe(1);

        await using (var publisher = await second.ConnectAsync("p", 0))
        {
            await publisher.PublishAsync("t", "lost to nobody");
            await publisher.PublishAsync("other", "kept");
        }

        foreach (var id in (string[])["brief", "ended"])
        {
            await using var client = await second.ConnectAsync(id);
            client.Answer.IsSessionPresent.ShouldBeFalse(id);
        }

        await using var back = await second.ConnectAsync("clean");
        back.Answer.IsSessionPresent.ShouldBeTrue();
        (await back.NextAsync()).ConvertPayloadToString().ShouldBe("kept");
        await back.ShouldBeQuietAsync();
    }

    [Fact]
    public async Task What_nobody_needs_any_more_is_not_read_again()
    {
        await using var first = await DurableNode.StartAsync();
        await using var client = await first.ConnectAsync("c");
        await client.SubscribeAsync("t", Qos.AtLeastOnce);
        for (var i = 0; i < 500; i++)
        {
            await client.PublishAsync("t", $"{i}");
            await client.NextAsync();
        }

        // Its last acknowledgement is on its way before it says good-bye.
        await client.ShouldBeQuietAsync();
        await client.DisconnectAsync();
        await first.Broker.StopAsync(TestContext.Current.CancellationToken);
        await using var second = await first.CrashAsync();
        second.Broker.RestoredFrom.Values.Sum().ShouldBe(500);
        second.Broker.QueuedBytes.ShouldBe(0);
    }
}
