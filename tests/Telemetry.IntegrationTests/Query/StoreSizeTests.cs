using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Telemetry.IntegrationTests.Storage;
using Telemetry.Storage.ClickHouse;
using Telemetry.Storage.Schema;
using Telemetry.Storage.Sizes;

namespace Telemetry.IntegrationTests.Query;

/// <summary>What the store says of its own size, against the real engine.</summary>
[Collection(EngineFixture.Collection)]
public sealed class StoreSizeTests(EngineFixture engine) : IAsyncLifetime
{
    private readonly QueryStore _store = new(engine);
    private string _database = "";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await _store.InitializeAsync();
        _database = (await _store.ClickHouse.QueryRowsAsync("SELECT currentDatabase()", null, Token))[0][0];
    }

    public ValueTask DisposeAsync() => _store.DisposeAsync();

    [Fact]
    public async Task Size_counts_rows_parts_and_times_of_every_table_and_columns_of_wide_parts()
    {
        await RunAsync($"CREATE TABLE {_database}.wide AS {_database}.readings ENGINE = MergeTree ORDER BY (sensor, device, event_time) SETTINGS min_bytes_for_wide_part = 0");
        await RunAsync($"INSERT INTO {_database}.wide SELECT * FROM readings");
        var ends = (await _store.ClickHouse.QueryRowsAsync("SELECT toUnixTimestamp(min(event_time)), toUnixTimestamp(max(event_time)) FROM readings", null, Token))[0]
            .Select(t => DateTimeOffset.FromUnixTimeSeconds(long.Parse(t, CultureInfo.InvariantCulture))).ToArray();

        var size = await StoreSizeReader.ReadAsync(_store.ClickHouse, _store.Time, QueryKind.Reader, Token);

        var raw = size.Tables.Single(t => t.Table == "readings");
        size.Readings.ShouldBe(raw.Rows);
        raw.Rows.ShouldBeGreaterThanOrEqualTo(QueryStore.Seconds);
        raw.BytesPerReading.ShouldNotBeNull().ShouldBe((double)raw.Bytes / raw.Rows, 0.001);
        (raw.Oldest, raw.Newest).ShouldBe((ends[0], ends[1]));
        raw.Columns.Select(c => c.Column).ShouldBe(["sensor", "device", "event_time", "value", "quality", "boot", "sequence"], ignoreOrder: true);
        raw.Columns.ShouldAllBe(c => c.Rows == 0 && c.BytesPerRow == null);
        size.Bytes.ShouldBe(size.Tables.Sum(t => t.Bytes));
        size.Tables.Select(t => t.Bytes).ShouldBe(size.Tables.Select(t => t.Bytes).OrderDescending());
        size.Disks.ShouldHaveSingleItem().FreeBytes.ShouldNotBeNull().ShouldBeGreaterThan(0);

        var wide = size.Tables.Single(t => t.Table == "wide");
        wide.Columns.ShouldAllBe(c => c.Rows == wide.Rows && c.Bytes > 0);
        wide.Columns.Sum(c => c.Bytes).ShouldBeLessThanOrEqualTo(wide.Bytes);
        wide.Columns.Single(c => c.Column == "sequence").Codec.ShouldContain("DoubleDelta");
    }

    [Fact]
    public async Task Parts_that_a_merge_has_replaced_are_told_while_they_are_on_disk()
    {
        await RunAsync($"SYSTEM STOP MERGES {_database}.readings");
        await _store.InsertAsync($"SELECT 'extra' AS sensor, 'press-99' AS device, {_store.Start} AS us, 1. AS value, 0 AS quality, 1 AS sequence");
        var before = (await SizeAsync()).Tables.Single(t => t.Table == "readings");
        await RunAsync($"SYSTEM START MERGES {_database}.readings");
        await RunAsync("OPTIMIZE TABLE readings FINAL");

        var after = (await SizeAsync()).Tables.Single(t => t.Table == "readings");

        before.Parts.ShouldBeGreaterThan(1);
        after.Rows.ShouldBe(before.Rows);
        after.Parts.ShouldBeLessThan(before.Parts);
        (after.Replaced.Parts - before.Replaced.Parts).ShouldBeGreaterThan(1);
        (after.Replaced.Bytes - before.Replaced.Bytes).ShouldBe(before.Bytes);
        (after.Replaced.Files - before.Replaced.Files).ShouldBe(before.Files);
    }

    [Theory]
    [InlineData(60)]
    [InlineData(5)]
    public async Task Replaced_parts_of_every_table_go_after_the_time_that_is_set(int seconds)
    {
        await SchemaMigrator.ApplyAsync(
            _store.ClickHouse, new SchemaOptions { FreeDiskBytesMin = 0, ReplacedPartsLifetime = TimeSpan.FromSeconds(seconds) }, NullLoggerFactory.Instance, TimeProvider.System, Token);

        var tables = await _store.ClickHouse.QueryRowsAsync(
            "SELECT name, extract(engine_full, 'old_parts_lifetime = ([0-9]+)') FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree' AND name LIKE 'readings%'", null, Token);

        tables.Select(t => t[0]).ShouldContain("readings_1m");
        tables.ShouldAllBe(t => t[1] == $"{seconds}");
    }

    [Fact]
    public async Task Plan_is_worked_out_over_http_and_refuses_what_cannot_be_meant()
    {
        await using var server = await QueryServer.StartAsync(_store.ClickHouse, _store.Time);

        var plan = await server.Client.GetJsonAsync("/api/v1/store/plan?devices=10000&sensors=9&interval=30s&kind=jitter&disk=250000000000");
        using var refused = await server.Client.GetAsync(new Uri("/api/v1/store/plan?devices=0&sensors=9&interval=30s", UriKind.Relative), Token);

        plan.GetProperty("readings").GetDouble().ShouldBe(90_000 * 2880.0 * 730, 1);
        plan.GetProperty("tables")[0].GetProperty("table").GetString().ShouldBe("readings");
        plan.GetProperty("daysThatFit").GetDouble().ShouldBeGreaterThan(1);
        ((int)refused.StatusCode).ShouldBe(400);
    }

    [Fact]
    public async Task Api_answers_what_the_store_says()
    {
        await using var server = await QueryServer.StartAsync(_store.ClickHouse, _store.Time);

        var answer = (await server.Client.GetJsonAsync("/api/v1/store/size")).Deserialize<StoreSize>(JsonSerializerOptions.Web).ShouldNotBeNull();

        var size = await SizeAsync();
        answer.Readings.ShouldBe(size.Readings);
        answer.Tables.Select(t => t.Table).ShouldBe(size.Tables.Select(t => t.Table), ignoreOrder: true);
        answer.At.ShouldBe(_store.Time.GetUtcNow());
    }

    private ValueTask RunAsync(string sql) => _store.ClickHouse.ExecuteAsync(new ClickHouseQuery(sql), Token);

    private ValueTask<StoreSize> SizeAsync() => StoreSizeReader.ReadAsync(_store.ClickHouse, _store.Time, QueryKind.Reader, Token);
}
