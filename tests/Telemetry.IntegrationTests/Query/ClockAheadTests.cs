using System.Globalization;
using System.Text.Json;
using Telemetry.IntegrationTests.Storage;
using Telemetry.Query.Setup;

namespace Telemetry.IntegrationTests.Query;

/// <summary>A device whose clock is 23 hours ahead hides nothing: not its own readings, and not those of others.</summary>
[Collection(EngineFixture.Collection)]
public sealed class ClockAheadTests(QueryStore store) : IClassFixture<QueryStore>, IAsyncLifetime
{
    private const long Minute = 60_000_000;
    private const long Day = 24 * 60 * Minute;

    private long Future => store.Now + (23 * 60 * Minute);

    public async ValueTask InitializeAsync()
    {
        if (await CountAsync() > 0)
        {
            return;
        }

        // One running series, one that stopped 30 days ago, one that never had the right time; each with a reading of tomorrow.
        await InsertAsync("fast-1", "level", store.Now - (30 * Minute), 25, step: Minute, value: "number");
        await InsertAsync("fast-1", "level", Future, 1, step: 1, value: "4711");
        await InsertAsync("fast-1", "rare", store.Now - (30 * Day), 3, step: Minute, value: "10 + number");
        await InsertAsync("fast-1", "rare", Future, 1, step: 1, value: "4712");
        await InsertAsync("fast-2", "level", Future + 5, 1, step: 1, value: "4713");
        await store.RunAsync("OPTIMIZE TABLE readings_last FINAL");
        await store.RunAsync($"INSERT INTO readings VALUES ('p0/202601/0', '$sink', fromUnixTimestamp64Micro({Text(Future)}, 'UTC'), 100, 0, 0, 199)");
    }

    public ValueTask DisposeAsync() => default;

    [Fact]
    public async Task Latest_is_the_newest_reading_up_to_now_and_shows_the_one_ahead()
    {
        await using var server = await QueryServer.StartAsync(store.ClickHouse, store.Time);

        var rows = (await server.Client.GetJsonAsync("/api/v1/latest?device=fast-1")).GetProperty("latest");
        var never = (await server.Client.GetJsonAsync("/api/v1/latest?device=fast-2")).GetProperty("latest")[0];
        var others = (await server.Client.GetJsonAsync("/api/v1/latest?device=press-07&sensor=temperature")).GetProperty("latest")[0];
        var csv = await server.Client.GetStringAsync(new Uri("/api/v1/latest?device=fast-2&format=csv", UriKind.Relative), QueryStore.Token);

        Check(rows[0], Time(store.Now - (6 * Minute)), 24, 4711);
        Check(rows[1], Time(store.Now - (30 * Day) + (2 * Minute)), 12, 4712);
        never.GetProperty("time").ValueKind.ShouldBe(JsonValueKind.Null);
        never.GetProperty("value").ValueKind.ShouldBe(JsonValueKind.Null);
        never.GetProperty("clockAhead").GetBoolean().ShouldBeTrue();
        others.GetProperty("clockAhead").GetBoolean().ShouldBeFalse();
        others.TryGetProperty("aheadTime", out _).ShouldBeFalse();
        csv.ShouldContain($"\"fast-2\",\"level\",,,\"\",,\"store\",true,\"{Time(Future + 5)}\",4713");
    }

    [Fact]
    public async Task A_live_reading_of_tomorrow_does_not_become_the_latest_and_is_marked_in_the_stream()
    {
        await using var log = new TailLog();
        await using var server = await QueryServer.StartAsync(store.ClickHouse, store.Time, log: log);
        using var stream = await LiveClientReader.OpenAsync(server.Client, "/api/v1/live?device=fast-1&sensor=level");

        log.Readings("fast-1", "level", (Future, 1), (store.Now, 2));
        var events = await stream.ReadAsync(2);
        var latest = (await server.Client.GetJsonAsync("/api/v1/latest?device=fast-1&sensor=level")).GetProperty("latest")[0];

        var readings = events.SelectMany(e => e.Data.EnumerateArray()).ToList();
        readings[0].GetProperty("clockAhead").GetBoolean().ShouldBeTrue();
        readings[1].TryGetProperty("clockAhead", out _).ShouldBeFalse();
        latest.GetProperty("value").GetDouble().ShouldBe(2);
        latest.GetProperty("source").GetString().ShouldBe("live");
    }

