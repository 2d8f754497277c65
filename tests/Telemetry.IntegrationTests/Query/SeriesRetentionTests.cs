using System.Globalization;
using System.Net;
using System.Text.Json;
using Telemetry.IntegrationTests.Storage;
using Telemetry.Query.Setup;
using Telemetry.Storage.ClickHouse;

namespace Telemetry.IntegrationTests.Query;

/// <summary>Series beyond a table's retention, ties within a bucket, sums that overflow, and answers that are too large.</summary>
[Collection(EngineFixture.Collection)]
public sealed class SeriesRetentionTests(QueryStore store) : IClassFixture<QueryStore>, IAsyncLifetime
{
    private const long Second = 1_000_000;
    private const long Hour = 3600 * Second;
    private const long Day = 24 * Hour;

    private long ThreeYearsAgo => (store.Now - (3 * 365 * Day)) / Hour * Hour;

    private long HundredDaysAgo => (store.Now - (100 * Day)) / Hour * Hour;

    private long Recent => store.Now - (10 * Hour);

    public async ValueTask InitializeAsync()
    {
        var found = await store.ClickHouse.QueryAsync(
            new ClickHouseQuery("SELECT count() FROM readings_last_data WHERE device = 'huge'", Format: "TSV"), QueryStore.Token);
        if (found.Body.Span[0] != (byte)'0')
        {
            return;
        }

        // Three years ago: retention has removed raw and minutes. A hundred days ago: minutes alone.
        await InsertAsync("ancient", "level", $"{Text(ThreeYearsAgo)} + number * 60000000", 120, "toFloat64(number)", raw: false);
        await InsertAsync("ancient", "later", $"{Text(HundredDaysAgo)} + number * 60000000", 120, "toFloat64(number)");
        await InsertAsync("ties", "level", Text(Recent) + " + 0 * number", 2, "if(number = 0, 9., 3.)");
        await InsertAsync("huge", "level", $"{Text(Recent)} + number * 1000000", 2, "1.7e308");
        await InsertAsync("huge", "mixed", $"{Text(Recent)} + number * 1000000", 2, "if(number = 0, 1.7e308, 1.6e308)");
    }

    public ValueTask DisposeAsync() => default;

    [Theory]
    [InlineData("auto")]
    [InlineData("1m")]
    [InlineData("5s")]
    public async Task Where_raw_and_minutes_have_expired_the_hours_answer(string step)
    {
        await using var server = await QueryServer.StartAsync(store.ClickHouse, store.Time);

        var answer = await server.Client.GetJsonAsync(Path("ancient", "level", ThreeYearsAgo, ThreeYearsAgo + (2 * Hour), $"step={step}"));

        answer.GetProperty("source").GetString().ShouldBe("1h");
        answer.GetProperty("stepMs").GetInt64().ShouldBe(3_600_000);
        answer.GetProperty("raw").GetBoolean().ShouldBeFalse();
        answer.GetProperty("completeFrom").ValueKind.ShouldBe(JsonValueKind.Null);
        answer.GetProperty("columns").GetProperty("count").EnumerateArray().Select(c => c.GetInt32()).ShouldBe([60, 60]);
        answer.GetProperty("columns").GetProperty("mean")[1].GetDouble().ShouldBe(89.5);
    }

    [Fact]
    public async Task Over_all_devices_too_the_hours_answer()
    {
        await using var server = await QueryServer.StartAsync(store.ClickHouse, store.Time);

        var answer = await server.Client.GetJsonAsync(
            $"/api/v1/sensors/level/series?from={Text(ThreeYearsAgo / 1000)}&to={Text((ThreeYearsAgo + (2 * Hour)) / 1000)}");

        answer.GetProperty("columns").GetProperty("count").EnumerateArray().Sum(c => c.GetInt32()).ShouldBe(120);
    }

    [Fact]
    public async Task Single_readings_past_their_retention_are_none_and_the_answer_says_from_when_on_there_are()
    {
        await using var server = await QueryServer.StartAsync(store.ClickHouse, store.Time);

        var answer = await server.Client.GetJsonAsync(Path("ancient", "level", ThreeYearsAgo, ThreeYearsAgo + (2 * Hour), "step=raw"));
        using var csv = await server.Client.GetAsync(
            new Uri(Path("ancient", "level", ThreeYearsAgo, ThreeYearsAgo + (2 * Hour), "step=raw&format=csv"), UriKind.Relative), QueryStore.Token);

        answer.GetProperty("columns").GetProperty("t").GetArrayLength().ShouldBe(0);
        answer.GetProperty("completeFrom").ValueKind.ShouldBe(JsonValueKind.String);
        csv.Headers.Contains("Telemetry-Complete-From").ShouldBeTrue();
    }

