using Telemetry.Edge;
using Telemetry.Mqtt;
using Telemetry.Testing.Mqtt;

namespace Telemetry.IntegrationTests.Edge;

public sealed class LimitTests
{
    [Theory]
    [InlineData(MqttVersion.V311, ReasonCode.ServerUnavailable)]
    [InlineData(MqttVersion.V500, ReasonCode.ServerBusy)]
    public async Task Connection_over_the_limit_is_told_so_and_has_room_when_another_ends(MqttVersion version, ReasonCode code)
    {
        await using var broker = await TestBroker.StartAsync(new EdgeOptions { MaxConnections = 1 });
        await using var first = await broker.ConnectAsync("1", version);
        await using (var second = await broker.OpenAsync(version))
        {
            await second.WriteAsync(o => ClientPackets.Connect(o, new ConnectPacket { Version = version, ClientId = "2", CleanStart = true }));
            (await second.ConnAckAsync()).ReasonCode.ShouldBe(code);
            (await second.TryNextAsync()).ShouldBeNull();
            broker.Broker.Connections.ShouldBe(1);
        }

        await first.PingAsync();
        await first.WriteAsync(o => DisconnectPacket.Write(o, version, ReasonCode.Success));
        (await first.TryNextAsync()).ShouldBeNull();
        // The end is seen here a moment before it is counted there.
        for (var tries = 0; ; tries++)
        {
            await using var third = await broker.OpenAsync(version);
            await third.WriteAsync(o => ClientPackets.Connect(o, new ConnectPacket { Version = version, ClientId = "3", CleanStart = true }));
            if ((await third.ConnAckAsync()).ReasonCode == ReasonCode.Success)
            {
                break;
            }

            tries.ShouldBeLessThan(100);
        }
    }
}
