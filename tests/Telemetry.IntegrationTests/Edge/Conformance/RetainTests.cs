using Telemetry.Mqtt;
using Telemetry.Testing;
using static Telemetry.IntegrationTests.Edge.Conformance.Conversation;

namespace Telemetry.IntegrationTests.Edge.Conformance;

/// <summary>Chapter 3.3.1.3: RETAIN.</summary>
public sealed class RetainTests
{
    [Theory]
    [InlineData(MqttVersion.V311)]
    [InlineData(MqttVersion.V500)]
    [Spec("MQTT-3.3.1-5"), Spec("MQTT-3.3.1-6"), Spec("MQTT-3.3.1-7"), Spec("MQTT-3.3.1-8"), Spec("MQTT-3.3.1-9"), Spec("MQTT-3.3.1-12")]
    [Spec("MQTT3-3.3.1-5"), Spec("MQTT3-3.3.1-6"), Spec("MQTT3-3.3.1-7"), Spec("MQTT3-3.3.1-8"), Spec("MQTT3-3.3.1-9")]
    [Spec("MQTT3-3.3.1-10"), Spec("MQTT3-3.3.1-11"), Spec("MQTT3-3.3.1-12"), Spec("MQTT3-3.1.2-7")]
    public async Task Last_retained_message_waits_for_new_subscriptions_until_it_is_replaced_or_removed(MqttVersion version)
    {
        await using var broker = await TestBroker.StartAsync();
        await using var live = await broker.ConnectRawAsync("live", version);
        await live.AskAsync(1, Want("r", MqttQos.ExactlyOnce));
        var publisher = await broker.ConnectRawAsync("p", version);
        foreach (var (payload, qos, retain) in new[]
        {
            ("first", MqttQos.AtMostOnce, true),
            ("second", MqttQos.ExactlyOnce, true),
            ("passing", MqttQos.AtLeastOnce, false),
        })
        {
            await publisher.DeliverAsync("r", payload, qos, retain: retain);
            var copy = await live.ReceiveAsync();
            (copy.Payload, copy.Qos, copy.Retain).ShouldBe((payload, qos, false));
        }

        // Its session ends with the connection; what it retained does not.
        await publisher.LeaveAsync();
        await ShouldFindAsync(broker, version, MqttQos.ExactlyOnce, ("second", MqttQos.ExactlyOnce));
        await ShouldFindAsync(broker, version, MqttQos.AtLeastOnce, ("second", MqttQos.AtLeastOnce));
        await using var other = await broker.ConnectRawAsync("p", version);

        // At QoS 0 a retained message takes the place of the old one too.
        await other.DeliverAsync("r", "third", MqttQos.AtMostOnce, retain: true);
        (await live.ReceiveAsync()).Payload.ShouldBe("third");
        await ShouldFindAsync(broker, version, MqttQos.ExactlyOnce, ("third", MqttQos.AtMostOnce));

        // Without payload it is delivered like any other, removes what is kept, and is not kept.
        await other.DeliverAsync("r", "", MqttQos.AtLeastOnce, retain: true);
        var removal = await live.ReceiveAsync();
        (removal.Payload, removal.Retain).ShouldBe(("", false));
        await ShouldFindAsync(broker, version, MqttQos.ExactlyOnce, null);
    }

    [Fact]
    [Spec("MQTT-3.3.1-12"), Spec("MQTT-3.3.1-13")]
    public async Task Retain_is_forwarded_as_published_to_those_who_want_it_so()
    {
        await using var broker = await TestBroker.StartAsync();
        await using var client = await broker.ConnectRawAsync("c");
        await using var asPublished = await broker.ConnectRawAsync("a");
        await client.AskAsync(1, Want("r", MqttQos.AtLeastOnce));
        await asPublished.AskAsync(1, Want("r", MqttQos.AtLeastOnce, retainAsPublished: true));
        await using var publisher = await broker.ConnectRawAsync("p");
        foreach (var retain in new[] { true, false })
        {
            await publisher.DeliverAsync("r", "x", retain: retain);
            (await client.ReceiveAsync()).Retain.ShouldBeFalse();
            (await asPublished.ReceiveAsync()).Retain.ShouldBe(retain);
        }
    }

    private static async Task ShouldFindAsync(
        TestBroker broker, MqttVersion version, MqttQos asked, (string Payload, MqttQos Qos)? expected)
    {
        var late = await broker.ConnectRawAsync("late", version);
        await late.AskAsync(1, Want("+", asked));
        if (expected is { } kept)
        {
            var copy = await late.ReceiveAsync();
            (copy.Payload, copy.Qos, copy.Retain, copy.Duplicate).ShouldBe((kept.Payload, kept.Qos, true, false));
        }

        await late.PingAsync();
        await late.LeaveAsync();
    }
}
