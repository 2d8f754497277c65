using Telemetry.Mqtt;
using Telemetry.Testing;
using static Telemetry.IntegrationTests.Edge.Conformance.Conversation;

namespace Telemetry.IntegrationTests.Edge.Conformance;

/// <summary>Chapters 3.8 to 3.11: SUBSCRIBE, SUBACK, UNSUBSCRIBE, UNSUBACK.</summary>
public sealed class SubscribeTests
{
    [Theory]
    [InlineData(MqttVersion.V311, ReasonCode.UnspecifiedError, ReasonCode.UnspecifiedError)]
    [InlineData(MqttVersion.V500, ReasonCode.TopicFilterInvalid, ReasonCode.NotAuthorized)]
    [Spec("MQTT-3.8.4-1"), Spec("MQTT-3.8.4-2"), Spec("MQTT-3.8.4-5"), Spec("MQTT-3.8.4-6"), Spec("MQTT-3.8.4-7"), Spec("MQTT-3.9.3-1")]
    [Spec("MQTT-3.9.3-2"), Spec("MQTT-2.2.1-6"), Spec("MQTT-2.2.2-1"), Spec("MQTT-4.7.1-1"), Spec("MQTT-4.7.1-2"), Spec("MQTT-4.7.3-1")]
    [Spec("MQTT3-3.8.4-1"), Spec("MQTT3-3.8.4-2"), Spec("MQTT3-3.8.4-4"), Spec("MQTT3-3.8.4-5"), Spec("MQTT3-3.9.3-1"), Spec("MQTT3-3.9.3-2")]
    [Spec("MQTT3-2.3.1-7"), Spec("MQTT3-4.7.1-2"), Spec("MQTT3-4.7.1-3"), Spec("MQTT3-4.7.3-1")]
    public async Task Suback_has_the_identifier_and_a_code_for_each_filter_in_its_order(
        MqttVersion version, ReasonCode invalid, ReasonCode denied)
    {
        var rules = new Telemetry.Edge.AccessRuleOptions { Publish = ["#"], Subscribe = ["t/#"] };
        await using var broker = await TestBroker.StartAsync(new Telemetry.Edge.EdgeOptions { AccessRules = [rules] });
        await using var client = await broker.ConnectRawAsync("c", version);
        foreach (var id in new ushort[] { 1, 256, 65_535 })
        {
            var codes = await client.AskAsync(
                id,
                Want("t/a", MqttQos.ExactlyOnce),
                Want("t/#/x", MqttQos.AtMostOnce),
                Want("t/b", MqttQos.AtMostOnce),
                Want("t/a+", MqttQos.AtMostOnce),
                Want("secret", MqttQos.AtMostOnce),
                Want("", MqttQos.AtMostOnce),
                Want("t/+", MqttQos.AtLeastOnce));
            codes.ShouldBe([ReasonCode.GrantedQos2, invalid, ReasonCode.Success, invalid, denied, invalid, ReasonCode.GrantedQos1]);
        }

        // The good ones stand.
        await broker.Broker.PublishAsync("t/a", "a"u8.ToArray());
        await broker.Broker.PublishAsync("secret", "s"u8.ToArray());
        await broker.Broker.PublishAsync("t/b", "b"u8.ToArray());
        (await client.TakeAsync()).Payload.ShouldBe("a");
        (await client.TakeAsync()).Payload.ShouldBe("b");
        await client.PingAsync();
    }

    [Theory]
    [InlineData(MqttVersion.V311)]
    [InlineData(MqttVersion.V500)]
    [Spec("MQTT-3.8.4-3"), Spec("MQTT-3.8.4-4"), Spec("MQTT3-3.8.4-3")]
    public async Task Same_filter_again_replaces_the_subscription_and_sends_retained_messages_again(MqttVersion version)
    {
        await using var broker = await TestBroker.StartAsync();
        await broker.Broker.PublishAsync("t", "kept"u8.ToArray(), MqttQos.ExactlyOnce, retain: true);
        await using var client = await broker.ConnectRawAsync("c", version);
        foreach (var qos in new[] { MqttQos.ExactlyOnce, MqttQos.AtMostOnce, MqttQos.AtLeastOnce })
        {
            await client.AskAsync(7, Want("t", qos));
            var kept = await client.ReceiveAsync();
            (kept.Payload, kept.Qos, kept.Retain).ShouldBe(("kept", qos, true));
            await broker.Broker.PublishAsync("t", "live"u8.ToArray(), MqttQos.ExactlyOnce);
            var live = await client.ReceiveAsync();
            (live.Payload, live.Qos, live.Retain).ShouldBe(("live", qos, false));
            await client.PingAsync();
        }
    }

