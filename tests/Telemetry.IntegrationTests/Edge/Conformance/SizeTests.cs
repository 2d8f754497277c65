using Telemetry.Mqtt;
using Telemetry.Mqtt.Ingest;
using Telemetry.Testing;
using Telemetry.Testing.Mqtt;
using static Telemetry.IntegrationTests.Edge.Conformance.Conversation;

namespace Telemetry.IntegrationTests.Edge.Conformance;

/// <summary>Chapters 3.1.2.11.4 and 3.1.2.11.7: Maximum Packet Size and Request Problem Information of the client.</summary>
public sealed class SizeTests
{
    private const int Maximum = 64;

    [Theory]
    [InlineData(MqttQos.AtMostOnce)]
    [InlineData(MqttQos.AtLeastOnce)]
    [InlineData(MqttQos.ExactlyOnce)]
    [Spec("MQTT-3.1.2-24"), Spec("MQTT-3.1.2-25")]
    public async Task Message_of_exactly_the_clients_maximum_comes_and_one_byte_more_counts_as_sent(MqttQos qos)
    {
        await using var broker = await TestBroker.StartAsync();
        await using var client = await broker.ConnectRawAsync(
            "c", properties: new MqttProperties { MaximumPacketSize = Maximum, ReceiveMaximum = 1 });
        await client.AskAsync(1, Want("t", qos));
        var header = 2 + 3 + (qos == MqttQos.AtMostOnce ? 0 : 2) + 1;
        foreach (var size in new[] { Maximum, Maximum + 1, Maximum - 1, Maximum + 1, 200, Maximum })
        {
            await broker.Broker.PublishAsync("t", new byte[size - header], qos);
        }

        // With one place in flight: what was thrown away holds none.
        foreach (var size in new[] { Maximum, Maximum - 1, Maximum })
        {
            (await client.ReceiveAsync()).Payload.Length.ShouldBe(size - header);
        }

        await client.PingAsync();
    }

    [Fact]
    [Spec("MQTT-3.1.2-24")]
    public async Task Suback_and_unsuback_over_the_clients_maximum_are_not_sent_and_the_connection_lives()
    {
        await using var broker = await TestBroker.StartAsync();
        await using var client = await broker.ConnectRawAsync("c", properties: new MqttProperties { MaximumPacketSize = Maximum });
        var filters = Enumerable.Range(0, Maximum).Select(i => $"{i}").ToArray();
        await client.WriteAsync(o => ClientPackets.Subscribe(
            o,
            MqttVersion.V500,
            new SubscribePacket { PacketIdentifier = 1, Requests = [.. filters.Select(f => Want(f, MqttQos.AtMostOnce))] }));
        await client.PingAsync();
        await client.WriteAsync(o => ClientPackets.Unsubscribe(
            o, MqttVersion.V500, new UnsubscribePacket { PacketIdentifier = 2, Filters = filters }));
        await client.PingAsync();

        // They were carried out all the same.
        await broker.Broker.PublishAsync("1", "x"u8.ToArray());
        await client.PingAsync();
    }

    [Theory]
    [InlineData(MqttQos.AtLeastOnce)]
    [InlineData(MqttQos.ExactlyOnce)]
    [Spec("MQTT-3.1.2-29"), Spec("MQTT-3.4.2-2"), Spec("MQTT-3.5.2-2")]
    public async Task Acknowledgement_leaves_out_its_reason_where_the_client_cannot_or_will_not_have_it(MqttQos qos)
    {
        var ingest = new ScriptedIngest();
        await using var broker = await TestBroker.StartAsync(ingest: ingest);
        var wishes = new (MqttProperties? Properties, bool HasReason)[]
        {
            (null, true),
            (new MqttProperties { MaximumPacketSize = Maximum }, false),
            (new MqttProperties { RequestProblemInformation = 0 }, false),
            (new MqttProperties { RequestProblemInformation = 1 }, true),
        };
        for (var i = 0; i < wishes.Length; i++)
        {
            await using var client = await broker.ConnectRawAsync($"{i}", properties: wishes[i].Properties);
            await client.PublishAsync("in/x", "1", qos, 1);
            await ingest.TakenAsync(i + 1);
            ingest.Answer(i, IngestOutcome.RejectedPayload, new string('r', Maximum));
            var answer = await client.NextAsync();
            (answer.Code, answer.Reason is not null).ShouldBe((ReasonCode.PayloadFormatInvalid, wishes[i].HasReason));
        }
    }

    [Fact]
    [Spec("MQTT-3.14.2-2"), Spec("MQTT-3.14.2-3"), Spec("MQTT-3.14.2-1"), Spec("MQTT-3.14.4-1"), Spec("MQTT-3.14.4-2")]
    public async Task Disconnect_of_the_broker_has_no_session_expiry_and_no_reason_that_does_not_fit()
    {
        await using var broker = await TestBroker.StartAsync();
        foreach (var (maximum, hasReason) in new (uint?, bool)[] { (null, true), (40, false) })
        {
            await using var client = await broker.ConnectRawAsync(
                "c", properties: new MqttProperties { SessionExpiryInterval = 1000, MaximumPacketSize = maximum });
            await using var other = await broker.ConnectRawAsync("c");
            var last = await client.NextAsync();
            last.Type.ShouldBe(MqttPacketType.Disconnect);
            ServerPackets.Disconnect(last.Body, out var disconnect, out var error).ShouldBeTrue(error.ToString());
            disconnect!.ReasonCode.ShouldBe(ReasonCode.SessionTakenOver);
            disconnect.Properties?.SessionExpiryInterval.ShouldBeNull();
            (disconnect.Properties?.ReasonString is not null).ShouldBe(hasReason);
            (await client.TryNextAsync()).ShouldBeNull();
        }
    }
}