    [Fact]
    public async Task Minutes_that_have_expired_come_from_raw_as_long_as_it_has_them()
    {
        await using var server = await QueryServer.StartAsync(store.ClickHouse, store.Time);

        var answer = await server.Client.GetJsonAsync(Path("ancient", "later", HundredDaysAgo, HundredDaysAgo + (2 * Hour), "step=10m"));

        answer.GetProperty("source").GetString().ShouldBe("raw");
        answer.GetProperty("columns").GetProperty("count").EnumerateArray().ShouldAllBe(c => c.GetInt32() == 10);
    }

    [Theory]
    [InlineData("5s")]
    public async Task First_and_last_of_one_moment_go_by_sequence_as_latest_does(string step)
    {
        await using var server = await QueryServer.StartAsync(store.ClickHouse, store.Time);

        var columns = (await server.Client.GetJsonAsync(Path("ties", "level", Recent, Recent + Hour, $"step={step}"))).GetProperty("columns");
        var latest = (await server.Client.GetJsonAsync("/api/v1/latest?device=ties")).GetProperty("latest")[0];

        columns.GetProperty("first")[0].GetDouble().ShouldBe(9);
        columns.GetProperty("last")[0].GetDouble().ShouldBe(3);
        latest.GetProperty("value").GetDouble().ShouldBe(3);
    }

    [Theory]
    [InlineData("level", "5s", 1.7e308)]
    [InlineData("level", "1m", 1.7e308)]
    [InlineData("level", "1d", 1.7e308)]
    [InlineData("mixed", "5s", 1.65e308)]
    public async Task Mean_is_right_where_the_sum_of_the_values_overflows(string sensor, string step, double mean)
    {
        await using var server = await QueryServer.StartAsync(store.ClickHouse, store.Time);

        var columns = (await server.Client.GetJsonAsync(Path("huge", sensor, Recent, Recent + Hour, $"step={step}"))).GetProperty("columns");
        var csv = await server.Client.GetStringAsync(
            new Uri(Path("huge", sensor, Recent, Recent + Hour, $"step={step}&format=csv"), UriKind.Relative), QueryStore.Token);

        columns.GetProperty("mean")[0].GetDouble().ShouldBe(mean, mean * 1e-12);
        csv.ShouldNotContain("inf");
    }

    [Theory]
    [InlineData("csv")]
    [InlineData("jsonl")]
    public async Task More_rows_than_there_may_be_are_refused_where_a_cut_would_not_show(string format)
    {
        await using var server = await QueryServer.StartAsync(store.ClickHouse, store.Time, new QueryOptions { PointsMax = 100 });

        var problem = await server.Client.GetProblemAsync($"/api/v1/series?device=press-07&sensor=temperature&from=now-3h&step=raw&format={format}", 422);
        var fits = await server.Client.GetStringAsync(
            new Uri($"/api/v1/series?device=press-07&sensor=temperature&from=now-100s&step=raw&format={format}", UriKind.Relative), QueryStore.Token);
        var json = await server.Client.GetJsonAsync("/api/v1/series?device=press-07&sensor=temperature&from=now-3h&step=raw");

        problem.GetProperty("type").GetString().ShouldBe("urn:telemetry:problem:query-rows-limit");
        problem.GetProperty("detail").GetString()!.ShouldContain("/api/v1/export");
        fits.TrimEnd().Split('\n').Length.ShouldBe(format == "csv" ? 101 : 100);
        json.GetProperty("meta").GetProperty("truncated").GetBoolean().ShouldBeTrue();
    }

    [Fact]
    public async Task Answers_hold_no_more_memory_than_there_is_for_them()
    {
        await using var server = await QueryServer.StartAsync(store.ClickHouse, store.Time, new QueryOptions { AnswerBytesMax = 10_000 });

        using var large = await server.Client.GetAsync(
            new Uri("/api/v1/series?device=press-07&sensor=temperature&from=now-3h&step=raw", UriKind.Relative), QueryStore.Token);
        using var small = await server.Client.GetAsync(new Uri("/api/v1/devices?limit=1", UriKind.Relative), QueryStore.Token);

        large.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        large.Headers.RetryAfter.ShouldNotBeNull();
        small.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    private static string Path(string device, string sensor, long from, long to, string rest) =>
        $"/api/v1/series?device={device}&sensor={sensor}&from={Text(from / 1000)}&to={Text(to / 1000)}&{rest}";

    private Task InsertAsync(string device, string sensor, string us, int count, string value, bool raw = true) =>
        store.InsertAsync(QueryStore.Rows(device, sensor, us, count, value), raw: raw);

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);
}
