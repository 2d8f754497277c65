using System.Globalization;
using Telemetry.Bridge;
using Telemetry.IntegrationTests.Simulator;
using Telemetry.IntegrationTests.Sparkplug;
using Telemetry.IntegrationTests.Support;
using Telemetry.Testing;

namespace Telemetry.IntegrationTests.Bridge.Upstream;

/// <summary>Sparkplug edge nodes that stay with the plant's mosquitto, and the host behind it.</summary>
[Collection("processes")]
public sealed class UpstreamSparkplugTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("telemetry-upstream-sparkplug-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Node_behind_mosquitto_is_asked_for_its_births_and_every_value_is_stored_once_though_the_platform_is_killed()
    {
        const int Values = 60;
        await using var mosquitto = await Mosquitto.StartAsync("max_queued_messages 0\n", persistent: true);
        var sent = new List<double>();
        await using var edge = await MqttEdge.ConnectAsync(mosquitto.Port, "plant", "line-1");

        // Nobody was there when it was born.
        await edge.SendAsync(edge.Script.NBirth(edge.Script.Born("count", 1, -1)));
        await using (var platform = Start(mosquitto.Port))
        {
            await platform.WaitForAsync("Subscribed at");
            await edge.SendAsync(edge.Script.NData(edge.Script.Changed(1, -2)));
            await edge.RebirthAsync().WaitAsync(Patience, TestContext.Current.CancellationToken);
            await edge.SendAsync(edge.Script.NBirth(edge.Script.Born("count", 1, 0)));
            sent.Add(0);
            await SendAsync(1);
            platform.Kill();
            await platform.WaitAsync();
        }

        // mosquitto keeps these for our session.
        await SendAsync(1 + Values);
        await using (var platform = Start(mosquitto.Port))
        {
            await platform.WaitForAsync("Subscribed at");
            await SendAsync(1 + (2 * Values));
            edge.Cut();
            await platform.WaitForAsync("Subscribed at");
            await using (var last = await MqttEdge.ConnectAsync(mosquitto.Port, "plant", "line-1", bdSeq: 1))
            {
                await last.SendAsync(last.Script.NBirth(last.Script.Born("count", 1, 1000)));
                sent.Add(1000);
                await last.DisconnectAsync();
            }

            await UpstreamLab.WaitUntilQuietAsync(_http);
            platform.Terminate();
            (await platform.WaitAsync()).ShouldBe(0, platform.Errors);
        }

        await using var log = SparkplugStage.OpenLog(Path.Combine(_folder.FullName, "journal"));
        await SparkplugStage.SettleAsync(log, new SparkplugOptions().Group).WaitAsync(Patience, TestContext.Current.CancellationToken);
        var readings = await SparkplugStage.ReadingsAsync(log);
        readings.Select(r => r.Value).Order().ShouldBe(sent.Order());
        readings.Select(r => r.Device).Distinct().ShouldBe(["plant:line-1"]);

        async Task SendAsync(int from)
        {
            for (var value = from; value < from + Values; value++)
            {
                edge.Script.NowMs = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
                await edge.SendAsync(edge.Script.NData(edge.Script.Changed(1, value)));
                sent.Add(value);
            }
        }
    }

    private readonly int _http = FreePorts.Find();

    private TelemetryProcess Start(int broker) => TelemetryProcess.Start(
        "up", "--no-simulator", "--no-browser", "--plain", "--data", _folder.FullName, "--mqtt-port", "0",
        "--http-port", _http.ToString(CultureInfo.InvariantCulture), "--set", $"Upstream:Broker=mqtt://127.0.0.1:{broker}",
        "--set", "Upstream:Filters:0=spBv1.0/#", "--set", "Upstream:ReconnectPauseMax=1s", "--set", "Upstream:Sharing=Never");
}
