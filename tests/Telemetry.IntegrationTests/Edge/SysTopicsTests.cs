using MQTTnet;
using MQTTnet.Protocol;
using Telemetry.IntegrationTests.Mqtt;
using Telemetry.IntegrationTests.Simulator;
using Telemetry.Mqtt;
using Telemetry.Testing.Mqtt;

namespace Telemetry.IntegrationTests.Edge;

/// <summary>The broker's figures on $SYS, and that they are the broker's alone.</summary>
public sealed class SysTopicsTests
{
    private static readonly string[] Names =
    [
        .. new[]
        {
            "version", "uptime", "clients/connected", "clients/disconnected", "clients/total", "clients/maximum",
            "messages/received", "messages/sent", "messages/stored", "store/messages/count", "store/messages/bytes",
            "publish/messages/received", "publish/messages/sent", "publish/messages/dropped", "bytes/received", "bytes/sent",
            "retained messages/count", "subscriptions/count",
        }.Concat(
            from load in new[]
            {
                "messages/received", "messages/sent", "publish/received", "publish/sent", "publish/dropped", "bytes/received", "bytes/sent", "sockets",
            }
            from minutes in new[] { 1, 5, 15 }
            select $"load/{load}/{minutes}min").Select(name => "$SYS/broker/" + name),
    ];

    [Fact]
    public async Task Figures_are_published_in_their_interval_when_they_have_changed()
    {
        var clock = new StepClock();
        await using var broker = await TestBroker.StartAsync(time: clock, sys: true);
        clock.Advance(TimeSpan.FromMilliseconds(100));
        await using var client = await broker.ConnectAsync("c");
        await client.PublishAsync("kept", "1234567", retain: true);
        await client.SubscribeAsync("other", MqttQualityOfServiceLevel.AtMostOnce);
        clock.Advance(TimeSpan.FromSeconds(10));
        await using var reader = await broker.ConnectAsync("reader");
        await reader.SubscribeAsync("$SYS/#", MqttQualityOfServiceLevel.AtMostOnce);
        var figures = await AllAsync(reader);
        figures.ShouldAllBe(f => f.Value.Retain);
        figures["$SYS/broker/uptime"].ConvertPayloadToString().ShouldBe("10 seconds");
        figures["$SYS/broker/clients/connected"].ConvertPayloadToString().ShouldBe("1");
        figures["$SYS/broker/clients/disconnected"].ConvertPayloadToString().ShouldBe("0");
        figures["$SYS/broker/clients/maximum"].ConvertPayloadToString().ShouldBe("1");
        figures["$SYS/broker/subscriptions/count"].ConvertPayloadToString().ShouldBe("1");
        figures["$SYS/broker/publish/messages/received"].ConvertPayloadToString().ShouldBe("1");
        // CONNECT, PUBLISH, SUBSCRIBE, and their answers.
        figures["$SYS/broker/messages/received"].ConvertPayloadToString().ShouldBe("3");
        figures["$SYS/broker/messages/sent"].ConvertPayloadToString().ShouldBe("3");
        int.Parse(figures["$SYS/broker/bytes/received"].ConvertPayloadToString()).ShouldBeGreaterThan(30);
        int.Parse(figures["$SYS/broker/bytes/sent"].ConvertPayloadToString()).ShouldBeGreaterThan(15);
        figures["$SYS/broker/version"].ConvertPayloadToString().ShouldStartWith("telemetry version ");

        // What did not change does not come again.
        clock.Advance(TimeSpan.FromSeconds(10));
        await broker.Broker.PublishAsync("$SYS/end", default);
        var again = await UntilAsync(reader, "$SYS/end");
        again.ShouldAllBe(f => !f.Value.Retain);
        again["$SYS/broker/uptime"].ConvertPayloadToString().ShouldBe("20 seconds");
        again["$SYS/broker/clients/connected"].ConvertPayloadToString().ShouldBe("2");
        again.Keys.ShouldNotContain("$SYS/broker/version");
        again.Keys.ShouldNotContain("$SYS/broker/publish/messages/received");
    }

