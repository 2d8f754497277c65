using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Telemetry.Bridge;
using Telemetry.Bridge.Sparkplug.Host;
using Telemetry.IntegrationTests.Support;
using Telemetry.Testing;

namespace Telemetry.IntegrationTests.Sparkplug;

/// <summary>The edge role as a process that is killed with SIGKILL while edge nodes publish.</summary>
[Collection("processes")]
public sealed class SparkplugKillTests : IDisposable
{
    private const int Kills = 3;
    private const int AcknowledgedPerLife = 400;

    private readonly string _data = Directory.CreateTempSubdirectory("telemetry-sparkplug-kill-").FullName;

    public void Dispose() => Directory.Delete(_data, recursive: true);

    [Fact]
    public async Task Every_acknowledged_value_is_there_once_and_no_value_twice_after_kill_9()
    {
        var acknowledged = new List<double>();
        var unanswered = new List<double>();
        var next = 1.0;
        for (var life = 0; life <= Kills; life++)
        {
            var port = FreePorts.Find();
            var text = port.ToString(CultureInfo.InvariantCulture);
            await using var process = TelemetryProcess.Start("edge", "--data", _data, "--mqtt-port", text, "--http-port", "0");
            await process.WaitForPortAsync(port);
            await using var edge = await MqttEdge.ConnectAsync(port, "plant", "line-1", bdSeq: (ulong)life);
            await edge.SendAsync(edge.Script.NBirth(edge.Script.Born("count", 1, -life - 1)));
            acknowledged.Add(-life - 1);
            var until = acknowledged.Count + AcknowledgedPerLife;
            while (acknowledged.Count < until)
            {
                edge.Script.NowMs = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
                await edge.SendAsync(edge.Script.NData(edge.Script.Changed(1, next), edge.Script.Changed(1, next + 0.5)));
                acknowledged.AddRange([next, next + 0.5]);
                next++;
            }

            // Sent, and killed before anyone knows what became of it.
            var last = edge.SendAsync(edge.Script.NData(edge.Script.Changed(1, next)));
            unanswered.Add(next++);
            process.Kill();
            await last.ContinueWith(static _ => { }, TaskScheduler.Default);
        }

        await using var log = SparkplugStage.OpenLog(Path.Combine(_data, "journal"));
        await using var host = new SparkplugHost(log, new BridgeOptions(), TimeProvider.System, NullLogger<SparkplugHost>.Instance);
        host.Start();
        await SparkplugStage.SettleAsync(log, new SparkplugOptions().Group);
        var readings = await SparkplugStage.ReadingsAsync(log);

        var values = readings.Select(r => r.Value).ToList();
        acknowledged.Count.ShouldBe((Kills + 1) * (AcknowledgedPerLife + 1));
        acknowledged.Except(values).ShouldBeEmpty("acknowledged and lost");
        values.GroupBy(v => v).Where(g => g.Count() > 1).Select(g => g.Key).ShouldBeEmpty("there twice");
        values.Except(acknowledged).Except(unanswered).ShouldBeEmpty("never sent");
        readings.Select(r => (r.Device, r.BootId, r.Sequence)).Distinct().Count().ShouldBe(readings.Count);
        readings.Select(r => r.Sequence).ShouldBe(Enumerable.Range(1, readings.Count).Select(i => (ulong)i));
    }
}
