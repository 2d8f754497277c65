using MQTTnet;
using MQTTnet.Formatter;
using MQTTnet.Protocol;
using Telemetry.Edge;
using Telemetry.Edge.Diagnostics;
using Telemetry.IntegrationTests.Mqtt;

namespace Telemetry.IntegrationTests.Edge;

/// <summary>Limits by client, address and listener.</summary>
public sealed class ScopeLimitTests
{
    [Theory]
    [InlineData("address", MqttProtocolVersion.V500, MqttClientConnectResultCode.QuotaExceeded, LimitReached.AddressConnections)]
    [InlineData("address", MqttProtocolVersion.V311, MqttClientConnectResultCode.ServerUnavailable, LimitReached.AddressConnections)]
    [InlineData("listener", MqttProtocolVersion.V500, MqttClientConnectResultCode.QuotaExceeded, LimitReached.ListenerConnections)]
    public async Task Connection_over_the_limit_is_refused_until_another_one_goes(
        string scope, MqttProtocolVersion version, object code, object limit)
    {
        var two = new ScopeLimitOptions { Connections = 2 };
        await using var broker = await TestBroker.StartAsync(new EdgeOptions
        {
            Limits = scope == "address" ? new LimitOptions { Address = two } : new LimitOptions { Listener = two },
        });
        await using var first = await broker.ConnectAsync("1");
        await using var second = await broker.ConnectAsync("2");
        (await TryAsync(broker, "3", version)).ShouldBe((MqttClientConnectResultCode)code);
        broker.Broker.Security.Metrics.Of((LimitReached)limit).ShouldBe(1);
        await second.DisconnectAsync();
        await broker.UntilConnectionsAsync(1);
        (await TryAsync(broker, "3", version)).ShouldBe(MqttClientConnectResultCode.Success);
        await first.ShouldBeQuietAsync();
    }

    [Fact]
    public async Task Client_that_connects_too_often_is_refused_for_a_while_and_others_are_not()
    {
        var clock = new StepClock();
        await using var broker = await TestBroker.StartAsync(
            new EdgeOptions { Limits = new LimitOptions { Client = new ScopeLimitOptions { ConnectsPerSecond = 1 }, BurstSeconds = 3 } }, time: clock);
        for (var i = 0; i < 3; i++)
        {
            (await TryAsync(broker, "c")).ShouldBe(MqttClientConnectResultCode.Success);
        }

        (await TryAsync(broker, "c")).ShouldBe(MqttClientConnectResultCode.ConnectionRateExceeded);
        (await TryAsync(broker, "d")).ShouldBe(MqttClientConnectResultCode.Success);
        clock.Advance(TimeSpan.FromSeconds(1));
        (await TryAsync(broker, "c")).ShouldBe(MqttClientConnectResultCode.Success);
        broker.Broker.Security.Metrics.Of(LimitReached.ClientConnects).ShouldBe(1);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Client_that_publishes_too_fast_is_read_slower_and_loses_nothing(bool byBytes)
    {
        var limit = byBytes ? new ScopeLimitOptions { BytesPerSecond = 20_000 } : new ScopeLimitOptions { PublishesPerSecond = 200 };
        await using var broker = await TestBroker.StartAsync(
            new EdgeOptions { Limits = new LimitOptions { Client = limit, BurstSeconds = 0.5 } });
        await using var reader = await broker.ConnectAsync("reader");
        await reader.SubscribeAsync("t");
        await using var writer = await broker.ConnectAsync("writer");
        const int count = 300;
        var payload = new string('x', 100);
        await Task.WhenAll(Enumerable.Range(0, count).Select(i => writer.PublishAsync("t", $"{i} {payload}")));
        var received = new HashSet<string>();
        for (var i = 0; i < count; i++)
        {
            received.Add((await reader.NextAsync()).ConvertPayloadToString()).ShouldBeTrue();
        }

        broker.Broker.Security.Metrics.Of(byBytes ? LimitReached.ClientBytes : LimitReached.ClientPublishes).ShouldBeGreaterThan(0);
        broker.Broker.Security.Metrics.Of(byBytes ? LimitReached.ClientPublishes : LimitReached.ClientBytes).ShouldBe(0);
        await writer.ShouldBeQuietAsync();
    }

    [Fact]
    public async Task Slowed_client_is_not_taken_for_dead_and_a_stop_does_not_wait_for_it()
    {
        await using var broker = await TestBroker.StartAsync(new EdgeOptions
        {
            Limits = new LimitOptions { Client = new ScopeLimitOptions { BytesPerSecond = 1 }, BurstSeconds = 1 },
        });
        await using var client = await broker.ConnectAsync("c");
        await client.PublishAsync("t", new string('x', 100), MqttQualityOfServiceLevel.AtMostOnce);
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (broker.Broker.Security.Metrics.Of(LimitReached.ClientBytes) == 0)
        {
            await Task.Delay(20, timeout.Token);
        }

        // It would be read again in a minute.
        await broker.Broker.StopAsync(timeout.Token);
        await client.ShouldBeClosedAsync(MqttClientDisconnectReason.ServerShuttingDown);
    }

    private static async Task<MqttClientConnectResultCode> TryAsync(
        TestBroker broker, string id, MqttProtocolVersion version = MqttProtocolVersion.V500)
    {
        await using var client = await TestClient.TryConnectAsync(broker.Port, id, o => o.ProtocolVersion = version);
        return client.Answer.ResultCode;
    }
}
