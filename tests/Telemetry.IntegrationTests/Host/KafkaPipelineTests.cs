using System.Diagnostics;
using System.Text.Json;
using Telemetry.IntegrationTests.Mqtt;
using Telemetry.IntegrationTests.Support;
using Telemetry.Testing;

namespace Telemetry.IntegrationTests.Host;

/// <summary>The executable over a real cluster: all roles in one process, and one process a role.</summary>
[Collection("processes over Kafka")]
public sealed class KafkaPipelineTests : KafkaProcessTests
{
    [Fact]
    public async Task Up_in_one_process_over_Kafka_audits_clean()
    {
        var report = Path.Combine(Data, "report.json");

        var (code, _, errors) = await TelemetryProcess.RunAsync(
            "up", "--kafka", Kafka.BootstrapServers, "--data", Data, "--for", "5s", "--devices", "100", "--rate", "1000/s",
            "--mqtt-port", "0", "--http-port", "0", "--no-browser", "--plain", "--report", report);

        code.ShouldBe(0, errors);
        Directory.Exists(Path.Combine(Data, "journal")).ShouldBeFalse();
        using var figures = JsonDocument.Parse(await File.ReadAllTextAsync(report, TestContext.Current.CancellationToken));
        var acked = figures.RootElement.GetProperty("acked").GetInt64();
        figures.RootElement.GetProperty("stored").GetInt64().ShouldBe(acked);
        await ShouldAuditCleanAsync(atLeast: acked);
    }

    [Fact]
    public async Task Roles_apart_lose_and_double_nothing_when_one_of_each_is_killed()
    {
        var report = Path.Combine(Data, "report.json");
        await using var up = TelemetryProcess.Start(
            "up", "--kafka", Kafka.BootstrapServers, "--roles-apart", "--process", "2", "--store", "2", "--data", Data,
            "--history", "0", "--devices", "100", "--rate", "1000/s", "--mqtt-port", "0", "--http-port", "0", "--no-browser", "--plain", "--report", report);
        await InstanceAsync(up, root => root.GetProperty("ready").GetBoolean());
        await Task.Delay(TimeSpan.FromSeconds(3), TestContext.Current.CancellationToken);
        foreach (var name in (string[])["process-1", "store-1"])
        {
            var role = await InstanceAsync(up, root => Role(root, name).GetProperty("pid").ValueKind == JsonValueKind.Number);
            using var victim = Process.GetProcessById(Role(role, name).GetProperty("pid").GetInt32());
            victim.Kill();
            await InstanceAsync(up, root =>
                Role(root, name).GetProperty("restarts").GetInt32() == 1 && Role(root, name).GetProperty("pid").ValueKind == JsonValueKind.Number);
            await Task.Delay(TimeSpan.FromSeconds(2), TestContext.Current.CancellationToken);
        }

        up.Terminate();

        (await up.WaitAsync()).ShouldBe(0, up.Errors);
        using var figures = JsonDocument.Parse(await File.ReadAllTextAsync(report, TestContext.Current.CancellationToken));
        figures.RootElement.GetProperty("e2e_ms").GetProperty("p50").GetDouble().ShouldBeGreaterThan(0);
        figures.RootElement.GetProperty("cpu_percent").TryGetProperty("store-2", out _).ShouldBeTrue();
        await ShouldAuditCleanAsync(atLeast: figures.RootElement.GetProperty("acked").GetInt64());
    }

    [Fact]
    public async Task Reading_of_the_future_is_refused_mended_and_replayed_and_the_span_compares_clean()
    {
        string[] cluster = ["--kafka", Kafka.BootstrapServers, "--data", Data];
        var port = FreePorts.Find();
        await using (var up = TelemetryProcess.Start(
            ["up", .. cluster, "--no-simulator", "--mqtt-port", $"{port}", "--http-port", "0", "--no-browser", "--plain"]))
        {
            await up.WaitForPortAsync(port);
            await using (var client = await TestClient.ConnectAsync(port, "press-1"))
            {
                const string Payload =
                    "{\"boot\":7,\"seq\":1,\"readings\":[{\"sensor\":\"t\",\"value\":21.5},"
                    + "{\"sensor\":\"t\",\"time\":\"2100-01-01T00:00:00Z\",\"value\":22.5},{\"sensor\":\"t\",\"value\":23.5}]}";
                (await client.PublishAsync("telemetry/v1/press-1/readings", Payload)).IsSuccess.ShouldBeTrue();
                await client.DisconnectAsync();
            }

            up.Terminate();
            (await up.WaitAsync()).ShouldBe(0, up.Errors);
        }

        var before = await TelemetryProcess.RunAsync(["replay", .. cluster, "--from", "1h", "--json"]);
        before.Code.ShouldBe(0, before.Output + before.Errors);
        Figures(before.Output).ShouldBe((2, 2));
        var listed = await TelemetryProcess.RunAsync(["dead-letters", "list", .. cluster, "--json"]);
        listed.Code.ShouldBe(0, listed.Errors);
        listed.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length.ShouldBe(1, listed.Output);

        var replayed = await TelemetryProcess.RunAsync(["dead-letters", "replay", "--all", "--fix", .. cluster]);
        replayed.Code.ShouldBe(0, replayed.Output + replayed.Errors);
        var again = await TelemetryProcess.RunAsync(["dead-letters", "replay", "--all", "--fix", .. cluster]);
        again.Output.ShouldBeEmpty("it is resolved");

        var after = await TelemetryProcess.RunAsync(["replay", .. cluster, "--from", "1h", "--json"]);
        after.Code.ShouldBe(0, after.Output + after.Errors);
        Figures(after.Output).ShouldBe((3, 3));

        static (long Log, long Stored) Figures(string json)
        {
            using var report = JsonDocument.Parse(json);
            return (report.RootElement.GetProperty("log").GetInt64(), report.RootElement.GetProperty("stored").GetInt64());
        }
    }

    private async Task ShouldAuditCleanAsync(long atLeast)
    {
        var audit = await AuditCleanAsync();
        audit.GetProperty("acked").GetInt64().ShouldBeGreaterThanOrEqualTo(atLeast);
        atLeast.ShouldBeGreaterThan(0);
    }
}
