using System.Globalization;
using System.Text.Json;
using MQTTnet;
using Telemetry.IntegrationTests.Support;
using Telemetry.Testing;

namespace Telemetry.IntegrationTests.Host;

/// <summary>Old readings on a disk of their own, with the engine in the process and a configuration of the engine's as docs/storage.md shows it.</summary>
[Collection("processes")]
public sealed class ColdStorageTests : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("telemetry-cold-").FullName;

    public ValueTask DisposeAsync()
    {
        Directory.Delete(_folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Old_readings_are_kept_on_the_cold_disk_and_read_as_all_others()
    {
        var file = Path.Combine(_folder, "engine.xml");
        await File.WriteAllTextAsync(
            file,
            $"""
            <clickhouse><storage_configuration>
              <disks><cold><type>local</type><path>{Path.Combine(_folder, "cold")}/</path></cold></disks>
              <policies><tiered><volumes>
                <default><disk>default</disk></default>
                <cold><disk>cold</disk></cold>
              </volumes></tiered></policies>
            </storage_configuration></clickhouse>
            """,
            TestContext.Current.CancellationToken);
        Directory.CreateDirectory(Path.Combine(_folder, "cold"));
        var data = Path.Combine(_folder, "data");
        string[] settings = ["--data", data, "--set", $"ClickHouse:ConfigFile={file}", "--set", "Schema:ColdPolicy=tiered", "--set", "Schema:ColdAfter=30d"];
        var ports = FreePorts.Find(2);
        await using (var platform = TelemetryProcess.Start(
            ["up", "--no-simulator", "--no-browser", "--plain", "--http-port", $"{ports[0]}", "--mqtt-port", $"{ports[1]}", .. settings]))
        {
            await platform.WaitForPortAsync(ports[1]);
            await PublishAsync(ports[1], DateTimeOffset.UtcNow.AddDays(-60), DateTimeOffset.UtcNow);
            platform.Terminate();
            (await platform.WaitAsync()).ShouldBe(0, platform.Errors);
        }

        var (code, output, errors) = await TelemetryProcess.RunAsync(["store", "size", "--json", .. settings]);
        code.ShouldBe(0, errors);
        var size = JsonDocument.Parse(output).RootElement;
        size.GetProperty("disks").EnumerateArray().Select(d => (d.GetProperty("disk").GetString(), d.GetProperty("bytes").GetInt64() > 0)).ShouldBe([("cold", true), ("default", true)]);
        var (audited, report, wrong) = await TelemetryProcess.RunAsync(["audit", "--json", .. settings]);
        audited.ShouldBe(0, $"{report} {wrong}");
        Directory.EnumerateFiles(Path.Combine(_folder, "cold"), "*", SearchOption.AllDirectories).ShouldNotBeEmpty();
    }

    private static async Task PublishAsync(int port, params DateTimeOffset[] times)
    {
        using var client = new MqttClientFactory().CreateMqttClient();
        await client.ConnectAsync(new MqttClientOptionsBuilder().WithTcpServer("127.0.0.1", port).WithClientId("press-07").Build());
        for (var i = 0; i < times.Length; i++)
        {
            var payload = JsonSerializer.Serialize(new
            {
                boot = 7, seq = i + 1, readings = new[] { new { sensor = "oil", value = 20.0, time = times[i].ToString("O", CultureInfo.InvariantCulture) } },
            });
            var result = await client.PublishAsync(new MqttApplicationMessageBuilder()
                .WithTopic("telemetry/v1/press-07/readings").WithPayload(payload).WithQualityOfServiceLevel(MQTTnet.Protocol.MqttQualityOfServiceLevel.AtLeastOnce).Build());
            result.IsSuccess.ShouldBeTrue(result.ReasonString);
        }

        await client.DisconnectAsync();
    }
}
