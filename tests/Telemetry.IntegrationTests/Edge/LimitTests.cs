using MQTTnet;
using MQTTnet.Formatter;
using Telemetry.Edge;
using Telemetry.IntegrationTests.Mqtt;
using Telemetry.Mqtt;
using Telemetry.Testing.Mqtt;

namespace Telemetry.IntegrationTests.Edge;

public sealed class LimitTests
{
    [Theory]
    [InlineData(MqttProtocolVersion.V311, MqttClientConnectResultCode.ServerUnavailable)]
    [InlineData(MqttProtocolVersion.V500, MqttClientConnectResultCode.ServerBusy)]
    public async Task Connection_over_the_limit_is_told_so_and_has_room_when_another_ends(
        MqttProtocolVersion version, MqttClientConnectResultCode code)
    {
        await using var broker = await TestBroker.StartAsync(new EdgeOptions { MaxConnections = 1 });
        Task<TestClient> TryConnectAsync(string id) => TestClient.TryConnectAsync(broker.Port, id, o => o.ProtocolVersion = version);
        await using var first = await TryConnectAsync("1");
        first.Answer.ResultCode.ShouldBe(MqttClientConnectResultCode.Success);
        await using (var second = await TryConnectAsync("2"))
        {
            second.Answer.ResultCode.ShouldBe(code);
            broker.Broker.Connections.ShouldBe(1);
        }

        await first.ShouldBeQuietAsync();
        await first.DisconnectAsync();
        // The end is seen here a moment before it is counted there.
        for (var tries = 0; ; tries++)
        {
            await using var third = await TryConnectAsync("3");
            if (third.Answer.ResultCode == MqttClientConnectResultCode.Success)
            {
                break;
            }

            third.Answer.ResultCode.ShouldBe(code);
            tries.ShouldBeLessThan(100);
        }
    }

    [Theory]
    [InlineData(MqttVersion.V311)]
    [InlineData(MqttVersion.V500)]
    public async Task Connection_over_the_limit_is_ended_behind_its_refusal(MqttVersion version)
    {
        await using var broker = await TestBroker.StartAsync(new EdgeOptions { MaxConnections = 1 });
        await using var first = await broker.ConnectAsync("1");
        // MQTTnet would end it itself.
        await using var second = await broker.OpenRawAsync(version);
        await second.WriteAsync(o => ClientPackets.Connect(o, new ConnectPacket { Version = version, ClientId = "2", CleanStart = true }));
        (await second.NextAsync()).Type.ShouldBe(MqttPacketType.ConnAck);
        (await second.TryNextAsync()).ShouldBeNull();
    }
}
