using System.Text.Json;
using MQTTnet;
using Telemetry.IntegrationTests.Support;
using Telemetry.Testing;

namespace Telemetry.IntegrationTests.Host;

/// <summary>The real executable twice: the platform runs in one process, and commands over its data directory ask it to do their work.</summary>
[Collection("processes")]
public sealed class RunningInstanceTests : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);
    private readonly string _data = Directory.CreateTempSubdirectory("telemetry-running-").FullName;

    public ValueTask DisposeAsync()
    {
        Directory.Delete(_data, recursive: true);
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Commands_work_while_the_platform_runs()
    {
        var ports = FreePorts.Find(2);
        await using var platform = TelemetryProcess.Start(
        [
            "up", "--no-simulator", "--no-browser", "--plain", "--data", _data, "--http-port", $"{ports[0]}", "--mqtt-port", $"{ports[1]}",
        ]);
        await platform.WaitForPortAsync(ports[1]);
        await UntilAsync(platform, () => Task.FromResult(File.Exists(Path.Combine(_data, "instance.json"))));
        for (var i = 1; i <= 20; i++)
        {
            await PublishAsync(ports[1], "press-07", "readings", JsonSerializer.Serialize(new { boot = 7, seq = i, readings = new[] { new { sensor = "oil", value = 20.0 + i } } }));
        }

        await PublishAsync(ports[1], "press-07", "readings", """{"boot": 7, "seq": 100, "readings": [{"sensor": "oil", "value": 1, "time": "2001-01-01T00:00:00Z"}]}""");
        await PublishAsync(ports[1], "press-07", "catalogue", """{"displayName": "Press 7", "sensors": [{"sensor": "oil", "unit": "°C"}]}""");

        // What was refused: listed, judged, mended, gone.
        var letters = await RunAsync(0, "dead-letters", "list", "--json");
        var id = JsonDocument.Parse(letters).RootElement.GetProperty("id").GetString()!;
        (await RunAsync(0, "dead-letters", "show", id)).ShouldContain("press-07");
        (await RunAsync(1, "dead-letters", "replay", id, "--dry-run")).ShouldContain("refused");
        (await RunAsync(0, "dead-letters", "replay", id, "--fix")).ShouldContain("replayed");
        (await RunAsync(0, "dead-letters", "list")).ShouldContain("0 of 0 shown, 0 open in all");

        var lag = JsonDocument.Parse(await RunAsync(0, "lag", "--json")).RootElement;
        lag.GetProperty("groups").EnumerateArray().Select(g => g.GetProperty("topic").GetString()).ShouldContain("telemetry.readings.v1");

        // Twenty readings and the one that was mended.
        var audit = JsonDocument.Parse(await RunAsync(0, "audit", "--json")).RootElement;
        (Number(audit, "log"), Number(audit, "raw"), Number(audit, "lost"), Number(audit, "doubled")).ShouldBe((21, 21, 0, 0));
        // The audit has waited for the rollups.
        var size = JsonDocument.Parse(await RunAsync(0, "store", "size", "--json")).RootElement;
        size.GetProperty("tables").EnumerateArray().Select(t => t.GetProperty("table").GetString()).ShouldContain("readings_1h");
        size.GetProperty("readings").GetInt64().ShouldBeGreaterThan(0);
        (await RunAsync(0, "replay", "--from", "1h")).ShouldContain("The store agrees with the log.");
        (await RunAsync(0, "backtest", "--from", "1h", "--json")).ShouldContain("\"series\":1");

        // Storage went on where it was.
        await PublishAsync(ports[1], "press-07", "readings", """{"boot": 7, "seq": 101, "readings": [{"sensor": "oil", "value": 5}]}""");
        await UntilAsync(platform, async () => Number(JsonDocument.Parse(await RunAsync(0, "audit", "--json")).RootElement, "raw") == 22);

        // The catalogue: what the device announced, and what people say.
        var table = Path.Combine(_data, "plant.csv");
        await File.WriteAllTextAsync(table, "device,sensor,line,hi\npress-07,,line-3,\npress-07,oil,,80\n", TestContext.Current.CancellationToken);
        (await RunAsync(0, "catalogue", "check", table)).ShouldContain("An import would be: 2 added, 0 changed, 0 unchanged, 0 deleted.");
        (await RunAsync(0, "catalogue", "import", table, "--comment", "tour")).ShouldBe("2 added, 0 changed, 0 unchanged, 0 deleted.");
        (await RunAsync(0, "catalogue", "import", table)).ShouldBe("0 added, 0 changed, 2 unchanged, 0 deleted.");
        (await RunAsync(0, "catalogue", "export", "--format", "csv")).ShouldContain("press-07,oil,");
        await File.WriteAllTextAsync(table, "device,sensor,hi\npress-07,oil,warm\n", TestContext.Current.CancellationToken);
        (await RunAsync(1, "catalogue", "check", table)).ShouldBe("line 2, column hi: Give a number.");
        using var api = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{ports[0]}/") };
        var device = JsonDocument.Parse(await api.GetStringAsync(new Uri("api/v1/devices?line=line-3", UriKind.Relative), TestContext.Current.CancellationToken)).RootElement;
        device.GetProperty("devices")[0].GetProperty("displayName").GetString().ShouldBe("Press 7");
        var series = JsonDocument.Parse(await api.GetStringAsync(new Uri("api/v1/series?device=press-07&sensor=oil", UriKind.Relative), TestContext.Current.CancellationToken)).RootElement;
        series.GetProperty("unit").GetString().ShouldBe("°C");

        platform.Terminate();
        (await platform.WaitAsync()).ShouldBe(0, platform.Errors);

        // Without a platform they open log and store themselves.
        Number(JsonDocument.Parse(await RunAsync(0, "audit", "--json")).RootElement, "raw").ShouldBe(22);
        (await RunAsync(0, "dead-letters", "list", "--resolved")).ShouldContain("resolved");
        (await RunAsync(0, "store", "size")).ShouldContain("readings: no part is large enough (10 MB) for the engine to tell columns apart");
    }

    private static long Number(JsonElement report, string name) => report.EnumerateObject().Single(p => p.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Value.GetInt64();

    private async Task<string> RunAsync(int code, params string[] arguments)
    {
        var (ended, output, errors) = await TelemetryProcess.RunAsync([.. arguments, "--data", _data]);
        ended.ShouldBe(code, $"{string.Join(' ', arguments)}: {output} {errors}");
        return output.Trim();
    }

    private static async Task PublishAsync(int port, string device, string topic, string payload)
    {
        using var client = new MqttClientFactory().CreateMqttClient();
        await client.ConnectAsync(new MqttClientOptionsBuilder().WithTcpServer("127.0.0.1", port).WithClientId(device).Build());
        await client.PublishAsync(new MqttApplicationMessageBuilder()
            .WithTopic($"telemetry/v1/{device}/{topic}").WithPayload(payload).WithQualityOfServiceLevel(MQTTnet.Protocol.MqttQualityOfServiceLevel.AtLeastOnce).Build());
        await client.DisconnectAsync();
    }

    private static async Task UntilAsync(TelemetryProcess process, Func<Task<bool>> holds)
    {
        using var limit = new CancellationTokenSource(Patience);
        while (!await holds())
        {
            process.HasExited.ShouldBeFalse(process.Errors);
            await Task.Delay(100, limit.Token);
        }
    }
}
