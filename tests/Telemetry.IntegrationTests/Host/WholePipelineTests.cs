using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Telemetry.IntegrationTests.Support;
using Telemetry.Testing;

namespace Telemetry.IntegrationTests.Host;

/// <summary>The executable end to end, as a user and as chaos would run it.</summary>
[Collection("processes")]
public sealed class WholePipelineTests : IDisposable
{
    private readonly string _data = Directory.CreateTempSubdirectory("telemetry-pipeline-").FullName;

    public void Dispose() => Directory.Delete(_data, recursive: true);

    [Fact]
    public async Task Up_for_a_while_reports_and_its_audit_is_clean()
    {
        var report = Path.Combine(_data, "report.json");

        var (code, _, errors) = await TelemetryProcess.RunAsync(
            "up", "--data", _data, "--for", "5s", "--devices", "200", "--rate", "2000/s", "--mqtt-port", "0", "--http-port", "0",
            "--no-browser", "--plain", "--report", report);

        code.ShouldBe(0, errors);
        using var figures = JsonDocument.Parse(await File.ReadAllTextAsync(report, TestContext.Current.CancellationToken));
        var acked = figures.RootElement.GetProperty("acked").GetInt64();
        acked.ShouldBeGreaterThan(0);
        figures.RootElement.GetProperty("e2e_ms").GetProperty("p50").GetDouble().ShouldBeGreaterThan(0);
        figures.RootElement.GetProperty("puback_ms").GetProperty("p99").GetDouble().ShouldBeGreaterThan(0);
        await ShouldAuditCleanAsync(atLeast: acked);
    }

    [Fact]
    public async Task Nothing_acknowledged_is_lost_or_doubled_when_the_platform_is_killed_again_and_again()
    {
        const int kills = 3;
        var port = FreePorts.Find();
        var random = new Random(7);
        var platform = StartPlatform(port);
        try
        {
            await platform.WaitForPortAsync(port);
            await using var fleet = TelemetryProcess.Start(
                "simulate", "--data", _data, "--broker", $"127.0.0.1:{port}", "--devices", "50", "--rate", "3000/s", "--plain",
                "--set", "Simulator:ReconnectDelayMax=1s", "--set", "Simulator:DuplicateShare=0.01", "--set", "Simulator:OutOfOrderShare=0.2");
            for (var i = 0; i < kills; i++)
            {
                // 60 publishes a second of each device: by the last kills the ledger's window of 256 has gone round.
                await Task.Delay(TimeSpan.FromMilliseconds(2000 + random.Next(2500)), TestContext.Current.CancellationToken);
                platform.Kill();
                await platform.WaitAsync();
                await platform.DisposeAsync();
                platform = StartPlatform(port);
                await platform.WaitForPortAsync(port);
            }

            fleet.Terminate();
            (await fleet.WaitAsync()).ShouldBe(0, fleet.Errors);
            platform.Terminate();
            (await platform.WaitAsync()).ShouldBe(0, platform.Errors);
        }
        finally
        {
            await platform.DisposeAsync();
        }

        await ShouldAuditCleanAsync(atLeast: 1000);
    }

    [Fact]
    public async Task Audit_finds_a_reading_that_was_taken_away()
    {
        var (code, _, errors) = await TelemetryProcess.RunAsync(
            "up", "--data", _data, "--for", "3s", "--devices", "20", "--rate", "200/s", "--mqtt-port", "0", "--http-port", "0",
            "--no-browser", "--plain");
        code.ShouldBe(0, errors);

        // Taken from the log whole: what devices were told is stored is then nowhere.
        foreach (var segment in Directory.EnumerateDirectories(Path.Combine(_data, "journal", "topics")))
        {
            Directory.Delete(segment, recursive: true);
        }

        Directory.Delete(Path.Combine(_data, "clickhouse"), recursive: true);
        Directory.Delete(Path.Combine(_data, "journal"), recursive: true);
        Directory.CreateDirectory(Path.Combine(_data, "journal"));
        var (audit, output, _) = await TelemetryProcess.RunAsync("audit", "--data", _data, "--json");

        audit.ShouldBe(1);
        using var report = JsonDocument.Parse(output);
        report.RootElement.GetProperty("lost").GetInt64().ShouldBe(report.RootElement.GetProperty("acked").GetInt64());
        report.RootElement.GetProperty("lost").GetInt64().ShouldBeGreaterThan(0);
    }

    [Fact]
    public async Task Second_process_over_the_same_data_is_refused_with_a_sentence()
    {
        var port = FreePorts.Find();
        await using var first = StartPlatform(port);
        await first.WaitForPortAsync(port);

        var (code, _, errors) = await TelemetryProcess.RunAsync(
            "up", "--no-simulator", "--no-browser", "--plain", "--data", _data, "--mqtt-port", "0", "--http-port", "0");

        code.ShouldBe(2);
        errors.ShouldContain("is in use by process");
        errors.ShouldNotContain("   at Telemetry.");
        first.Terminate();
        (await first.WaitAsync()).ShouldBe(0, first.Errors);
    }

    [Theory]
    [InlineData("--mqtt-port", "--http-port")]
    [InlineData("--http-port", "--mqtt-port")]
    public async Task Port_in_use_is_named_with_the_flag_for_another(string taken, string free)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;

        var (code, _, errors) = await TelemetryProcess.RunAsync(
            "up", "--no-simulator", "--no-browser", "--plain", "--data", _data, taken, $"{port}", free, "0");

        code.ShouldBe(2, errors);
        errors.ShouldContain($"127.0.0.1:{port}");
        errors.ShouldContain(taken);
        errors.ShouldNotContain("   at Telemetry.");
    }

    [Fact]
    public async Task Wrong_setting_is_named_with_value_and_fix()
    {
        var (code, _, errors) = await TelemetryProcess.RunAsync("up", "--data", _data, "--set", "Sink:RawFlushIntervall=100ms");

        code.ShouldBe(2);
        errors.ShouldContain("Sink:RawFlushIntervall");
        errors.ShouldContain("Did you mean Sink:RawFlushInterval?");
    }

    private TelemetryProcess StartPlatform(int port) => TelemetryProcess.Start(
        "up", "--no-simulator", "--no-browser", "--plain", "--data", _data, "--mqtt-port", $"{port}", "--http-port", "0");

    private async Task ShouldAuditCleanAsync(long atLeast)
    {
        var (code, output, errors) = await TelemetryProcess.RunAsync("audit", "--data", _data, "--json");

        code.ShouldBe(0, output + errors);
        using var audit = JsonDocument.Parse(output);
        var root = audit.RootElement;
        root.GetProperty("acked").GetInt64().ShouldBeGreaterThanOrEqualTo(atLeast);
        root.GetProperty("raw").GetInt64().ShouldBe(root.GetProperty("log").GetInt64());
        root.GetProperty("lost").GetInt64().ShouldBe(0);
        root.GetProperty("doubled").GetInt64().ShouldBe(0);
        root.GetProperty("unexplained").GetInt64().ShouldBe(0);
    }
}
