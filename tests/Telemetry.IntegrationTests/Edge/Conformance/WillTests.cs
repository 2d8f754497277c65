using Telemetry.Mqtt;
using Telemetry.Testing;

namespace Telemetry.IntegrationTests.Edge.Conformance;

/// <summary>Chapter 3.1.2.5: the will.</summary>
public sealed class WillTests
{
    [Theory]
    [InlineData(MqttVersion.V311)]
    [InlineData(MqttVersion.V500)]
    [Spec("MQTT-3.1.2-7"), Spec("MQTT-3.1.2-8"), Spec("MQTT-3.1.2-10")]
    [Spec("MQTT3-3.1.2-8"), Spec("MQTT3-3.1.2-10"), Spec("MQTT3-3.1.2-12")]
    public async Task Will_is_published_once_when_its_connection_breaks_and_not_for_one_without(MqttVersion version)
    {
        await using var broker = await TestBroker.StartAsync();
        await using var watcher = await broker.ConnectRawAsync("w", version);
        await watcher.SubscribeAsync("#");
        var (client, _) = await broker.ResumeAsync("c", version, new WillMessage { TopicName = "will", Payload = "dead"u8.ToArray() });
        await broker.CrashAsync(client);
        (await watcher.TakeAsync()).Payload.ShouldBe("dead");

        // The session goes on, with a connection that has no will.
        var (back, present) = await broker.ResumeAsync("c", version);
        present.ShouldBeTrue();
        await broker.CrashAsync(back);
        await watcher.PingAsync();
    }

    [Theory]
    [InlineData(MqttVersion.V311)]
    [InlineData(MqttVersion.V500)]
    [Spec("MQTT-3.14.4-3"), Spec("MQTT-3.1.2-8"), Spec("MQTT-3.1.2-10")]
    [Spec("MQTT3-3.14.4-3"), Spec("MQTT3-3.1.2-8"), Spec("MQTT3-3.1.2-10")]
    public async Task Disconnect_throws_the_will_away(MqttVersion version)
    {
        await using var broker = await TestBroker.StartAsync();
        await using var watcher = await broker.ConnectRawAsync("w", version);
        await watcher.SubscribeAsync("#");
        var (client, _) = await broker.ResumeAsync("c", version, new WillMessage { TopicName = "will" });
        await client.LeaveAsync();
        await broker.UntilConnectionsAsync(1);
        await watcher.PingAsync();
        var (back, _) = await broker.ResumeAsync("c", version);
        await broker.CrashAsync(back);
        await watcher.PingAsync();
    }

    [Theory]
    [InlineData(MqttVersion.V311, false)]
    [InlineData(MqttVersion.V311, true)]
    [InlineData(MqttVersion.V500, false)]
    [InlineData(MqttVersion.V500, true)]
    [Spec("MQTT-3.1.2-14"), Spec("MQTT-3.1.2-15"), Spec("MQTT3-3.1.2-16"), Spec("MQTT3-3.1.2-17")]
    public async Task Will_is_retained_when_it_asks_for_that(MqttVersion version, bool retain)
    {
        await using var broker = await TestBroker.StartAsync();
        await using var watcher = await broker.ConnectRawAsync("w", version);
        await watcher.SubscribeAsync("will");
        var client = await broker.ConnectRawAsync(
            "c", version, will: new WillMessage { TopicName = "will", Payload = "dead"u8.ToArray(), Retain = retain });
        await broker.CrashAsync(client);
        var live = await watcher.TakeAsync();
        (live.Payload, live.Retain).ShouldBe(("dead", false));
        await using var late = await broker.ConnectRawAsync("late", version);
        await late.SubscribeAsync("will");
        if (retain)
        {
            var kept = await late.TakeAsync();
            (kept.Payload, kept.Retain).ShouldBe(("dead", true));
        }

        await late.PingAsync();
    }

    [Fact]
    [Spec("MQTT-3.1.3-10"), Spec("MQTT-3.1.3.2")]
    public async Task Properties_of_a_will_are_published_with_it_in_their_order()
    {
        await using var broker = await TestBroker.StartAsync();
        await using var watcher = await broker.ConnectRawAsync("w");
        await watcher.SubscribeAsync("will");
        var properties = new MqttProperties
        {
            PayloadFormatIndicator = 1,
            MessageExpiryInterval = 1000,
            ContentType = "text/plain",
            ResponseTopic = "answers",
            CorrelationData = [1, 2],
        };
        properties.AddUserProperty("b", "1").AddUserProperty("a", "2").AddUserProperty("b", "3");
        var client = await broker.ConnectRawAsync(
            "c", will: new WillMessage { TopicName = "will", Payload = "dead"u8.ToArray(), Properties = properties });
        await broker.CrashAsync(client);
        var got = (await watcher.TakeAsync()).Properties;
        got.UserProperties.ShouldBe([new("b", "1"), new("a", "2"), new("b", "3")]);
        (got.PayloadFormatIndicator, got.ContentType, got.ResponseTopic).ShouldBe(((byte?)1, "text/plain", "answers"));
        got.CorrelationData.ShouldBe([1, 2]);
        got.MessageExpiryInterval!.Value.ShouldBeInRange(1u, 1000u);
        got.WillDelayInterval.ShouldBeNull();
    }
}
