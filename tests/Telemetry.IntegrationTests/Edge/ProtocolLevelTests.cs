using System.Globalization;
using MQTTnet;
using MQTTnet.Formatter;
using MQTTnet.Protocol;
using Telemetry.Edge;
using Telemetry.IntegrationTests.Simulator;
using Telemetry.Mqtt;

namespace Telemetry.IntegrationTests.Edge;

/// <summary>Versions of the protocol: those that are spoken, and what the others are told.</summary>
public sealed class ProtocolLevelTests
{
    [Theory]
    [InlineData("MQTT", 0)]
    [InlineData("MQTT", 3)]
    [InlineData("MQTT", 0x83)]
    [InlineData("MQTT", 0x84)]
    [InlineData("MQIsdp", 0x83)]
    [InlineData("MQIsdp", 5)]
    public async Task Level_below_5_that_is_not_spoken_gets_return_code_1_and_the_end(string name, byte level)
    {
        await using var broker = await TestBroker.StartAsync();
        await using var client = await broker.OpenRawAsync(MqttVersion.V311);
        await client.SendAsync(Connect(name, level, 2));
        var answer = await client.NextAsync();
        answer.Type.ShouldBe(MqttPacketType.ConnAck);
        answer.Body.ShouldBe([0, 1]); // [MQTT-3.1.2-2] of 3.1.1
        (await client.TryNextAsync()).ShouldBeNull();
    }

    [Fact]
    public async Task Client_of_3_1_is_served_as_one_of_3_1_1()
    {
        await using var broker = await TestBroker.StartAsync();
        await using var client = await broker.OpenRawAsync(MqttVersion.V311);
        await client.SendAsync(Connect("MQIsdp", 3, 2));
        (await client.ConnAckAsync()).ReasonCode.ShouldBe(ReasonCode.Success);
        await client.SubscribeAsync("t", MqttQos.AtLeastOnce);
        await client.PublishAsync("t", "old", MqttQos.AtLeastOnce, 7);
        RawPacket[] both = [await client.NextAsync(), await client.NextAsync()];
        both.ShouldContain(p => p.Type == MqttPacketType.PubAck);
        both.Single(p => p.Type == MqttPacketType.Publish).Publish().Payload.ShouldBe("old");
    }

    [Fact]
    public async Task MQTTnet_with_3_1_gets_its_messages()
    {
        await using var broker = await TestBroker.StartAsync();
        await using var client = await broker.ConnectAsync("gateway", o => o.ProtocolVersion = MqttProtocolVersion.V310);
        await client.SubscribeAsync("t");
        await client.PublishAsync("t", "old");
        (await client.NextAsync()).ConvertPayloadToString().ShouldBe("old");
    }

    [Fact]
    public async Task Client_of_3_1_gets_return_code_1_where_that_is_switched_off()
    {
        await using var broker = await TestBroker.StartAsync(new EdgeOptions { AcceptMqtt31 = false });
        await using var client = await broker.OpenRawAsync(MqttVersion.V311);
        await client.SendAsync(Connect("MQIsdp", 3, 2));
        (await client.NextAsync()).Body.ShouldBe([0, 1]);
        (await client.TryNextAsync()).ShouldBeNull();
    }

    [Fact]
    public async Task Client_of_3_1_without_an_identifier_gets_return_code_2()
    {
        await using var broker = await TestBroker.StartAsync();
        await using var client = await broker.OpenRawAsync(MqttVersion.V311);
        await client.SendAsync([0x10, 14, 0, 6, .. "MQIsdp"u8, 3, 2, 0, 0, 0, 0]);
        (await client.NextAsync()).Body.ShouldBe([0, 2]);
    }

    [Fact]
    public async Task Remaining_length_in_a_longer_form_is_taken_from_3_1_1_and_refused_to_5_0()
    {
        await using var broker = await TestBroker.StartAsync();
        await using (var client = await broker.OpenRawAsync(MqttVersion.V311))
        {
            await client.SendAsync([0x10, 0x8D, 0x80, 0x80, 0x00, .. Connect("MQTT", 4, 2).AsSpan(2)]);
            (await client.ConnAckAsync()).ReasonCode.ShouldBe(ReasonCode.Success);
            await client.SendAsync(0xC0, 0x80, 0x00);
            (await client.NextAsync()).Type.ShouldBe(MqttPacketType.PingResp);
        }

        await using var newer = await broker.OpenRawAsync();
        await newer.SendAsync([0x10, 0x8E, 0x00, 0, 4, .. "MQTT"u8, 5, 2, 0, 0, 0, 0, 1, (byte)'m']);
        (await newer.ConnAckAsync()).ReasonCode.ShouldBe(ReasonCode.MalformedPacket);
        (await newer.TryNextAsync()).ShouldBeNull();
    }

    [Theory]
    [InlineData("")]
    [InlineData("bridge_protocol_version mqttv31")]
    [InlineData("bridge_protocol_version mqttv50")]
    public async Task Mosquitto_as_a_bridge_passes_messages_both_ways(string version)
    {
        await using var broker = await TestBroker.StartAsync();
        await using var mosquitto = await Mosquitto.StartAsync(string.Create(
            CultureInfo.InvariantCulture,
            $"connection plant\naddress 127.0.0.1:{broker.Port}\ntopic up/# out 2\ntopic down/# in 1\n{version}"));
        await using var here = await broker.ConnectAsync("here");
        await here.SubscribeAsync("up/#", MqttQualityOfServiceLevel.ExactlyOnce);
        await using var there = await Mqtt.TestClient.ConnectAsync(mosquitto.Port, "there");
        await there.SubscribeAsync("down/#");
        // The bridge comes when it likes, after its first level was refused; what is published before its subscription stands reaches nobody.
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        MqttApplicationMessage? down;
        while (!there.TryNext(out down))
        {
            limit.Token.ThrowIfCancellationRequested();
            await here.PublishAsync("down/x", "to the plant");
            await Task.Delay(100, limit.Token);
        }

        (down!.Topic, down.ConvertPayloadToString()).ShouldBe(("down/x", "to the plant"));
        await there.PublishAsync("up/x", "from the plant", MqttQualityOfServiceLevel.ExactlyOnce);
        var up = await here.NextAsync();
        (up.Topic, up.ConvertPayloadToString()).ShouldBe(("up/x", "from the plant"));
    }

    private static byte[] Connect(string name, byte level, byte flags) =>
        [0x10, (byte)(name.Length + 9), 0, (byte)name.Length, .. System.Text.Encoding.ASCII.GetBytes(name), level, flags, 0, 0, 0, 1, (byte)'m'];
}
