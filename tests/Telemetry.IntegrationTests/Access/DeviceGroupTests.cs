using System.Buffers;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Telemetry.Contracts;
using Telemetry.Contracts.Readings;
using Telemetry.Contracts.Wire;
using Telemetry.Edge.Security.Users;
using Telemetry.IntegrationTests.Query;
using Telemetry.IntegrationTests.Storage;
using Telemetry.Query.Access;
using Telemetry.Storage.ClickHouse;
using Telemetry.Streams;
using Telemetry.Streams.Journal;

namespace Telemetry.IntegrationTests.Access;

/// <summary>A user who sees some devices sees nothing of others: not in lists, counts, series, exports, streams, nor by asking for one by its name.</summary>
[Collection(EngineFixture.Collection)]
public sealed class DeviceGroupTests(QueryStore store) : IClassFixture<QueryStore>, IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("telemetry-door-").FullName;
    private DoorServer _server = null!;
    private HttpClient _some = null!;

    public async ValueTask InitializeAsync()
    {
        var options = DoorServer.Settings(_folder);
        DoorServer.AddUser(options, "ann", UserRole.Administrator);
        _server = await DoorServer.StartAsync(options, store.ClickHouse, store.Time);
        _some = _server.NewClient(_server.NewToken(UserRole.Operator, TimeSpan.FromDays(30), "press-08", "old*"));
    }

    public async ValueTask DisposeAsync()
    {
        _some.Dispose();
        await _server.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Every_table_with_devices_in_it_is_filtered()
    {
        var found = await store.ClickHouse.QueryAsync(
            new ClickHouseQuery("SELECT DISTINCT table FROM system.columns WHERE database = currentDatabase() AND name = 'device' AND table IN "
                + "(SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree')", [], "TabSeparated"), DoorServer.Token);
        var tables = Encoding.UTF8.GetString(found.Body.Span).Split('\n', StringSplitOptions.RemoveEmptyEntries);

        tables.Length.ShouldBeGreaterThan(5);
        tables.Where(t => !DeviceScope.Tables.Contains(t)).ShouldBeEmpty("add them to DeviceScope.Tables");
    }

    [Theory]
    [InlineData("devices")]
    [InlineData("sensors")]
    [InlineData("latest")]
    [InlineData("anomalies?from={from}")]
    [InlineData("device-events?from={from}")]
    [InlineData("incidents?from={from}")]
    [InlineData("alarms/history?from={from}")]
    [InlineData("export?from={from}")]
    [InlineData("export?from={from}&format=jsonl")]
    [InlineData("sensors/temperature/series?from={from}&group=device")]
    public async Task Answers_name_no_other_device(string path)
    {
        path = path.Replace("{from}", ((store.Now - 7_200_000_000L) / 1000).ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);
        using var all = _server.NewClient(_server.NewToken(UserRole.Viewer, TimeSpan.FromDays(30)));
        var everything = await GetAsync(all, path);
        var some = await GetAsync(_some, path);

        some.ShouldNotContain("press-07");
        if (path is "devices" or "latest")
        {
            everything.ShouldContain("press-07");
            some.ShouldContain("press-08");
            some.ShouldContain("old-1");
        }
    }

    [Fact]
    public async Task Counts_and_rollups_over_all_devices_are_of_those_that_are_seen()
    {
        var sensors = JsonDocument.Parse(await GetAsync(_some, "sensors")).RootElement.GetProperty("sensors").EnumerateArray()
            .ToDictionary(s => s.GetProperty("sensor").GetString()!, s => s.GetProperty("devices").GetInt32());
        sensors.ShouldBe(new Dictionary<string, int> { ["level"] = 1, ["temperature"] = 1 }, ignoreOrder: true);

        foreach (var step in (string[])["1s", "1m", "1h"])
        {
            var path = string.Create(CultureInfo.InvariantCulture, $"sensors/temperature/series?from={store.Start / 1000}&to={(store.Start / 1000) + 600_000}&step={step}");
            var series = JsonDocument.Parse(await GetAsync(_some, path)).RootElement;
            series.GetProperty("columns").GetProperty("min").EnumerateArray().Where(v => v.ValueKind == JsonValueKind.Number).Min(v => v.GetDouble())
                .ShouldBeGreaterThanOrEqualTo(1000, $"{step}: press-08 begins at 1000, press-07 at 0");
        }
    }

    [Theory]
    [InlineData("devices/press-07")]
    [InlineData("devices/press-07/sensors")]
    [InlineData("devices/press-07/commands")]
    public async Task Device_that_is_not_seen_is_not_there(string path)
    {
        using var response = await _some.GetAsync("api/v1/" + path, DoorServer.Token);
        response.StatusCode.ShouldBe(HttpStatusCode.NotFound);
        using var command = await _some.PostAsJsonAsync("api/v1/devices/press-07/commands", new { name = "stop" }, DoorServer.Token);
        command.StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task What_cannot_be_limited_to_some_devices_is_for_who_sees_all()
    {
        using var some = _server.NewClient(_server.NewToken(UserRole.Engineer, TimeSpan.FromDays(30), "press-08"));
        using var all = _server.NewClient(_server.NewToken(UserRole.Engineer, TimeSpan.FromDays(30)));
        foreach (var path in (string[])["api/v1/detectors", "api/v1/alarms/rules?by=ann"])
        {
            using var refused = await some.PutAsJsonAsync(path, new { rules = Array.Empty<object>() }, DoorServer.Token);
            refused.StatusCode.ShouldBe(HttpStatusCode.Forbidden, path);
            using var taken = await all.PutAsJsonAsync(path, new { rules = Array.Empty<object>() }, DoorServer.Token);
            taken.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable, path + ": it came to the endpoint, which has no log here");
        }
    }

    [Fact]
    public async Task Series_of_a_device_that_is_not_seen_is_empty()
    {
        var path = string.Create(CultureInfo.InvariantCulture, $"series?device=press-07&sensor=temperature&from={store.Start / 1000}&to={store.Now / 1000}");
        JsonDocument.Parse(await GetAsync(_some, path)).RootElement.GetProperty("columns").GetProperty("t").GetArrayLength().ShouldBe(0);
    }

    [Fact]
    public async Task Live_stream_has_what_is_seen_and_ends_with_its_token()
    {
        var folder = Directory.CreateDirectory(Path.Combine(_folder, "live")).FullName;
        await using var log = JournalLog.Open(
            new JournalOptions { Directory = Path.Combine(folder, "journal") }, NullLoggerFactory.Instance, TimeProvider.System);
        await log.EnsureTopicsAsync(
            [.. new[] { LogTopics.Readings, LogTopics.Anomalies, LogTopics.Incidents }.Select(t => new TopicSpec(t, 1))], DoorServer.Token);
        var options = DoorServer.Settings(folder);
        DoorServer.AddUser(options, "ann", UserRole.Administrator);
        await using var server = await DoorServer.StartAsync(options, store.ClickHouse, log: log);
        await server.LiveStarted.WaitAsync(TimeSpan.FromMinutes(1), DoorServer.Token);
        var token = server.Door.Tokens.Add("screen", isOfUser: false, UserRole.Viewer, ["press-08"], "", TimeSpan.FromDays(30));
        using var client = server.NewClient(token.Text);
        using var stream = await LiveClientReader.OpenAsync(client, "/api/v1/live");
        await using var producer = log.CreateProducer(new ProducerOptions());
        Append(producer, "press-07", 1);
        Append(producer, "press-08", 2);
        await producer.FlushAsync(DoorServer.Token);

        var (name, data) = (await stream.ReadAsync(1)).ShouldHaveSingleItem();
        name.ShouldBe("readings");
        data[0].GetProperty("device").GetString().ShouldBe("press-08");

        server.Door.Tokens.Revoke(token.Token.Id).ShouldBeTrue();
        await Should.ThrowAsync<IOException>(() => stream.ReadLineAsync(_ => false));
    }

    private static void Append(IRecordProducer producer, string device, double value)
    {
        var body = new ArrayBufferWriter<byte>();
        ReadingBatchWriter.Write(body, Encoding.ASCII.GetBytes(device), 7, 1, ["temperature"u8.ToArray()], [], [1_000_000], [value], []);
        var header = new byte[ConfluentFrame.HeaderBytes];
        ConfluentFrame.WriteHeader(header, 1);
        producer.TryAppend(
            new NewRecord { Topic = LogTopics.Readings, Key = Encoding.ASCII.GetBytes(device), Value = header, ValueTail = body.WrittenSpan, TimestampMs = 1_000 },
            null,
            0).ShouldBeTrue();
    }

    private static async Task<string> GetAsync(HttpClient client, string path)
    {
        using var response = await client.GetAsync("api/v1/" + path, DoorServer.Token);
        var body = await response.Content.ReadAsStringAsync(DoorServer.Token);
        response.IsSuccessStatusCode.ShouldBeTrue(path + ": " + body);
        return body;
    }
}
