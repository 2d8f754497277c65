using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Telemetry.IntegrationTests.Mqtt;
using Telemetry.IntegrationTests.Support;
using Telemetry.Testing;

namespace Telemetry.IntegrationTests.Host;

/// <summary>
/// A device is deleted over a real cluster with one process a role while it and its neighbour send, and the store is killed between the orders it gives to the
/// engine and its note that they are done. What was there before the order is gone everywhere and stays gone; the neighbour keeps everything.
/// </summary>
[Collection("processes over Kafka")]
public sealed class DeleteDeviceKafkaTests : KafkaProcessTests
{
    private const string Doomed = "press-1";
    private const string Neighbour = "press-2";

    /// <summary>Each of these has rows of both devices before the deletion.</summary>
    private static readonly string[] Tables =
        ["readings", "readings_1m", "readings_1h", "readings_1d", "readings_last", "anomalies", "device_events", "alarms", "catalogue"];

    private static readonly HttpClient Http = new();

    private readonly int _engine = FreePorts.Find();
    private readonly int _mqtt = FreePorts.Find();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string[] Cluster => ["--kafka", Kafka.BootstrapServers, "--clickhouse", $"http://127.0.0.1:{_engine}", "--data", Data];

    [Fact]
    public async Task Deleted_device_stays_gone_though_the_store_is_killed_in_the_middle_and_its_neighbour_is_whole()
    {
        await using var engine = TelemetryProcess.Start("clickhouse", "--data", Path.Combine(Data, "engine"), "--clickhouse-http", $"{_engine}");
        await engine.WaitForPortAsync(_engine);
        await using var up = await UpAsync();
        await using var doomed = await DeletedDevice.StartAsync(_mqtt, Doomed);
        await using var neighbour = await DeletedDevice.StartAsync(_mqtt, Neighbour);
        await WaitAsync(
            async () => (await DevicesAsync()).All(device => Tables.All(table => device.Value.GetValueOrDefault(table) > 0))
                && (await RetainedAsync(Doomed)).Count == 1 && (await RetainedAsync(Neighbour)).Count == 1,
            "both devices should be in every table, with their alarms retained");

        // The engine takes the orders and carries none of them out on this table, so the store waits when it is killed.
        await AskAsync("SYSTEM STOP MERGES readings_1m");
        var deleting = TelemetryProcess.RunAsync("devices", "delete", Doomed, "--yes", "--data", Data);
        await WaitAsync(async () => await AskAsync("SELECT count() > 0 FROM system.mutations WHERE table = 'readings_1m' AND NOT is_done") == "1", "no store deletes");
        (await AskAsync($"SELECT count() FROM device_deletions WHERE topic = '{Contracts.LogTopics.Readings}'")).ShouldBe("0", "it is not done");
        var role = Role(await InstanceAsync(up, _ => true), "store");
        using (var victim = Process.GetProcessById(role.GetProperty("pid").GetInt32()))
        {
            victim.Kill();
        }

        await AskAsync("SYSTEM START MERGES readings_1m");
        var (code, output, errors) = await deleting;
        code.ShouldBe(0, errors);
        output.ShouldContain(Doomed);
        Role(await InstanceAsync(up, root => Role(root, "store").GetProperty("pid").ValueKind == JsonValueKind.Number), "store").GetProperty("restarts").GetInt32().ShouldBe(1);

        // It sent all the time, and what it sent after the order is a new beginning.
        var meanwhile = doomed.Acknowledged;
        await WaitAsync(() => Task.FromResult(doomed.Acknowledged > meanwhile), "the device should go on sending");
        await doomed.StopAsync();
        await neighbour.StopAsync();
        await WaitAsync(async () => await ReadingsAsync(Neighbour) == neighbour.Acknowledged, "the neighbour's readings should all be stored");
        (await ReadingsAsync(Doomed)).ShouldBeInRange(1, doomed.Acknowledged - DeletedDevice.Past);

        // Now it is silent.
        (code, output, errors) = await TelemetryProcess.RunAsync("devices", "delete", Doomed, "--yes", "--data", Data);
        code.ShouldBe(0, errors);
        output.ShouldStartWith("Deleted ");
        await WaitAsync(async () => (await DevicesAsync())[Doomed].Count == 0, "every table should have lost the device");
        await WaitAsync(async () => (await RetainedAsync(Doomed)).Count == 0, "nothing of the device should be retained");
        await ShouldBeGoneAsync();
        (await RetainedAsync(Doomed)).ShouldBeEmpty("it does not come back");
        (await RetainedAsync(Neighbour)).ShouldBe([$"telemetry/v1/{Neighbour}/alarms"]);
        up.Terminate();
        (await up.WaitAsync()).ShouldBe(0, up.Errors);

        var audit = await AuditCleanAsync(Cluster[2..4]);
        audit.GetProperty("deleted").GetInt64().ShouldBe(doomed.Acknowledged + DeletedDevice.Conflicts);
        audit.GetProperty("acked").GetInt64().ShouldBeGreaterThan(0, "the simulator's ledger is compared too");
        (code, output, errors) = await TelemetryProcess.RunAsync(["replay", .. Cluster, "--from", "2h", "--apply", "--json"]);
        code.ShouldBe(0, output + errors);
        (await AskAsync("SELECT count() FROM readings_data")).ShouldBe(audit.GetProperty("raw").GetInt64().ToString(CultureInfo.InvariantCulture), "a replay brings nothing back");
        await ShouldBeGoneAsync();
        (await ReadingsAsync(Neighbour)).ShouldBe(neighbour.Acknowledged);
    }

