using System.Formats.Tar;
using System.IO.Compression;
using System.Text.Json;
using Telemetry.IntegrationTests.Support;

namespace Telemetry.IntegrationTests.Host;

/// <summary>
/// A data directory that an earlier version has written (Fixtures/data-32fd047.tar.gz: <c>up --for 4s --devices 20 --rate 500/s</c> at that commit, eight
/// files of schema) opens with this one, is brought to its schema, and goes on.
/// </summary>
[Collection("processes")]
public sealed class UpgradeTests : IDisposable
{
    /// <summary>The fixture grows old, and is not to expire.</summary>
    private static readonly Dictionary<string, string> Keep = new()
    {
        ["TELEMETRY__LOG__RETENTION"] = "3650d", ["TELEMETRY__SCHEMA__RAWRETENTION"] = "3650d", ["TELEMETRY__SCHEMA__MINUTERETENTION"] = "3650d",
    };

    private readonly string _data = Directory.CreateTempSubdirectory("telemetry-upgrade-").FullName;

    public void Dispose() => Directory.Delete(_data, recursive: true);

    [Fact]
    public async Task Data_of_an_earlier_version_opens_is_brought_to_the_schema_and_goes_on()
    {
        await using (var file = File.OpenRead(Path.Combine(AppContext.BaseDirectory, "Host", "Fixtures", "data-32fd047.tar.gz")))
        await using (var tar = new GZipStream(file, CompressionMode.Decompress))
        {
            await TarFile.ExtractToDirectoryAsync(tar, _data, overwriteFiles: true, TestContext.Current.CancellationToken);
        }

        var old = await AuditAsync();
        old.GetProperty("raw").GetInt64().ShouldBeGreaterThan(1000);
        old.GetProperty("raw").GetInt64().ShouldBe(old.GetProperty("log").GetInt64());

        await using var up = TelemetryProcess.Start(
            Keep, "up", "--data", _data, "--no-simulator", "--http-port", "0", "--mqtt-port", "0", "--no-browser", "--plain");
        using (var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1)))
        {
            while (!File.Exists(Path.Combine(_data, "instance.json")))
            {
                up.HasExited.ShouldBeFalse(up.Errors);
                await Task.Delay(50, limit.Token);
            }
        }

        // Into tables that the earlier version did not have, too.
        (await TelemetryProcess.RunAsync("alarms", "history", "--data", _data)).Code.ShouldBe(0);
        (await TelemetryProcess.RunAsync("publish", "press-1", "temperature", "21.5", "--data", _data)).Code.ShouldBe(0);
        (await TelemetryProcess.RunAsync("devices", "--data", _data, "--json")).Output.ShouldContain("\"readings\"");
        up.Terminate();
        (await up.WaitAsync()).ShouldBe(0, up.Errors);

        Directory.Delete(Path.Combine(_data, "ledger"), recursive: true); // It knows the earlier readings only.
        (await AuditAsync()).GetProperty("raw").GetInt64().ShouldBe(old.GetProperty("raw").GetInt64() + 1);
    }

    private async Task<JsonElement> AuditAsync()
    {
        var (code, output, errors) = await TelemetryProcess.RunAsync(Keep, "audit", "--data", _data, "--json");
        code.ShouldBe(0, output + errors);
        return JsonDocument.Parse(output).RootElement;
    }
}
