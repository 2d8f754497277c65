using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Telemetry.Edge;
using Telemetry.Edge.Hosting;
using Telemetry.Edge.Reasons;
using Telemetry.Mqtt;
using Telemetry.Testing.Mqtt;

namespace Telemetry.IntegrationTests.Edge;

/// <summary>What a client may make the broker hold before anyone knows who it is.</summary>
public sealed class ConnectLimitTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Connect_over_the_limit_is_refused_on_its_header_and_larger_packets_are_taken_behind_it()
    {
        await using var broker = await TestBroker.StartAsync(new EdgeOptions { MaxConnectPacketSize = 1_024 });
        await using (var client = await broker.OpenRawAsync())
        {
            // 1,025 bytes in all are announced; these are the first ones.
            await client.SendAsync([0x10, 0xFE, 0x07, 0, 4, .. "MQTT"u8, 5, 2]);
            (await client.ConnAckAsync()).ReasonCode.ShouldBe(ReasonCode.PacketTooLarge);
            (await client.TryNextAsync()).ShouldBeNull();
        }

        await using (var client = await broker.OpenRawAsync(MqttVersion.V311))
        {
            await client.SendAsync([0x10, 0xFE, 0x07, 0, 4, .. "MQTT"u8, 4, 2]);
            (await client.TryNextAsync()).ShouldBeNull();
        }

        await using var good = await broker.ConnectRawAsync("good");
        await good.SubscribeAsync("t");
        await good.PublishAsync("t", new string('x', 100_000));
        (await good.NextAsync()).Publish().Payload.Length.ShouldBe(100_000);
    }

    [Fact]
    public async Task Largest_will_there_is_is_taken_where_the_limit_allows_it()
    {
        await using var broker = await TestBroker.StartAsync(new EdgeOptions { MaxConnectPacketSize = 256 * 1024 });
        var will = new WillMessage { TopicName = "w", Payload = new byte[65_535] };
        await using var watcher = await broker.ConnectRawAsync("watcher");
        await watcher.SubscribeAsync("w");
        await using (var client = await broker.ConnectRawAsync("a", will: will))
        {
            client.Cut();
        }

        (await watcher.NextAsync()).Publish().Payload.Length.ShouldBe(65_535);
    }

    [Fact]
    public async Task Unfinished_connects_share_one_budget_and_do_not_shut_others_out()
    {
        await using var broker = await TestBroker.StartAsync(
            new EdgeOptions { MaxConnectBytes = 65_536, ConnectTimeout = TimeSpan.FromMinutes(5) });
        var unfinished = new List<RawClient>();
        for (var i = 0; i < 4; i++)
        {
            var client = await broker.OpenRawAsync();
            unfinished.Add(client);
            await client.SendAsync(Unfinished(20_000));
        }

        // Three fit. Which of them is the one too many, nobody knows.
        var closed = await Task.WhenAny(unfinished.Select(c => c.TryNextAsync())).WaitAsync(Patience, TestContext.Current.CancellationToken);
        (await closed)!.Body.ShouldBe([0, 3]);
        await using (var small = await broker.ConnectRawAsync("small"))
        {
            await small.PingAsync();
        }

        foreach (var client in unfinished)
        {
            await client.DisposeAsync();
        }

        await broker.UntilConnectionsAsync(0);
        broker.Broker.Metrics.Closed(CloseKind.ConnectBudget).ShouldBe(1);
        await using var large = await broker.ConnectRawAsync("large", will: new WillMessage { TopicName = "w", Payload = new byte[60_000] });
        await large.PingAsync();
    }

    [Fact]
    public async Task Connect_counts_while_its_credentials_are_checked()
    {
        var options = new EdgeOptions { MaxConnectBytes = 65_536, Listeners = [new MqttListenerOptions { Port = 0 }] };
        var slow = new SlowAuthenticator();
        await using var broker = new MqttBroker(options, null, NullLoggerFactory.Instance, TimeProvider.System, slow);
        await broker.StartAsync(TestContext.Current.CancellationToken);
        await using var first = await OpenAsync(broker.Endpoints[0], "1", 40_000);
        await slow.Asked.WaitAsync(Patience, TestContext.Current.CancellationToken);
        await using var second = await OpenAsync(broker.Endpoints[0], "2", 40_000);
        (await second.ConnAckAsync()).ReasonCode.ShouldBe(ReasonCode.ServerBusy);
        slow.Let();
        (await first.ConnAckAsync()).ReasonCode.ShouldBe(ReasonCode.Success);
        await using var third = await OpenAsync(broker.Endpoints[0], "3", 40_000);
        (await third.ConnAckAsync()).ReasonCode.ShouldBe(ReasonCode.Success);
    }

    private static byte[] Unfinished(int count)
    {
        // A CONNECT of 60,003 bytes whose will never ends.
        byte[] start = [0x10, 0xE0, 0xD4, 0x03, 0, 4, .. "MQTT"u8, 4, 6, 0, 0, 0, 1, (byte)'u', 0, 1, (byte)'w', 0xEA, 0x00];
        Array.Resize(ref start, count);
        return start;
    }

    private static async Task<RawClient> OpenAsync(EndPoint endpoint, string id, int will)
    {
        var client = await RawClient.OpenAsync(endpoint);
        await client.WriteAsync(o => ClientPackets.Connect(
            o, new ConnectPacket { ClientId = id, CleanStart = true, Will = new WillMessage { TopicName = "w", Payload = new byte[will] } }));
        return client;
    }

    private sealed class SlowAuthenticator : IAuthenticator
    {
        private readonly TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool RequiresCredentials => true;

        public Task Asked => _asked.Task;

        public void Let() => _answer.SetResult();

        public async ValueTask<AuthenticationResult> AuthenticateAsync(ClientCredentials credentials, CancellationToken cancellationToken)
        {
            _asked.TrySetResult();
            await _answer.Task.WaitAsync(cancellationToken);
            return AuthenticationResult.Accepted(new MqttClientIdentity(credentials.ClientId, credentials.UserName, null));
        }
    }
}
