using MQTTnet;
using Telemetry.Mqtt;
using Telemetry.Mqtt.Ingest;
using Telemetry.Testing;

namespace Telemetry.IntegrationTests.Edge;

public sealed class ForwardTests
{
    [Fact]
    [Spec("MQTT-3.3.2-4"), Spec("MQTT-3.3.2-15"), Spec("MQTT-3.3.2-16"), Spec("MQTT-3.3.2-17"), Spec("MQTT-3.3.2-18"), Spec("MQTT-3.3.2-20")]
    public async Task Properties_of_a_message_arrive_unaltered_and_3_1_1_gets_it_without_them()
    {
        // Payload Format, Content Type, Response Topic, Correlation Data, and user properties of which one name comes twice.
        byte[] publish =
        [
            0x30, 42, 0, 1, (byte)'t', 37,
            0x01, 1,
            0x03, 0, 1, (byte)'c',
            0x08, 0, 1, (byte)'r',
            0x09, 0, 2, 0xFF, 0,
            0x26, 0, 1, (byte)'b', 0, 1, (byte)'1',
            0x26, 0, 1, (byte)'a', 0, 1, (byte)'2',
            0x26, 0, 1, (byte)'b', 0, 2, (byte)'3', (byte)'3',
            (byte)'x',
        ];
        publish[5] = (byte)(publish.Length - 7);
        publish[1] = (byte)(publish.Length - 2);
        await using var broker = await TestBroker.StartAsync();
        await using var sender = await broker.ConnectRawAsync("5");
        await using var old = await broker.ConnectRawAsync("3", MqttVersion.V311);
        await sender.SubscribeAsync("t");
        await old.SubscribeAsync("t");
        await sender.SendAsync(publish);
        (await sender.NextAsync()).Body.ShouldBe(publish[2..]); // [MQTT-3.3.2-17], [MQTT-3.3.2-18]
        (await old.NextAsync()).Body.ShouldBe([0, 1, (byte)'t', (byte)'x']);
    }

    [Fact]
    public async Task Stop_publishes_the_wills_and_waits_for_the_log()
    {
        var ingest = new ScriptedIngest();
        await using var broker = await TestBroker.StartAsync(ingest: ingest);
        await using var client = await broker.ConnectAsync("c", o =>
        {
            o.WillTopic = "in/will";
            o.WillPayload = "dead"u8.ToArray();
        });
        var stopped = broker.Broker.StopAsync();
        await client.ShouldBeClosedAsync(MqttClientDisconnectReason.ServerShuttingDown);
        (await ingest.TakenAsync(1)).ShouldBe(["dead"]);
        stopped.IsCompleted.ShouldBeFalse();
        ingest.Answer(0, IngestOutcome.Stored);
        await stopped.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
    }
}
