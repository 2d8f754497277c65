using Telemetry.Mqtt;
using Telemetry.Testing;
using static Telemetry.IntegrationTests.Edge.Conformance.Conversation;

namespace Telemetry.IntegrationTests.Edge.Conformance;

/// <summary>Chapter 4.8.2: shared subscriptions.</summary>
public sealed class SharedTests
{
    [Fact]
    [Spec("MQTT-4.8.2-3"), Spec("MQTT-3.8.4-8")]
    public async Task Each_member_of_a_group_is_served_at_the_qos_granted_to_it()
    {
        await using var broker = await TestBroker.StartAsync();
        await using var zero = await broker.ConnectRawAsync("0");
        await using var two = await broker.ConnectRawAsync("2");
        await zero.AskAsync(1, Want("$share/g/t", MqttQos.AtMostOnce));
        await two.AskAsync(1, Want("$share/g/t", MqttQos.ExactlyOnce));
        // A marker behind them, on a subscription of its own.
        await zero.AskAsync(2, Want("end", MqttQos.AtMostOnce));
        await two.AskAsync(2, Want("end", MqttQos.AtMostOnce));
        for (var i = 0; i < 10; i++)
        {
            await broker.Broker.PublishAsync("t", "x"u8.ToArray(), MqttQos.ExactlyOnce);
        }

        await broker.Broker.PublishAsync("end", "end"u8.ToArray());
        var atZero = await CountUntilEndAsync(zero, MqttQos.AtMostOnce);
        var atTwo = await CountUntilEndAsync(two, MqttQos.ExactlyOnce);
        (atZero + atTwo).ShouldBe(10);
        atZero.ShouldBeGreaterThan(0);
        atTwo.ShouldBeGreaterThan(0);
    }

    [Theory]
    [InlineData(MqttQos.AtLeastOnce)]
    [InlineData(MqttQos.ExactlyOnce)]
    [Spec("MQTT-4.8.2-6"), Spec("MQTT-4.4.0-2")]
    public async Task Message_that_a_member_refuses_goes_to_nobody_else(MqttQos qos)
    {
        await using var broker = await TestBroker.StartAsync();
        var (one, _) = await broker.ResumeAsync("1", MqttVersion.V500);
        await one.AskAsync(1, Want("$share/g/t", qos));
        await broker.Broker.PublishAsync("t", "x"u8.ToArray(), qos);
        var copy = await one.TakeAsync();
        await using var two = await broker.ConnectRawAsync("2");
        await two.AskAsync(1, Want("$share/g/t", qos));
        var answer = qos == MqttQos.AtLeastOnce ? MqttPacketType.PubAck : MqttPacketType.PubRec;
        await one.WriteAsync(o => PubAckPacket.Write(o, answer, MqttVersion.V500, copy.Id, ReasonCode.UnspecifiedError));
        await one.PingAsync();
        await two.PingAsync();
        await broker.CrashAsync(one);
        await two.PingAsync();
        (one, _) = await broker.ResumeAsync("1", MqttVersion.V500);
        await one.PingAsync();
        await one.DisposeAsync();
    }

    private static async Task<int> CountUntilEndAsync(RawClient client, MqttQos qos)
    {
        var count = 0;
        while (true)
        {
            var copy = await client.TakeAsync();
            if (copy.Topic == "end")
            {
                return count;
            }

            copy.Qos.ShouldBe(qos);
            count++;
        }
    }
}
