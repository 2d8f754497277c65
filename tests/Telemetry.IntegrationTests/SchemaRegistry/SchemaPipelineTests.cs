using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Telemetry.Contracts;
using Telemetry.Contracts.Wire;
using Telemetry.IntegrationTests.Support;
using Telemetry.SchemaRegistry;
using Telemetry.SchemaRegistry.Client;
using Telemetry.Streams;
using Telemetry.Streams.Journal;
using Telemetry.Testing;

namespace Telemetry.IntegrationTests.SchemaRegistry;

/// <summary>The executable with a registry that is applied to, hangs and dies.</summary>
[Collection("processes")]
public sealed class SchemaPipelineTests : IDisposable
{
    private readonly string _data = Directory.CreateTempSubdirectory("telemetry-schemas-").FullName;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_data, recursive: true);

    [Fact]
    public async Task Apply_then_both_layouts_with_a_registry_that_dies_are_stored_once_under_its_ids()
    {
        Assert.SkipWhen(RegistryServer.MissingReason(own: true) is not null, RegistryServer.MissingReason(own: true) ?? "");
        await using var server = await RegistryServer.StartAsync();
        var url = server.Url.ToString();
        (await TelemetryProcess.RunAsync("schemas", "check", "--registry", url)).Code.ShouldBe(0);
        var applied = await TelemetryProcess.RunAsync("schemas", "apply", "--registry", url, "--json");
        applied.Code.ShouldBe(0, applied.Errors);
        var ids = JsonDocument.Parse(applied.Output).RootElement.EnumerateArray()
            .ToDictionary(f => f.GetProperty("message").GetString()!, f => f.GetProperty("id").GetInt32());
        applied.Output.ShouldContain("FULL_TRANSITIVE");

        // A second start knows the ids from the first; the registry hangs meanwhile and then dies.
        await RunAsync(url, "1s");
        await server.PauseAsync();
        var port = FreePorts.Find();
        await using (var platform = StartFleet(url, "4s", port))
        {
            await platform.WaitForPortAsync(port);
            await server.KillAsync();
            (await platform.WaitAsync()).ShouldBe(0, platform.Errors);
        }

        (await IdsOnTheLogAsync()).ShouldBe([ids["telemetry.v1.ReadingBatch"], ids["telemetry.v2.ReadingBatch"]], ignoreOrder: true);
        await ShouldAuditCleanAsync();
    }

    [Fact]
    public async Task A_registry_that_never_was_there_stops_nobody()
    {
        await RunAsync($"http://127.0.0.1:{FreePorts.Find()}", "6s");
        (await IdsOnTheLogAsync()).ShouldBe(
            [SchemaIds.Provisional(SchemaIds.ReadingBatch), SchemaIds.Provisional(SchemaIds.ReadingBatchV2)], ignoreOrder: true);
        await ShouldAuditCleanAsync();
    }

    [Fact]
    public async Task Check_ends_with_code_1_when_the_registry_would_refuse()
    {
        Assert.SkipWhen(RegistryServer.MissingReason(own: true) is not null, RegistryServer.MissingReason(own: true) ?? "");
        await using var server = await RegistryServer.StartAsync();
        using (var client = new SchemaRegistryClient(new SchemaRegistryOptions { Urls = [server.Url], RequestTimeout = TimeSpan.FromSeconds(20) }))
        {
            var subject = TopicSchema.ReadingBatch.Subject;
            await client.RegisterAsync(subject, TopicSchema.ReadingBatch.Text.Replace("repeated double values", "repeated string values", StringComparison.Ordinal), Stop);
            await client.SetCompatibilityAsync(subject, "FULL_TRANSITIVE", Stop);
        }

        var check = await TelemetryProcess.RunAsync("schemas", "check", "--registry", server.Url.ToString());
        check.Code.ShouldBe(1, check.Errors);
        check.Output.ShouldContain("FAIL telemetry.readings.v1-value");
        (await TelemetryProcess.RunAsync("schemas", "apply", "--registry", server.Url.ToString())).Code.ShouldBe(1);
    }

    [Fact]
    public async Task Apply_waits_for_a_registry_that_does_not_answer_yet_and_says_so()
    {
        Assert.SkipWhen(RegistryServer.MissingReason(own: true) is not null, RegistryServer.MissingReason(own: true) ?? "");
        await using var server = await RegistryServer.StartAsync();
        await server.PauseAsync();
        await using var apply = TelemetryProcess.Start("schemas", "apply", "--registry", server.Url.ToString(), "--wait", "10m");
        while (!apply.Errors.Contains("asked again", StringComparison.Ordinal))
        {
            apply.HasExited.ShouldBeFalse(apply.Errors);
            await Task.Delay(50, Stop);
        }

        await server.ResumeAsync();

        (await apply.WaitAsync()).ShouldBe(0, apply.Errors);
    }

    [Fact]
    public async Task Registry_that_never_answers_ends_the_command_when_its_time_is_over()
    {
        var check = await TelemetryProcess.RunAsync("schemas", "check", "--registry", $"http://127.0.0.1:{FreePorts.Find()}", "--wait", "2s");

        check.Code.ShouldBe(70, check.Errors);
        check.Errors.ShouldContain("asked again for up to 2s");
        check.Errors.ShouldNotContain("   at Telemetry.");
    }

    private async Task RunAsync(string url, string time)
    {
        await using var platform = StartFleet(url, time);
        (await platform.WaitAsync()).ShouldBe(0, platform.Errors);
    }

    private TelemetryProcess StartFleet(string url, string time, int port = 0) => TelemetryProcess.Start(
        "up", "--data", _data, "--for", time, "--devices", "100", "--rate", "1000/s", "--mqtt-port", "0", "--http-port", $"{port}",
        "--no-browser", "--plain", "--set", "SchemaRegistry:Urls:0=" + url, "--set", "Bridge:WriteVersions=Both");

    private async Task ShouldAuditCleanAsync()
    {
        var audit = await TelemetryProcess.RunAsync("audit", "--data", _data, "--json");
        audit.Code.ShouldBe(0, audit.Errors + audit.Output);
        JsonDocument.Parse(audit.Output).RootElement.GetProperty("raw").GetInt64().ShouldBeGreaterThan(0);
    }

    private async Task<HashSet<int>> IdsOnTheLogAsync()
    {
        await using var log = JournalLog.Open(
            new JournalOptions { Directory = Path.Combine(_data, "journal") }, NullLoggerFactory.Instance, TimeProvider.System);
        var ends = new Dictionary<TopicPartition, long>();
        for (var partition = 0; partition < await log.QueryPartitionCountAsync(LogTopics.Readings, Stop); partition++)
        {
            var place = new TopicPartition(LogTopics.Readings, partition);
            ends[place] = (await log.QueryOffsetsAsync(place, Stop)).High;
        }

        await using var consumer = log.CreateConsumer(new ConsumerOptions { Start = StartPosition.Earliest });
        consumer.Assign([.. ends.Keys.Where(place => ends[place] > 0)]);
        var ids = new HashSet<int>();
        while (ends.Any(end => end.Value > 0 && consumer.Position(end.Key) < end.Value))
        {
            // A record without a value has no readings and no schema: it says that time has passed.
            foreach (var record in (await consumer.PollAsync(10_000, TimeSpan.FromMilliseconds(200), Stop)).Where(r => !r.Value.IsEmpty))
            {
                ConfluentFrame.TryRead(record.Value, out var id, out _).ShouldBeTrue();
                ids.Add(id);
            }
        }

        return ids;
    }
}
