using MQTTnet;
using Telemetry.Edge;
using Telemetry.Mqtt;
using Qos = MQTTnet.Protocol.MqttQualityOfServiceLevel;

namespace Telemetry.IntegrationTests.Edge;

/// <summary>Topics whose messages are acknowledged before the log has them, and all others.</summary>
public sealed class AcknowledgeFromMemoryTests
{
    private static readonly EdgeOptions Options = new() { AcknowledgeFromMemory = ["fast/+/state", "quick/#"] };

    [Fact]
    public async Task Only_qos_1_on_listed_topics_is_acknowledged_before_the_log_has_it()
    {
        HeldLog? log = null;
        await using var node = await DurableNode.StartAsync(options: Options, over: l => log = new HeldLog(l));
        await using (var absent = await node.ConnectAsync("absent"))
        {
            await absent.SubscribeAsync("#", Qos.ExactlyOnce);
            await absent.DisconnectAsync();
        }

        log!.Hold();
        await using var fast = (await node.ConnectRawAsync("fast", clean: true)).Client;
        await fast.PublishAsync("fast/1/state", "0", MqttQos.AtLeastOnce, 1);
        await fast.PublishAsync("quick/a/b", "1", MqttQos.AtLeastOnce, 2);
        (await fast.NextAsync()).ShouldSatisfyAllConditions(p => p.Type.ShouldBe(MqttPacketType.PubAck), p => p.Id.ShouldBe((ushort)1));
        (await fast.NextAsync()).ShouldSatisfyAllConditions(p => p.Type.ShouldBe(MqttPacketType.PubAck), p => p.Id.ShouldBe((ushort)2));

        // Neither another topic nor QoS 2 is answered; and answers keep their order.
        await using var slow = (await node.ConnectRawAsync("slow", clean: true)).Client;
        await slow.PublishAsync("fast/1", "2", MqttQos.AtLeastOnce, 1);
        await slow.PublishAsync("fast/1/state", "3", MqttQos.ExactlyOnce, 2);
        await slow.PublishAsync("fast/1/state", "4", MqttQos.AtLeastOnce, 3);
        await slow.PingAsync();
        log.Release();
        (await slow.NextAsync()).ShouldSatisfyAllConditions(p => p.Type.ShouldBe(MqttPacketType.PubAck), p => p.Id.ShouldBe((ushort)1));
        (await slow.NextAsync()).ShouldSatisfyAllConditions(p => p.Type.ShouldBe(MqttPacketType.PubRec), p => p.Id.ShouldBe((ushort)2));
        (await slow.NextAsync()).ShouldSatisfyAllConditions(p => p.Type.ShouldBe(MqttPacketType.PubAck), p => p.Id.ShouldBe((ushort)3));

        // They are on the log all the same: a crash after it took them loses none.
        await using var second = await node.CrashAsync();
        await using var back = await second.ConnectAsync("absent");
        var payloads = new List<string>();
        for (var i = 0; i < 5; i++)
        {
            payloads.Add((await back.NextAsync()).ConvertPayloadToString());
        }

        payloads.Order().ShouldBe(["0", "1", "2", "3", "4"]);
        await back.ShouldBeQuietAsync();
    }

    [Fact]
    public async Task Message_that_the_log_refuses_behind_its_acknowledgement_reaches_the_session_from_memory()
    {
        HeldLog? log = null;
        await using var node = await DurableNode.StartAsync(options: Options, over: l => log = new HeldLog(l));
        await using (var absent = await node.ConnectAsync("absent"))
        {
            await absent.SubscribeAsync("#", Qos.AtLeastOnce);
            await absent.DisconnectAsync();
        }

        log!.Refuses = true;
        await using var publisher = (await node.ConnectRawAsync("p", clean: true)).Client;
        await publisher.PublishAsync("quick/a", "kept in memory", MqttQos.AtLeastOnce, 1);
        (await publisher.NextAsync()).Type.ShouldBe(MqttPacketType.PubAck);

        // A topic that is not listed is not acknowledged: its publisher keeps it.
        await publisher.PublishAsync("other", "kept by its sender", MqttQos.AtLeastOnce, 2);
        await publisher.ShouldBeClosedAsync(ReasonCode.ServerBusy);
        log.Refuses = false;
        await using var back = await node.ConnectAsync("absent");
        (await back.NextAsync()).ConvertPayloadToString().ShouldBe("kept in memory");
        await back.ShouldBeQuietAsync();
    }
}