    [Theory]
    [InlineData(MqttVersion.V311)]
    [InlineData(MqttVersion.V500)]
    [Spec("MQTT-3.8.4-4"), Spec("MQTT3-3.8.4-3")]
    public async Task Replacing_a_subscription_loses_and_doubles_nothing(MqttVersion version)
    {
        const int Count = 500;
        await using var broker = await TestBroker.StartAsync();
        await using var client = await broker.ConnectRawAsync("c", version);
        await client.SubscribeAsync("t", MqttQos.AtLeastOnce);
        var publishing = Task.Run(async () =>
        {
            for (var i = 0; i < Count; i++)
            {
                (await broker.Broker.PublishAsync("t", BitConverter.GetBytes(i), MqttQos.AtLeastOnce)).ShouldBeTrue();
            }
        });
        byte[] subscribe = version == MqttVersion.V311
            ? [0x82, 6, 0, 9, 0, 1, (byte)'t', 1]
            : [0x82, 7, 0, 9, 0, 0, 1, (byte)'t', 1];
        var expected = 0;
        while (expected < Count)
        {
            var packet = await client.NextAsync();
            if (packet.Type == MqttPacketType.SubAck)
            {
                continue;
            }

            PublishPacket.TryParse(packet.Flags, packet.Body, version, out var publish, out _).ShouldBeTrue();
            BitConverter.ToInt32(publish.Payload).ShouldBe(expected++);
            await client.AckAsync(MqttPacketType.PubAck, publish.PacketIdentifier);
            if (expected % 10 == 0)
            {
                await client.SendAsync(subscribe);
            }
        }

        await publishing;
    }

    [Theory]
    [InlineData(MqttVersion.V311)]
    [InlineData(MqttVersion.V500)]
    [Spec("MQTT-3.8.4-8"), Spec("MQTT3-3.8.4-6")]
    public async Task Delivery_has_the_lower_of_the_two_qos(MqttVersion version)
    {
        await using var broker = await TestBroker.StartAsync();
        await using var client = await broker.ConnectRawAsync("c", version);
        foreach (var granted in Enum.GetValues<MqttQos>())
        {
            await client.AskAsync(1, Want("t", granted));
            foreach (var published in Enum.GetValues<MqttQos>())
            {
                await broker.Broker.PublishAsync("t", "x"u8.ToArray(), published);
                (await client.ReceiveAsync()).Qos.ShouldBe((MqttQos)Math.Min((int)granted, (int)published));
            }
        }
    }

    [Fact]
    [Spec("MQTT-3.8.3-3")]
    public async Task No_local_keeps_a_clients_own_messages_from_it()
    {
        await using var broker = await TestBroker.StartAsync();
        await using var client = await broker.ConnectRawAsync("c");
        await using var other = await broker.ConnectRawAsync("o");
        await client.AskAsync(1, Want("t", MqttQos.AtMostOnce, noLocal: true));
        await client.DeliverAsync("t", "own", MqttQos.AtLeastOnce);
        await other.DeliverAsync("t", "other's", MqttQos.AtLeastOnce);
        (await client.TakeAsync()).Payload.ShouldBe("other's");
        await client.PingAsync();
    }

