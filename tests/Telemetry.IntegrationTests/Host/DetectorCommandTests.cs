using System.Text.Json;
using Telemetry.IntegrationTests.Support;
using Telemetry.Testing;

namespace Telemetry.IntegrationTests.Host;

/// <summary>Detectors from the command line over a fleet that really ran: scored, tried on the past, put in force.</summary>
[Collection("processes")]
public sealed class DetectorCommandTests : IDisposable
{
    private const string Detector = "iid-spike:Confidence=99.9,PvalueHistoryLength=30";

    private readonly string _data = Directory.CreateTempSubdirectory("telemetry-detectors-").FullName;

    public void Dispose() => Directory.Delete(_data, recursive: true);

    [Fact]
    public async Task What_ran_is_scored_by_its_labels_and_what_a_backtest_tried_is_put_in_force()
    {
        // A fault a device every ten seconds or so: enough of them in a short run.
        await RunAsync(
            "up", "--data", _data, "--for", "12s", "--devices", "20", "--rate", "600/s", "--mqtt-port", "0", "--http-port", "0", "--no-browser", "--plain",
            "--set", "Simulator:FaultsPerDeviceDay=9000");

        var report = Path.Combine(_data, "score.json");
        await RunAsync("score", "--data", _data, "--labels", Path.Combine(_data, "labels.jsonl"), "--from", "10m", "--interval", "33ms", "--report", report);
        using (var score = JsonDocument.Parse(await File.ReadAllTextAsync(report, TestContext.Current.CancellationToken)))
        {
            score.RootElement.GetProperty("readings").GetInt64().ShouldBeGreaterThan(3000);
            score.RootElement.GetProperty("byKind").EnumerateArray().Sum(row => row.GetProperty("faults").GetInt32()).ShouldBeGreaterThan(5);
            (score.RootElement.GetProperty("devices").GetInt32() + score.RootElement.GetProperty("cleanDevices").GetInt32()).ShouldBe(20);
        }

        // Stopped: it is written to the log itself.
        var tried = await RunAsync("backtest", "--data", _data, "--from", "10m", "--warm-up", "1m", "--sensor", "vibration", "--detector", Detector, "--no-gate", "--apply");
        tried.ShouldContain("would have fired");
        tried.ShouldContain("Version 1 of the detector settings is in force.");

        // Running: over its API.
        var (mqtt, http) = (FreePorts.Find(), FreePorts.Find());
        await using var platform = TelemetryProcess.Start(
            "up", "--no-simulator", "--no-browser", "--plain", "--data", _data, "--mqtt-port", $"{mqtt}", "--http-port", $"{http}");
        await platform.WaitForPortAsync(http);
        await platform.WaitForPortAsync(mqtt);
        var document = await RunAsync("detectors", "get", "--api", $"http://127.0.0.1:{http}");
        using (var settings = JsonDocument.Parse(document))
        {
            var rule = settings.RootElement.GetProperty("rules")[0];
            rule.GetProperty("sensor").GetString().ShouldBe("vibration");
            rule.GetProperty("detectors")[0].GetProperty("detector").GetString().ShouldBe("iid-spike");
        }

        (await RunAsync("detectors", "list", "--api", $"http://127.0.0.1:{http}", "--device", "press-00001", "--sensor", "vibration")).ShouldContain("iid-spike");
        (await RunAsync("detectors", "list", "--api", $"http://127.0.0.1:{http}", "--device", "press-00001", "--sensor", "flow")).ShouldContain("default");
        platform.Terminate();
        (await platform.WaitAsync()).ShouldBe(0, platform.Errors);
    }

    /// <summary>
    /// The past goes over MQTT in publishes of 1,000 readings, an hour each, in which no record shows a silence: it is told by the times of the readings. What
    /// does not fill a last publish is not sent, so the past is scored to 70 minutes before now.
    /// </summary>
    [Fact]
    public async Task Dropouts_of_the_past_that_is_played_at_the_first_start_are_found()
    {
        await RunAsync(
            "up", "--data", _data, "--for", "16s", "--history", "6h", "--devices", "24", "--rate", "24000/h", "--mqtt-port", "0", "--http-port", "0", "--no-browser", "--plain",
            "--set", "Simulator:FaultsPerDeviceDay=24", "--set", "Simulator:HistoryWithin=10s");

        var report = Path.Combine(_data, "past.json");
        await RunAsync("score", "--data", _data, "--labels", Path.Combine(_data, "labels.jsonl"), "--from", "8h", "--to", "70m", "--report", report);
        using var score = JsonDocument.Parse(await File.ReadAllTextAsync(report, TestContext.Current.CancellationToken));
        score.RootElement.GetProperty("readings").GetInt64().ShouldBeGreaterThan(50_000);
        var dropouts = score.RootElement.GetProperty("byKind").EnumerateArray().Single(row => row.GetProperty("name").GetString() == "dropout");
        var (faults, found) = (dropouts.GetProperty("faults").GetInt32(), dropouts.GetProperty("found").GetInt32());
        faults.ShouldBeGreaterThan(5);
        found.ShouldBe(faults);
    }

    private static async Task<string> RunAsync(params string[] arguments)
    {
        var (code, output, errors) = await TelemetryProcess.RunAsync(arguments);
        code.ShouldBe(0, $"{string.Join(' ', arguments)}\n{output}\n{errors}");
        return output;
    }
}
