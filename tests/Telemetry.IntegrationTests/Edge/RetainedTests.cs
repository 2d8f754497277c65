using MQTTnet;
using MQTTnet.Protocol;
using Telemetry.Edge;
using Telemetry.Edge.Reasons;
using Telemetry.Mqtt;

namespace Telemetry.IntegrationTests.Edge;

/// <summary>Many retained messages, a full store, and queues that are bounded by bytes.</summary>
public sealed class RetainedTests
{
    [Theory]
    [InlineData(MqttQualityOfServiceLevel.AtMostOnce)]
    [InlineData(MqttQualityOfServiceLevel.AtLeastOnce)]
    public async Task Ten_thousand_retained_messages_of_a_kilobyte_all_arrive(MqttQualityOfServiceLevel qos)
    {
        await using var broker = await TestBroker.StartAsync();
        var payload = new byte[1000];
        for (var i = 0; i < 10_000; i++)
        {
            await broker.Broker.PublishAsync($"r/{i % 100}/{i}", payload, MqttQos.AtLeastOnce, retain: true);
        }

        await using var client = await broker.ConnectAsync("c");
        await client.SubscribeAsync("r/#", qos);
        var topics = new HashSet<string>();
        for (var i = 0; i < 10_000; i++)
        {
            topics.Add((await client.NextAsync()).Topic).ShouldBeTrue();
        }

        await client.ShouldBeQuietAsync();
        broker.Broker.Metrics.DroppedBy(DropCause.QueueFull).ShouldBe(0);
    }

    [Fact]
    public async Task Publish_that_the_retained_store_refuses_reaches_live_subscribers_and_its_sender_is_told()
    {
        await using var broker = await TestBroker.StartAsync(new EdgeOptions { MaxRetainedMessages = 1 });
        await using var client = await broker.ConnectAsync("c");
        await client.SubscribeAsync("r/#");
        await client.PublishAsync("r/1", "kept", retain: true);
        var refused = await client.PublishAsync("r/2", "refused", retain: true);

        ((int)refused.ReasonCode).ShouldBe((int)ReasonCode.QuotaExceeded);
        (await client.NextAsync()).ConvertPayloadToString().ShouldBe("kept");
        (await client.NextAsync()).ConvertPayloadToString().ShouldBe("refused");
        broker.Broker.Metrics.DroppedBy(DropCause.RetainedFull).ShouldBe(1);
        await using var late = await broker.ConnectAsync("late");
        await late.SubscribeAsync("r/#");
        (await late.NextAsync()).ConvertPayloadToString().ShouldBe("kept");
        await late.ShouldBeQuietAsync();
    }

    [Fact]
    public async Task Unacknowledged_messages_count_and_go_with_their_session()
    {
        await using var broker = await TestBroker.StartAsync(new EdgeOptions { MaxQueuedBytes = 1 << 20 });
        var lazy = await broker.ConnectAsync("lazy", acknowledges: false);
        await using var publisher = await broker.ConnectAsync("publisher");
        await lazy.SubscribeAsync("t");
        for (var i = 0; i < 40; i++)
        {
            await publisher.PublishAsync("t", new byte[100_000]);
        }

        broker.Broker.Sessions.TryGet("lazy", out var session).ShouldBeTrue();
        session!.QueuedBytes.ShouldBeInRange(900_000, 1 << 20);
        broker.Broker.Metrics.DroppedBy(DropCause.QueueFull).ShouldBe(30);
        await lazy.DisposeAsync();
        await broker.UntilConnectionsAsync(1);
        broker.Broker.QueuedBytes.ShouldBe(0);
    }

    [Fact]
    public async Task Search_for_retained_messages_ends_with_its_client()
    {
        await using var broker = await TestBroker.StartAsync();
        for (var i = 0; i < 20_000; i++)
        {
            await broker.Broker.PublishAsync($"a/{i % 200}/{i}", "x"u8.ToArray(), retain: true);
        }

        var client = await broker.ConnectRawAsync("c");
        // Filters that visit every node and find nothing.
        await client.WriteAsync(output => Telemetry.Testing.Mqtt.ClientPackets.Subscribe(output, MqttVersion.V500, new SubscribePacket
        {
            PacketIdentifier = 1,
            Requests = [.. Enumerable.Range(0, 500).Select(i => new SubscriptionRequest($"+/+/+/{i}", MqttQos.AtLeastOnce))],
        }));
        (await client.NextAsync()).Type.ShouldBe(MqttPacketType.SubAck);
        await client.PingAsync();
        broker.Broker.Sessions.TryGet("c", out var session).ShouldBeTrue();
        client.Cut();
        await broker.UntilConnectionsAsync(0);
        session!.WantsFeeding.ShouldBeFalse();
    }
}
