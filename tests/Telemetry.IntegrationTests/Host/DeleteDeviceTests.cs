using System.Text.Json;
using Telemetry.IntegrationTests.Support;

namespace Telemetry.IntegrationTests.Host;

/// <summary>A deleted device is gone from every table, and neither a restart nor a replay from the log brings it back; its neighbours keep everything.</summary>
[Collection("processes")]
public sealed class DeleteDeviceTests : IDisposable
{
    private readonly string _data = Directory.CreateTempSubdirectory("telemetry-delete-").FullName;

    public void Dispose() => Directory.Delete(_data, recursive: true);

    [Fact]
    public async Task Deleted_device_is_gone_and_stays_gone_and_its_neighbours_are_whole()
    {
        var (ran, _, said) = await TelemetryProcess.RunAsync(
            "up", "--data", _data, "--devices", "20", "--rate", "2000/s", "--for", "3s", "--http-port", "0", "--mqtt-port", "0", "--no-browser", "--plain");
        ran.ShouldBe(0, said);
        var before = await AuditAsync();

        string device;
        long deleted;
        await using (var up = await UpAsync())
        {
            device = (await DevicesAsync())[0].GetProperty("device").GetString()!;
            (await RunAsync("devices", "delete", device)).Code.ShouldBe(2, "nobody is there to be asked");
            var (code, output, errors) = await RunAsync("devices", "delete", device, "--yes");
            code.ShouldBe(0, errors);
            output.ShouldContain(device);
            (await DevicesAsync()).ShouldNotContain(d => d.GetProperty("device").GetString() == device);
            (await RunAsync("series", device, "temperature", "--from", "1h", "--step", "raw", "--format", "csv")).Output.Trim().Split('\n').Length.ShouldBe(1);

            // A new beginning is no copy of what was deleted.
            (await RunAsync("publish", device, "temperature", "21.5")).Code.ShouldBe(0);
            (await File.ReadAllTextAsync(Directory.GetFiles(Path.Combine(_data, "audit"))[0], TestContext.Current.CancellationToken))
                .ShouldContain($"/api/v1/devices/{device}");
            up.Terminate();
            (await up.WaitAsync()).ShouldBe(0, up.Errors);
        }

        var after = await AuditAsync();
        deleted = after.GetProperty("deleted").GetInt64();
        deleted.ShouldBeGreaterThan(0);
        after.GetProperty("raw").GetInt64().ShouldBe(after.GetProperty("log").GetInt64());
        after.GetProperty("raw").GetInt64().ShouldBeLessThan(before.GetProperty("raw").GetInt64());

        var replay = await RunAsync("replay", "--from", "1h", "--apply", "--json");
        replay.Code.ShouldBe(0, replay.Output + replay.Errors);
        (await AuditAsync()).GetProperty("raw").GetInt64().ShouldBe(after.GetProperty("raw").GetInt64());
    }

    private async Task<List<JsonElement>> DevicesAsync() =>
        [.. JsonDocument.Parse((await RunAsync("devices", "--limit", "100", "--json")).Output).RootElement.GetProperty("devices").EnumerateArray()];

    private async Task<TelemetryProcess> UpAsync()
    {
        var up = TelemetryProcess.Start("up", "--data", _data, "--no-simulator", "--http-port", "0", "--mqtt-port", "0", "--no-browser", "--plain");
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (!File.Exists(Path.Combine(_data, "instance.json")))
        {
            up.HasExited.ShouldBeFalse(up.Errors);
            await Task.Delay(50, limit.Token);
        }

        return up;
    }

    private async Task<JsonElement> AuditAsync()
    {
        var (code, output, errors) = await RunAsync("audit", "--json");
        code.ShouldBe(0, output + errors);
        return JsonDocument.Parse(output).RootElement;
    }

    private Task<(int Code, string Output, string Errors)> RunAsync(params string[] arguments) => TelemetryProcess.RunAsync([.. arguments, "--data", _data]);
}