    [Theory]
    [InlineData("/api/v1/devices?search=fast-1", "devices", "device")]
    [InlineData("/api/v1/devices/fast-1/sensors?search=level", "sensors", "sensor")]
    [InlineData("/api/v1/sensors?search=rare", "sensors", "sensor")]
    public async Task Last_seen_passes_over_the_future_and_marks_it(string path, string rows, string column)
    {
        await using var server = await QueryServer.StartAsync(store.ClickHouse, store.Time);

        var row = (await server.Client.GetJsonAsync(path)).GetProperty(rows)[0];
        var lines = await server.Client.GetStringAsync(new Uri(path + "&format=jsonl", UriKind.Relative), QueryStore.Token);
        var csv = await server.Client.GetStringAsync(new Uri(path + "&format=csv", UriKind.Relative), QueryStore.Token);

        var expected = path.Contains("rare", StringComparison.Ordinal) ? store.Now - (30 * Day) + (2 * Minute) : store.Now - (6 * Minute);
        row.GetProperty("lastSeen").GetString().ShouldBe(Time(expected));
        row.GetProperty("clockAhead").GetBoolean().ShouldBeTrue();
        row.GetProperty("aheadTime").GetString().ShouldBe(Time(Future));
        JsonDocument.Parse(lines).RootElement.GetProperty("lastSeen").GetString().ShouldBe(Time(expected));
        csv.ShouldStartWith($"\"{column}\",");
        csv.ShouldContain($",\"{Time(expected)}\",true,\"{Time(Future)}\"\n");
    }

    [Fact]
    public async Task A_device_that_only_ever_sent_tomorrow_has_no_last_seen_and_says_why()
    {
        await using var server = await QueryServer.StartAsync(store.ClickHouse, store.Time);

        var device = await server.Client.GetJsonAsync("/api/v1/devices/fast-2");

        device.GetProperty("lastSeen").ValueKind.ShouldBe(JsonValueKind.Null);
        device.GetProperty("clockAhead").GetBoolean().ShouldBeTrue();
        device.GetProperty("readings").GetInt64().ShouldBe(1);
    }

    [Fact]
    public async Task Freshness_is_the_age_of_the_newest_stored_record_by_its_ingest_time()
    {
        await using var log = new TailLog { High = 225, StoredAge = TimeSpan.FromSeconds(42) };
        await using var server = await QueryServer.StartAsync(
            store.ClickHouse, store.Time, new QueryOptions { ProgressAge = TimeSpan.Zero }, log);

        var pipeline = await server.Client.GetJsonAsync("/api/v1/pipeline");
        var meta = pipeline.GetProperty("meta");
        log.StoredAge = TimeSpan.FromHours(2);
        var later = (await server.Client.GetJsonAsync("/api/v1/devices")).GetProperty("meta");

        meta.GetProperty("freshness").GetDouble().ShouldBe(42);
        pipeline.GetProperty("freshness").GetDouble().ShouldBe(42);
        meta.GetProperty("behind").GetInt64().ShouldBe(25);
        later.GetProperty("freshness").GetDouble().ShouldBe(7200);
    }

    [Fact]
    public async Task Watermark_is_never_in_the_future_with_or_without_a_log()
    {
        await using var log = new TailLog { High = 225, StoredAge = TimeSpan.FromSeconds(42) };
        await using var with = await QueryServer.StartAsync(store.ClickHouse, store.Time, log: log);
        await using var without = await QueryServer.StartAsync(store.ClickHouse, store.Time);

        var known = (await with.Client.GetJsonAsync("/api/v1/devices")).GetProperty("meta");
        var unknown = (await without.Client.GetJsonAsync("/api/v1/devices")).GetProperty("meta");

        known.GetProperty("watermark").GetString().ShouldBe(Time(store.Now - 42_000_000));
        unknown.GetProperty("watermark").GetString().ShouldBe(Time(store.Now - 1_000_000));
        unknown.GetProperty("freshness").GetDouble().ShouldBe(1);
    }

    private static void Check(JsonElement row, string time, double value, double ahead)
    {
        row.GetProperty("time").GetString().ShouldBe(time);
        row.GetProperty("value").GetDouble().ShouldBe(value);
        row.GetProperty("clockAhead").GetBoolean().ShouldBeTrue();
        row.GetProperty("aheadValue").GetDouble().ShouldBe(ahead);
    }

    private Task InsertAsync(string device, string sensor, long from, int count, long step, string value) => store.InsertAsync(
        QueryStore.Rows(device, sensor, $"{Text(from)} + number * {Text(step)}", count, $"toFloat64({value})"));

    private async Task<int> CountAsync()
    {
        var result = await store.ClickHouse.QueryAsync(
            new Telemetry.Storage.ClickHouse.ClickHouseQuery("SELECT count() FROM readings_data WHERE device = 'fast-1'", Format: "TSV"), QueryStore.Token);
        return int.Parse(System.Text.Encoding.ASCII.GetString(result.Body.Span), CultureInfo.InvariantCulture);
    }

    private static string Time(long us) =>
        DateTimeOffset.UnixEpoch.AddTicks(us * 10).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);
}