    [Theory]
    [InlineData(MqttVersion.V311)]
    [InlineData(MqttVersion.V500)]
    [Spec("MQTT-3.10.4-1"), Spec("MQTT-3.10.4-2"), Spec("MQTT-3.10.4-4"), Spec("MQTT-3.10.4-5"), Spec("MQTT-3.10.4-6"), Spec("MQTT-3.11.3-1")]
    [Spec("MQTT-3.11.3-2"), Spec("MQTT-2.2.1-6"), Spec("MQTT-2.2.2-1")]
    [Spec("MQTT3-3.10.4-1"), Spec("MQTT3-3.10.4-2"), Spec("MQTT3-3.10.4-4"), Spec("MQTT3-3.10.4-5"), Spec("MQTT3-3.10.4-6"), Spec("MQTT3-2.3.1-7")]
    public async Task Unsubscribe_ends_the_very_filters_it_names_and_is_always_answered(MqttVersion version)
    {
        await using var broker = await TestBroker.StartAsync();
        await using var client = await broker.ConnectRawAsync("c", version);
        await client.AskAsync(1, Want("a/+", MqttQos.AtMostOnce), Want("b", MqttQos.AtMostOnce), Want("c/#", MqttQos.AtMostOnce));

        // Filters that match the same topics are not the same filters.
        ShouldBe(await client.DropAsync(256, "a/b", "A/+", "#", "a/+/"), ReasonCode.NoSubscriptionExisted, 4);
        await broker.Broker.PublishAsync("a/b", "1"u8.ToArray());
        (await client.TakeAsync()).Payload.ShouldBe("1");

        var codes = await client.DropAsync(65_535, "c/#", "none", "a/+");
        codes.ShouldBe(version == MqttVersion.V311 ? [] : [ReasonCode.Success, ReasonCode.NoSubscriptionExisted, ReasonCode.Success]);
        await broker.Broker.PublishAsync("a/b", "2"u8.ToArray());
        await broker.Broker.PublishAsync("c/d", "3"u8.ToArray());
        await broker.Broker.PublishAsync("b", "4"u8.ToArray());
        (await client.TakeAsync()).Payload.ShouldBe("4");
        ShouldBe(await client.DropAsync(1, "a/+"), ReasonCode.NoSubscriptionExisted, 1);
        await client.PingAsync();

        void ShouldBe(IReadOnlyList<ReasonCode> codes, ReasonCode code, int count) =>
            codes.ShouldBe(version == MqttVersion.V311 ? [] : Enumerable.Repeat(code, count));
    }

    [Theory]
    [InlineData(MqttVersion.V311)]
    [InlineData(MqttVersion.V500)]
    [Spec("MQTT-3.10.4-3"), Spec("MQTT3-3.10.4-3")]
    public async Task Deliveries_that_had_begun_are_finished_after_unsubscribe(MqttVersion version)
    {
        await using var broker = await TestBroker.StartAsync();
        var (client, _) = await broker.ResumeAsync("c", version);
        await client.SubscribeAsync("t", MqttQos.ExactlyOnce);
        await broker.Broker.PublishAsync("t", "1"u8.ToArray(), MqttQos.ExactlyOnce);
        await broker.Broker.PublishAsync("t", "2"u8.ToArray(), MqttQos.AtLeastOnce);
        var two = await client.TakeAsync();
        var one = await client.TakeAsync();
        await client.DropAsync(3, "t");
        await client.AckAsync(MqttPacketType.PubRec, two.Id);
        (await client.NextAsync()).Type.ShouldBe(MqttPacketType.PubRel);
        await broker.CrashAsync(client);
        (client, _) = await broker.ResumeAsync("c", version);
        var release = await client.NextAsync();
        (release.Type, release.Id).ShouldBe((MqttPacketType.PubRel, two.Id));
        await client.AckAsync(MqttPacketType.PubComp, two.Id);
        (await client.ReceiveAsync()).ShouldBeAgain(one);
        await broker.Broker.PublishAsync("t", "3"u8.ToArray(), MqttQos.AtLeastOnce);
        await client.PingAsync();
        await client.DisposeAsync();
    }

    [Theory]
    [InlineData(MqttVersion.V311)]
    [InlineData(MqttVersion.V500)]
    [Spec("MQTT-3.12.4-1"), Spec("MQTT3-3.12.4-1")]
    public async Task Ping_is_answered_before_and_after_everything_else(MqttVersion version)
    {
        await using var broker = await TestBroker.StartAsync();
        await using var client = await broker.ConnectRawAsync("c", version);
        for (var i = 0; i < 3; i++)
        {
            await client.PingAsync();
        }

        // Many at once: each has its answer.
        await client.SendAsync([.. Enumerable.Repeat<byte[]>([0xC0, 0], 100).SelectMany(p => p)]);
        for (var i = 0; i < 100; i++)
        {
            (await client.NextAsync()).Type.ShouldBe(MqttPacketType.PingResp);
        }
    }
}
