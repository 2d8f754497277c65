using System.Globalization;
using Telemetry.Edge;
using Telemetry.Edge.Hosting;
using Telemetry.IntegrationTests.Support;
using Telemetry.Mqtt;
using Telemetry.Mqtt.Ingest;

namespace Telemetry.IntegrationTests.Edge;

/// <summary>Clients that the broker cannot mend, and of which its log has to tell, once and not for each connection.</summary>
public sealed class ContestedSessionTests
{
    private const int Contested = 1024;
    private const int WillNotStored = 1012;

    [Fact]
    public async Task Two_clients_under_one_id_are_named_in_one_line_and_counted()
    {
        var log = new LogEntries();
        await using var broker = await StartAsync(new EdgeOptions(), null, log);
        RawClient? last = null;
        for (var i = 0; i < 12; i++)
        {
            last = await RawClient.ConnectAsync(broker.Endpoints[0], new ConnectPacket { ClientId = "twin", CleanStart = true });
        }

        await using var other = await RawClient.ConnectAsync(broker.Endpoints[0], new ConnectPacket { ClientId = "other", CleanStart = true });
        await using var another = await RawClient.ConnectAsync(broker.Endpoints[0], new ConnectPacket { ClientId = "other", CleanStart = true });
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (broker.Metrics.Contested < 8)
        {
            await Task.Delay(10, limit.Token);
        }

        // One that came back once is no contest.
        var told = log.All.Where(e => e.Id == Contested).ShouldHaveSingleItem();
        told.Text.ShouldContain("'twin'");
        await last!.DisposeAsync();
    }

    [Fact]
    public async Task Wills_that_the_log_does_not_take_are_told_in_one_line()
    {
        var log = new LogEntries();
        var ingest = new ScriptedIngest();
        await using var broker = await StartAsync(new EdgeOptions(), ingest, log);
        for (var i = 0; i < 20; i++)
        {
            var client = await RawClient.ConnectAsync(
                broker.Endpoints[0],
                new ConnectPacket { ClientId = $"{i}", CleanStart = true, Will = new WillMessage { TopicName = "in/wrong" } });
            client.Cut();
            await ingest.TakenAsync(i + 1);
            ingest.Answer(i, IngestOutcome.RejectedTopic);
        }

        log.All.Count(e => e.Id == WillNotStored).ShouldBe(1);
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(600, false)]
    public async Task Tcp_looks_after_a_client_without_keep_alive(ushort keepAlive, bool expected)
    {
        Assert.SkipUnless(File.Exists("/proc/net/tcp"), "Sockets with their timers are listed on Linux alone.");
        await using var broker = await TestBroker.StartAsync();
        await using var client = await broker.ConnectRawAsync("c", keepAlive: keepAlive);
        await client.PingAsync();
        var port = broker.Port.ToString("X4", CultureInfo.InvariantCulture);
        string timer;
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while ((timer = TimerOf(port)).StartsWith("01:", StringComparison.Ordinal))
        {
            // The answer to the ping is not acknowledged yet.
            await Task.Delay(10, limit.Token);
        }

        // 02: a timer that is neither of sending nor of closing, which is the one of keep-alive.
        timer.StartsWith("02:", StringComparison.Ordinal).ShouldBe(expected, timer);
    }

    /// <summary>The timer of the one established connection to this port, as the server's kernel has it.</summary>
    private static string TimerOf(string port) => File.ReadLines("/proc/net/tcp").Concat(File.ReadLines("/proc/net/tcp6"))
        .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        .Where(fields => fields[1].EndsWith(":" + port, StringComparison.Ordinal) && fields[3] == "01")
        .ShouldHaveSingleItem()[5];

    private static async Task<MqttBroker> StartAsync(EdgeOptions options, IIngest? ingest, LogEntries log)
    {
        var broker = new MqttBroker(options with { Listeners = [new MqttListenerOptions { Port = 0 }] }, ingest, log, TimeProvider.System);
        await broker.StartAsync();
        return broker;
    }
}