    private async Task<TelemetryProcess> UpAsync()
    {
        // The default detectors learn for an hour; this one judges after 32 readings.
        var detectors = Path.Combine(Data, "detectors.json");
        await File.WriteAllTextAsync(
            detectors, """{ "rules": [{ "detectors": [{ "detector": "iid-spike", "Confidence": 99.9, "PvalueHistoryLength": 100, "Repair": "WhenWrong", "gated": true }] }] }""", Cancel);
        var rules = Path.Combine(Data, "rules.json");
        await File.WriteAllTextAsync(rules, """{ "rules": [{ "name": "full", "type": "threshold", "sensor": "level", "above": 90 }] }""", Cancel);
        var up = TelemetryProcess.Start(
            ["up", .. Cluster, "--roles-apart", "--history", "0", "--devices", "10", "--rate", "100/s", "--mqtt-port", $"{_mqtt}", "--http-port", "0", "--no-browser", "--plain",
                "--set", $"Processing:DetectorSettingsFile={detectors}", "--set", $"Alarms:RulesFile={rules}"]);
        await InstanceAsync(up, root => root.GetProperty("ready").GetBoolean());
        return up;
    }

    /// <summary>Rows by device and table, over every table that has a column for a device.</summary>
    private async Task<Dictionary<string, Dictionary<string, long>>> DevicesAsync()
    {
        var tables = (await AskAsync(
            "SELECT DISTINCT c.table FROM system.columns AS c INNER JOIN system.tables AS t ON t.database = c.database AND t.name = c.table "
            + "WHERE c.database = currentDatabase() AND c.name = 'device' AND t.engine LIKE '%MergeTree' AND c.table != 'device_deletions'")).Split('\n');
        tables.ShouldBe(tables.Union(Tables), ignoreOrder: true, "tables are called as here");
        var rows = new Dictionary<string, Dictionary<string, long>> { [Doomed] = [], [Neighbour] = [] };
        foreach (var table in tables)
        {
            foreach (var line in (await AskAsync($"SELECT device, count() FROM {table} WHERE device IN ('{Doomed}', '{Neighbour}') GROUP BY device")).Split('\n', StringSplitOptions.RemoveEmptyEntries))
            {
                var cells = line.Split('\t');
                rows[cells[0]][table] = long.Parse(cells[1], CultureInfo.InvariantCulture);
            }
        }

        return rows;
    }

    private async Task ShouldBeGoneAsync()
    {
        var rows = await DevicesAsync();
        rows[Doomed].ShouldBeEmpty();
        rows[Neighbour].Keys.ShouldBe(rows[Neighbour].Keys.Union(Tables), ignoreOrder: true, "the neighbour is still in every table");
    }

    private async Task<long> ReadingsAsync(string device) =>
        long.Parse(await AskAsync($"SELECT count() FROM readings WHERE device = '{device}'"), CultureInfo.InvariantCulture);

    /// <summary>Topics of the device's retained messages, as a new subscriber gets them.</summary>
    private async Task<List<string>> RetainedAsync(string device)
    {
        await using var subscriber = await TestClient.ConnectAsync(_mqtt, $"subscriber-{Guid.NewGuid():N}");
        await subscriber.SubscribeAsync($"telemetry/v1/{device}/#");

        // Retained messages come in order before what is published afterwards.
        var fence = $"fence/{Guid.NewGuid():N}";
        await subscriber.SubscribeAsync(fence);
        await subscriber.PublishAsync(fence, "");
        var topics = new List<string>();
        while (await subscriber.NextAsync() is var message && message.Topic != fence)
        {
            if (message.Retain)
            {
                topics.Add(message.Topic);
            }
        }

        await subscriber.DisconnectAsync();
        return [.. topics.Order(StringComparer.Ordinal)];
    }

    private async Task<string> AskAsync(string sql)
    {
        using var answer = await Http.PostAsync(new Uri($"http://127.0.0.1:{_engine}/"), new StringContent(sql, Encoding.UTF8), Cancel);
        var text = (await answer.Content.ReadAsStringAsync(Cancel)).TrimEnd('\n');
        answer.IsSuccessStatusCode.ShouldBeTrue(text);
        return text;
    }
}
