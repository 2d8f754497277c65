using Telemetry.Edge;
using Telemetry.Mqtt;

namespace Telemetry.IntegrationTests.Edge;

/// <summary>Our Receive Maximum over a session that comes back: the quota begins anew with each connection (MQTT 5.0 section 4.9).</summary>
public sealed class ReceiveQuotaTests
{
    private static readonly MqttProperties Kept = new() { SessionExpiryInterval = 600 };

    [Fact]
    public async Task Publishes_released_from_an_earlier_connection_give_nothing_back()
    {
        await using var broker = await TestBroker.StartAsync(new EdgeOptions { ReceiveMaximum = 2 });
        await using (var first = await broker.ConnectRawAsync("c", properties: Kept))
        {
            await PublishAsync(first, 1, 2);
        }

        await using var again = await broker.ConnectRawAsync("c", clean: false, properties: Kept);
        foreach (ushort id in new ushort[] { 1, 2 })
        {
            await again.AckAsync(MqttPacketType.PubRel, id);
            (await again.NextAsync()).Type.ShouldBe(MqttPacketType.PubComp);
        }

        await PublishAsync(again, 3, 4);
        await again.PublishAsync("t", "5", MqttQos.ExactlyOnce, 5);
        await again.ShouldBeClosedAsync(ReasonCode.ReceiveMaximumExceeded);
    }

    [Fact]
    public async Task Publishes_sent_again_count_on_the_new_connection()
    {
        await using var broker = await TestBroker.StartAsync(new EdgeOptions { ReceiveMaximum = 2 });
        await using (var first = await broker.ConnectRawAsync("c", properties: Kept))
        {
            await PublishAsync(first, 1, 2);
        }

        await using var again = await broker.ConnectRawAsync("c", clean: false, properties: Kept);
        foreach (ushort id in new ushort[] { 1, 2, 2 })
        {
            // Once more on the same connection counts once.
            await again.PublishAsync("t", $"{id}", MqttQos.ExactlyOnce, id, dup: true);
            (await again.NextAsync()).Type.ShouldBe(MqttPacketType.PubRec);
        }

        await again.AckAsync(MqttPacketType.PubRel, 1);
        (await again.NextAsync()).Type.ShouldBe(MqttPacketType.PubComp);
        await PublishAsync(again, 3);
        await again.PublishAsync("t", "4", MqttQos.ExactlyOnce, 4);
        await again.ShouldBeClosedAsync(ReasonCode.ReceiveMaximumExceeded);
    }

    private static async Task PublishAsync(RawClient client, params ushort[] ids)
    {
        foreach (var id in ids)
        {
            await client.PublishAsync("t", $"{id}", MqttQos.ExactlyOnce, id);
            var ack = await client.NextAsync();
            (ack.Type, ack.Id).ShouldBe((MqttPacketType.PubRec, id));
        }
    }
}
