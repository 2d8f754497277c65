using System.Text;
using Telemetry.Mqtt;
using Telemetry.Testing;
using static Telemetry.IntegrationTests.Edge.Conformance.Conversation;

namespace Telemetry.IntegrationTests.Edge.Conformance;

/// <summary>Chapter 4.7: topic names and filters.</summary>
public sealed class TopicTests
{
    [Theory]
    [InlineData(MqttVersion.V311)]
    [InlineData(MqttVersion.V500)]
    [Spec("MQTT-4.7.2-1"), Spec("MQTT3-4.7.2-1")]
    public async Task Leading_wildcard_matches_no_topic_that_begins_with_a_dollar(MqttVersion version)
    {
        await using var broker = await TestBroker.StartAsync();
        await broker.Broker.PublishAsync("$x/kept", "kept"u8.ToArray(), retain: true);
        await using var client = await broker.ConnectRawAsync("c", version);
        await client.AskAsync(1, Want("#", MqttQos.AtMostOnce), Want("+/kept", MqttQos.AtMostOnce), Want("+/+", MqttQos.AtMostOnce));
        await client.PingAsync();
        await broker.Broker.PublishAsync("$x/live", "live"u8.ToArray());
        await client.PingAsync();
        await client.AskAsync(2, Want("$x/#", MqttQos.AtMostOnce));
        (await client.TakeAsync()).Topic.ShouldBe("$x/kept");
        await broker.Broker.PublishAsync("$x/live", "live"u8.ToArray());
        (await client.TakeAsync()).Topic.ShouldBe("$x/live");
        await client.PingAsync();
    }

    [Theory]
    [InlineData(MqttVersion.V311)]
    [InlineData(MqttVersion.V500)]
    [Spec("MQTT-4.7.3-4"), Spec("MQTT-1.5.4-3"), Spec("MQTT3-4.7.3-4"), Spec("MQTT3-1.5.3-3")]
    public async Task Characters_are_neither_changed_nor_taken_for_others(MqttVersion version)
    {
        // Composed and decomposed, upper and lower case, with a byte order mark, with spaces, a non-character.
        string[] topics = ["\u00C5", "A\u030A", "\u00E5", "a", "A", "\uFEFFa", "a\uFEFF", " a", "a ", "\uFFFF", "\u212B", "\uFF21"];
        await using var broker = await TestBroker.StartAsync();
        await using var publisher = await broker.ConnectRawAsync("p", version);
        foreach (var filter in topics)
        {
            await using var client = await broker.ConnectRawAsync("c", version);
            await client.AskAsync(1, Want(filter, MqttQos.AtMostOnce));
            foreach (var topic in topics)
            {
                await publisher.DeliverAsync(topic, "x");
            }

            var copy = await client.TakeAsync();
            Encoding.UTF8.GetBytes(copy.Topic).ShouldBe(Encoding.UTF8.GetBytes(filter));
            await client.PingAsync();
        }
    }

    [Theory]
    [InlineData(MqttVersion.V311)]
    [InlineData(MqttVersion.V500)]
    [Spec("MQTT-4.7.3-3"), Spec("MQTT3-4.7.3-3"), Spec("MQTT-4.7.3-1"), Spec("MQTT3-4.7.3-1")]
    public async Task Topics_of_1_and_of_65535_bytes_work(MqttVersion version)
    {
        await using var broker = await TestBroker.StartAsync();
        await using var client = await broker.ConnectRawAsync("c", version);
        foreach (var topic in new[] { "x", "/", new string('y', 65_535) })
        {
            await client.AskAsync(1, Want(topic, MqttQos.AtMostOnce));
            await client.PublishAsync(topic, "x");
            (await client.TakeAsync()).Topic.ShouldBe(topic);
        }
    }
}