    [Fact]
    public async Task Names_are_those_of_mosquitto()
    {
        var clock = new StepClock();
        await using var broker = await TestBroker.StartAsync(time: clock, sys: true);
        clock.Advance(TimeSpan.FromMilliseconds(100));
        clock.Advance(TimeSpan.FromSeconds(10));
        await using var reader = await broker.ConnectAsync("reader");
        await reader.SubscribeAsync("$SYS/#", MqttQualityOfServiceLevel.AtMostOnce);
        (await AllAsync(reader)).Count.ShouldBe(Names.Length);

        await using var mosquitto = await Mosquitto.StartAsync("sys_interval 1");
        await using var there = await TestClient.ConnectAsync(mosquitto.Port, "reader");
        await there.SubscribeAsync("$SYS/#", MqttQualityOfServiceLevel.AtMostOnce);
        var missing = Names.ToHashSet();
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (missing.Count > 0 && !limit.IsCancellationRequested)
        {
            // Figures that do not change come once; so that they do, there is something to count.
            await there.PublishAsync("t", "x", MqttQualityOfServiceLevel.AtLeastOnce);
            while (there.TryNext(out var message))
            {
                missing.Remove(message!.Topic);
            }

            await Task.Delay(100, TestContext.Current.CancellationToken);
        }

        missing.ShouldBeEmpty("topics that mosquitto does not have");
    }

    [Theory]
    [InlineData("$SYS/broker/version")]
    [InlineData("$SYS/broker/connection/a/b/state")]
    [InlineData("$other")]
    [InlineData("$")]
    public async Task Client_may_not_publish_to_a_topic_of_the_brokers(string topic)
    {
        await using var broker = await TestBroker.StartAsync();
        await using var reader = await broker.ConnectAsync("reader");
        await reader.SubscribeAsync("$SYS/#", MqttQualityOfServiceLevel.AtMostOnce);
        await reader.SubscribeAsync("$other", MqttQualityOfServiceLevel.AtMostOnce);
        await using var client = await broker.ConnectRawAsync("c");
        await client.PublishAsync(topic, "forged", MqttQos.AtLeastOnce, 1);
        (await client.NextAsync()).Code.ShouldBe(ReasonCode.NotAuthorized);
        await client.PublishAsync(topic, "forged", MqttQos.ExactlyOnce, 2);
        (await client.NextAsync()).Code.ShouldBe(ReasonCode.NotAuthorized);
        await using var older = await broker.ConnectRawAsync("d", MqttVersion.V311);
        await older.PublishAsync(topic, "forged", MqttQos.AtLeastOnce, 1);
        (await older.NextAsync()).Type.ShouldBe(MqttPacketType.PubAck);
        await reader.ShouldBeQuietAsync();
        await using var dying = await broker.OpenRawAsync();
        await dying.WriteAsync(o => ClientPackets.Connect(
            o, new ConnectPacket { ClientId = "e", CleanStart = true, Will = new WillMessage { TopicName = topic } }));
        (await dying.ConnAckAsync()).ReasonCode.ShouldBe(ReasonCode.NotAuthorized);
    }

    [Fact]
    public async Task Bridge_may_say_that_it_is_up()
    {
        await using var broker = await TestBroker.StartAsync();
        await using var reader = await broker.ConnectAsync("reader");
        await reader.SubscribeAsync("$SYS/#");
        await using var bridge = await broker.ConnectRawAsync(
            "b", will: new WillMessage { TopicName = "$SYS/broker/connection/b/state", Payload = "0"u8.ToArray() });
        await bridge.PublishAsync("$SYS/broker/connection/b/state", "1", MqttQos.AtLeastOnce, 1);
        (await bridge.NextAsync()).Code.ShouldBe(ReasonCode.Success);
        (await reader.NextAsync()).ConvertPayloadToString().ShouldBe("1");
        bridge.Cut();
        (await reader.NextAsync()).ConvertPayloadToString().ShouldBe("0");
    }

    /// <summary>Retained messages come in any order.</summary>
    private static async Task<Dictionary<string, MqttApplicationMessage>> AllAsync(TestClient reader)
    {
        var figures = new Dictionary<string, MqttApplicationMessage>();
        while (Names.Except(figures.Keys).Any())
        {
            var message = await reader.NextAsync();
            figures.Add(message.Topic, message);
        }

        return figures;
    }

    private static async Task<Dictionary<string, MqttApplicationMessage>> UntilAsync(TestClient reader, string end)
    {
        var figures = new Dictionary<string, MqttApplicationMessage>();
        while (true)
        {
            var message = await reader.NextAsync();
            if (message.Topic == end)
            {
                return figures;
            }

            figures[message.Topic] = message;
        }
    }
}
