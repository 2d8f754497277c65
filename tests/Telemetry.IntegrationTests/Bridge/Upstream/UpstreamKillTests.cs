using System.Text.Json;
using Telemetry.IntegrationTests.Simulator;
using Telemetry.IntegrationTests.Support;
using Telemetry.Testing;

namespace Telemetry.IntegrationTests.Bridge.Upstream;

/// <summary>The bridge on a real mosquitto, both killed again and again. What mosquitto had acknowledged and on disk is in the log, once by event id.</summary>
[Collection("processes")]
public sealed class UpstreamKillTests : IDisposable
{
    private const string Unlimited = "max_queued_messages 0\nmax_inflight_messages 50\n";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("telemetry-upstream-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData(1, "Never")]
    [InlineData(2, "Never")]
    [InlineData(1, "Auto")]
    public async Task Nothing_that_mosquitto_acknowledged_is_lost_when_it_and_the_bridge_are_killed(int qos, string sharing)
    {
        const int Rounds = 3;
        const int Each = 150;
        await using var mosquitto = await Mosquitto.StartAsync(Unlimited, persistent: true);
        var http = FreePorts.Find();
        var random = new Random(qos);
        var published = 0;
        async Task PublishAsync()
        {
            await UpstreamLab.PublishAsync(mosquitto.Port, "press-1", published + 1, Each);
            published += Each;
        }

        for (var round = 0; round < Rounds; round++)
        {
            await using var bridge = UpstreamLab.StartBridge(_folder.FullName, mosquitto.Port, http, "--instance", "a", "--qos", $"{qos}", "--set", $"Upstream:Sharing={sharing}");
            await bridge.WaitForAsync("Subscribed at");
            var publishing = PublishAsync();
            await Task.Delay(random.Next(150), TestContext.Current.CancellationToken);
            bridge.Kill();
            await bridge.WaitAsync();
            await publishing;

            // Nobody is there: mosquitto keeps these for the session, and dies.
            await PublishAsync();
            await mosquitto.SaveAsync();
            await mosquitto.KillAsync();
            await mosquitto.StartAgainAsync();
        }

        await using (var bridge = UpstreamLab.StartBridge(_folder.FullName, mosquitto.Port, http, "--instance", "a", "--qos", $"{qos}", "--set", $"Upstream:Sharing={sharing}"))
        {
            await bridge.WaitForAsync("Subscribed at");
            var publishing = PublishAsync();
            await Task.Delay(random.Next(100), TestContext.Current.CancellationToken);
            await publishing;
            await mosquitto.SaveAsync();
            await mosquitto.KillAsync();
            await mosquitto.StartAgainAsync();
            if (sharing != "Never")
            {
                // mosquitto 2.0 forgets shared subscriptions, though not the sessions, and acknowledges what then goes to nobody.
                await UpstreamLab.UntilMetricAsync(http, "telemetry_bridge_upstream_connects_total", connects => connects == 2);
            }

            await PublishAsync();
            await UpstreamLab.WaitUntilQuietAsync(http);
            bridge.Terminate();
            (await bridge.WaitAsync()).ShouldBe(0, bridge.Errors);
        }

        var ids = await UpstreamLab.ReadLogAsync(_folder.FullName);
        ids.Distinct().Order().ShouldBe(UpstreamLab.Ids("press-1", published).Order());
    }

    [Fact]
    public async Task Instances_share_the_messages_and_those_of_a_killed_one_wait_for_it()
    {
        const int Each = 300;
        await using var mosquitto = await Mosquitto.StartAsync(Unlimited);
        string[] data = [Path.Combine(_folder.FullName, "a"), Path.Combine(_folder.FullName, "b")];
        int[] http = [FreePorts.Find(), FreePorts.Find()];
        var first = UpstreamLab.StartBridge(data[0], mosquitto.Port, http[0], "--instance", "a");
        await using var second = UpstreamLab.StartBridge(data[1], mosquitto.Port, http[1], "--instance", "b");
        await first.WaitForAsync("Subscribed at");
        await second.WaitForAsync("Subscribed at");

        await UpstreamLab.PublishAsync(mosquitto.Port, "press-1", 1, Each);
        var publishing = UpstreamLab.PublishAsync(mosquitto.Port, "press-1", Each + 1, Each);
        first.Kill();
        await first.WaitAsync();
        await first.DisposeAsync();
        await publishing;
        await UpstreamLab.PublishAsync(mosquitto.Port, "press-1", (2 * Each) + 1, Each);
        await using (var again = UpstreamLab.StartBridge(data[0], mosquitto.Port, http[0], "--instance", "a"))
        {
            await again.WaitForAsync("session kept: True");
            await UpstreamLab.WaitUntilQuietAsync(http[0]);
            again.Terminate();
            (await again.WaitAsync()).ShouldBe(0, again.Errors);
        }

        await UpstreamLab.WaitUntilQuietAsync(http[1]);
        second.Terminate();
        (await second.WaitAsync()).ShouldBe(0, second.Errors);

        var shares = new[] { await UpstreamLab.ReadLogAsync(data[0]), await UpstreamLab.ReadLogAsync(data[1]) };
        shares.ShouldAllBe(share => share.Count > Each / 4);
        shares.SelectMany(share => share).Distinct().Order().ShouldBe(UpstreamLab.Ids("press-1", 3 * Each).Order());
    }

    [Fact]
    public async Task Fleet_on_mosquitto_audits_clean_though_the_platform_behind_it_is_killed()
    {
        await using var mosquitto = await Mosquitto.StartAsync(Unlimited);
        var http = FreePorts.Find();
        var data = _folder.FullName;
        TelemetryProcess StartPlatform() => TelemetryProcess.Start(
            "up", "--no-simulator", "--no-browser", "--plain", "--data", data, "--mqtt-port", "0", "--http-port", $"{http}", "--instance", "a",
            "--set", $"Upstream:Broker=mqtt://127.0.0.1:{mosquitto.Port}");
        var platform = StartPlatform();
        try
        {
            await platform.WaitForAsync("Subscribed at");
            await using var fleet = TelemetryProcess.Start(
                "simulate", "--data", data, "--broker", $"127.0.0.1:{mosquitto.Port}", "--devices", "20", "--rate", "1000/s", "--plain",
                "--set", "Simulator:DuplicateShare=0.01");
            for (var i = 0; i < 2; i++)
            {
                await Task.Delay(TimeSpan.FromSeconds(3), TestContext.Current.CancellationToken);
                platform.Kill();
                await platform.WaitAsync();
                await platform.DisposeAsync();
                platform = StartPlatform();
                await platform.WaitForAsync("Subscribed at");
            }

            fleet.Terminate();
            (await fleet.WaitAsync()).ShouldBe(0, fleet.Errors);
            await UpstreamLab.WaitUntilQuietAsync(http);
            platform.Terminate();
            (await platform.WaitAsync()).ShouldBe(0, platform.Errors);
        }
        finally
        {
            await platform.DisposeAsync();
        }

        var (code, output, errors) = await TelemetryProcess.RunAsync("audit", "--data", data, "--json");
        code.ShouldBe(0, output + errors);
        using var audit = JsonDocument.Parse(output);
        var root = audit.RootElement;
        root.GetProperty("acked").GetInt64().ShouldBeGreaterThan(1000);
        root.GetProperty("raw").GetInt64().ShouldBe(root.GetProperty("log").GetInt64());
        root.GetProperty("lost").GetInt64().ShouldBe(0);
        root.GetProperty("doubled").GetInt64().ShouldBe(0);
        root.GetProperty("unexplained").GetInt64().ShouldBe(0);
    }
}
