using Telemetry.Mqtt;
using Telemetry.Testing;
using static Telemetry.IntegrationTests.Edge.Conformance.Conversation;

namespace Telemetry.IntegrationTests.Edge.Conformance;

/// <summary>Chapter 4.9: flow control.</summary>
public sealed class FlowTests
{
    [Fact]
    [Spec("MQTT-4.9.0-1"), Spec("MQTT-4.9.0-2"), Spec("MQTT-4.9.0-3"), Spec("MQTT-3.3.4-9"), Spec("MQTT-3.3.4-10")]
    public async Task Every_other_packet_goes_on_while_the_clients_receive_maximum_is_used_up()
    {
        await using var broker = await TestBroker.StartAsync();
        await using var client = await broker.ConnectRawAsync("c", properties: new MqttProperties { ReceiveMaximum = 3 });
        await client.AskAsync(1, Want("t", MqttQos.ExactlyOnce));
        for (var i = 0; i < 6; i++)
        {
            await broker.Broker.PublishAsync("t", "x"u8.ToArray(), i % 2 == 0 ? MqttQos.AtLeastOnce : MqttQos.ExactlyOnce);
        }

        var held = new[] { await client.TakeAsync(), await client.TakeAsync(), await client.TakeAsync() };
        await client.PingAsync();
        (await client.AskAsync(2, Want("u", MqttQos.AtMostOnce))).ShouldBe([ReasonCode.Success]);
        await broker.Broker.PublishAsync("u", "zero"u8.ToArray());
        (await client.TakeAsync()).Payload.ShouldBe("zero");
        (await client.DropAsync(3, "u")).ShouldBe([ReasonCode.Success]);
        await client.DeliverAsync("v", "own", MqttQos.AtLeastOnce, 1);
        await client.DeliverAsync("v", "own", MqttQos.ExactlyOnce, 2);

        // A PUBREC gets its PUBREL and frees no place.
        await client.AckAsync(MqttPacketType.PubRec, held[1].Id);
        (await client.NextAsync()).Type.ShouldBe(MqttPacketType.PubRel);
        await client.PingAsync();
        await client.AckAsync(MqttPacketType.PubComp, held[1].Id);
        (await client.TakeAsync()).Qos.ShouldBe(MqttQos.ExactlyOnce);
        await client.AckAsync(MqttPacketType.PubAck, held[0].Id);
        (await client.TakeAsync()).Qos.ShouldBe(MqttQos.AtLeastOnce);
        await client.PingAsync();
    }

    [Fact]
    [Spec("MQTT-4.9.0-1"), Spec("MQTT-4.9.0-2")]
    public async Task Next_connection_of_a_session_has_its_own_receive_maximum()
    {
        await using var broker = await TestBroker.StartAsync();
        var (client, _) = await broker.ResumeAsync("c", MqttVersion.V500);
        await client.AskAsync(1, Want("t", MqttQos.AtLeastOnce));
        for (var i = 0; i < 6; i++)
        {
            await broker.Broker.PublishAsync("t", System.Text.Encoding.UTF8.GetBytes($"{i}"), MqttQos.AtLeastOnce);
            await client.TakeAsync();
        }

        await broker.CrashAsync(client);
        var (again, _) = await broker.GreetAsync(new ConnectPacket
        {
            ClientId = "c",
            Properties = new MqttProperties { SessionExpiryInterval = 1000, ReceiveMaximum = 2 },
        });
        for (var i = 0; i < 6; i += 2)
        {
            var pair = new[] { await again.TakeAsync(), await again.TakeAsync() };
            pair.Select(p => p.Payload).ShouldBe([$"{i}", $"{i + 1}"]);
            await again.PingAsync();
            await again.AckAsync(MqttPacketType.PubAck, pair[0].Id);
            await again.AckAsync(MqttPacketType.PubAck, pair[1].Id);
        }

        await again.PingAsync();
        await again.DisposeAsync();
    }
}
