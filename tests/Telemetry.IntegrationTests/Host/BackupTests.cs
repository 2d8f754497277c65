using System.Text.Json;
using Telemetry.IntegrationTests.Support;

namespace Telemetry.IntegrationTests.Host;

/// <summary>A backup of a platform that goes on taking readings is whole: restored elsewhere, nothing is lost, doubled or unexplained.</summary>
[Collection("processes")]
public sealed class BackupTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("telemetry-backup-").FullName;

    private string Data => Path.Combine(_folder, "data");

    private string Copy => Path.Combine(_folder, "copy");

    private string Elsewhere => Path.Combine(_folder, "elsewhere");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Backup_made_under_load_is_restored_elsewhere_and_its_audit_finds_nothing()
    {
        await using var up = TelemetryProcess.Start(
            "up", "--data", Data, "--devices", "100", "--rate", "3000/s", "--http-port", "0", "--mqtt-port", "0", "--no-browser", "--plain");
        await ShouldSoonAsync(up, async () => await StoredAsync() > 5_000);
        var before = await StoredAsync();

        var (code, output, errors) = await TelemetryProcess.RunAsync("backup", "--data", Data, "--to", Copy);

        code.ShouldBe(0, errors);
        output.ShouldContain("log and store as of");
        var after = await StoredAsync();
        await ShouldSoonAsync(up, async () => await StoredAsync() > after + 3_000);
        Directory.Exists(Path.Combine(Data, "snapshots")).ShouldBeFalse();
        up.Terminate();
        (await up.WaitAsync()).ShouldBe(0, up.Errors);

        (await TelemetryProcess.RunAsync("restore", "--from", Copy, "--data", Elsewhere)).Code.ShouldBe(0);
        var restored = await AuditAsync(Elsewhere);
        restored.GetProperty("raw").GetInt64().ShouldBeGreaterThanOrEqualTo(before);
        (await AuditAsync(Data)).GetProperty("raw").GetInt64().ShouldBeGreaterThan(restored.GetProperty("raw").GetInt64());

        // What was restored lives on.
        await using var again = TelemetryProcess.Start(
            "up", "--data", Elsewhere, "--no-simulator", "--http-port", "0", "--mqtt-port", "0", "--no-browser", "--plain");
        await ShouldSoonAsync(again, () => Task.FromResult(File.Exists(Path.Combine(Elsewhere, "instance.json"))));
        (await TelemetryProcess.RunAsync("publish", "press-1", "temperature", "21.5", "--data", Elsewhere)).Code.ShouldBe(0);
        again.Terminate();
        (await again.WaitAsync()).ShouldBe(0, again.Errors);
        (await AuditAsync(Elsewhere)).GetProperty("raw").GetInt64().ShouldBe(restored.GetProperty("raw").GetInt64() + 1);
    }

    [Fact]
    public async Task Backup_of_a_stopped_platform_is_the_same_and_a_changed_file_is_found()
    {
        var (code, _, errors) = await TelemetryProcess.RunAsync(
            "up", "--data", Data, "--devices", "20", "--rate", "500/s", "--for", "3s", "--http-port", "0", "--mqtt-port", "0", "--no-browser", "--plain");
        code.ShouldBe(0, errors);
        (await TelemetryProcess.RunAsync("backup", "--data", Data, "--to", Copy)).Code.ShouldBe(0);
        (await TelemetryProcess.RunAsync("backup", "--data", Data, "--to", Copy)).Errors.ShouldContain("is not empty");
        (await TelemetryProcess.RunAsync("restore", "--from", Copy, "--data", Data)).Errors.ShouldContain("is not empty");
        (await TelemetryProcess.RunAsync("restore", "--from", Copy, "--data", Elsewhere)).Code.ShouldBe(0);
        (await AuditAsync(Elsewhere)).GetProperty("raw").GetInt64().ShouldBe((await AuditAsync(Data)).GetProperty("raw").GetInt64());

        var segment = Directory.GetFiles(Path.Combine(Copy, "journal"), "*.log", SearchOption.AllDirectories).MaxBy(f => new FileInfo(f).Length)!;
        await using (var file = new FileStream(segment, FileMode.Open, FileAccess.ReadWrite))
        {
            file.Position = file.Length / 2;
            var old = file.ReadByte();
            file.Position--;
            file.WriteByte((byte)~old);
        }

        var damaged = await TelemetryProcess.RunAsync("restore", "--from", Copy, "--data", Path.Combine(_folder, "third"));
        damaged.Code.ShouldBe(2);
        damaged.Errors.ShouldContain(Path.GetFileName(segment));
        File.Delete(Path.Combine(Copy, "backup.json"));
        (await TelemetryProcess.RunAsync("restore", "--from", Copy, "--data", Path.Combine(_folder, "fourth"))).Errors.ShouldContain("is no backup");
    }

    private async Task<long> StoredAsync()
    {
        var instance = Path.Combine(Data, "instance.json");
        if (!File.Exists(instance))
        {
            return 0;
        }

        var (code, output, _) = await TelemetryProcess.RunAsync("devices", "--data", Data, "--limit", "10000", "--json");
        return code == 0 ? JsonDocument.Parse(output).RootElement.GetProperty("devices").EnumerateArray().Sum(d => d.GetProperty("readings").GetInt64()) : 0;
    }

    private static async Task<JsonElement> AuditAsync(string data)
    {
        var (code, output, errors) = await TelemetryProcess.RunAsync("audit", "--data", data, "--json");
        code.ShouldBe(0, output + errors);
        return JsonDocument.Parse(output).RootElement;
    }

    private static async Task ShouldSoonAsync(TelemetryProcess up, Func<Task<bool>> condition)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (!await condition())
        {
            up.HasExited.ShouldBeFalse(up.Errors);
            await Task.Delay(100, limit.Token);
        }
    }
}
