using System.Globalization;
using Telemetry.IntegrationTests.Bridge.Upstream;
using Telemetry.IntegrationTests.Support;
using Telemetry.Testing;

namespace Telemetry.IntegrationTests.Bridge.Forwarding;

/// <summary>A large backlog on a small machine. For docs/gateway.md; takes minutes, so it is run by name.</summary>
[Collection("processes")]
public sealed class GatewayBacklogTests : IDisposable
{
    private const int Readings = 1_000_000;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("telemetry-backlog-");

    public void Dispose() => _folder.Delete(recursive: true);

    /// <summary>Each reading is a record of its own: the worst case.</summary>
    [Fact(Explicit = true)]
    public async Task A_million_readings_wait_and_are_forwarded_within_the_memory_of_a_gateway()
    {
        var (central, mqtt, http) = (FreePorts.Find(), FreePorts.Find(), FreePorts.Find());
        var directory = Path.Combine(_folder.FullName, "gateway");
        TelemetryProcess StartGateway() => TelemetryProcess.Start(
            "gateway", "--central", $"mqtt://127.0.0.1:{central}", "--data", directory, "--mqtt-port", $"{mqtt}", "--http-port", $"{http}",
            "--instance", "plant-7", "--set", "Gateway:ReconnectPauseMax=1s");
        await using (var gateway = StartGateway())
        {
            await gateway.WaitForPortAsync(mqtt);
            await using var fleet = TelemetryProcess.Start(
                "simulate", "--broker", $"127.0.0.1:{mqtt}", "--devices", "200", "--rate", "max", "--plain", "--data", Path.Combine(_folder.FullName, "fleet"));
            await UpstreamLab.UntilMetricAsync(http, "telemetry_forward_backlog_records", records => records >= Readings, TimeSpan.FromMinutes(10));
            fleet.Kill();
            Tell("stored", gateway);
            gateway.Kill();
            await gateway.WaitAsync();
        }

        await using var again = StartGateway();
        await again.WaitForPortAsync(mqtt);
        await UpstreamLab.UntilMetricAsync(http, "telemetry_forward_backlog_records", records => records >= Readings, TimeSpan.FromMinutes(2));
        Tell("opened after kill -9", again);
        await using var platform = TelemetryProcess.Start(
            "up", "--no-simulator", "--no-browser", "--plain", "--data", Path.Combine(_folder.FullName, "central"), "--mqtt-port", $"{central}", "--http-port", "0");
        await UpstreamLab.UntilMetricAsync(http, "telemetry_forward_backlog_records", records => records == 0, TimeSpan.FromMinutes(10));
        Tell("forwarded", again);
    }

    private static void Tell(string what, TelemetryProcess gateway)
    {
        var memory = MemoryHighWater.Of(gateway.Id);
        var line = string.Create(CultureInfo.InvariantCulture, $"{what}: at most {memory / 1e6:F0} MB resident");
        TestContext.Current.TestOutputHelper?.WriteLine(line);
        TestContext.Current.SendDiagnosticMessage(line);
        memory.ShouldBeLessThan(GatewayTests.MemoryMax, what);
    }
}
