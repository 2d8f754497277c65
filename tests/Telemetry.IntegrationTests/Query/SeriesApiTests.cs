using System.Text.Json;
using Telemetry.IntegrationTests.Storage;

namespace Telemetry.IntegrationTests.Query;

[Collection(EngineFixture.Collection)]
public sealed class SeriesApiTests(QueryStore store) : IClassFixture<QueryStore>
{
    private const string Temperature = "/api/v1/series?device=press-07&sensor=temperature";

    [Fact]
    public async Task Rollup_answer_holds_every_reading_once_up_to_the_last_second()
    {
        await using var server = await QueryServer.StartAsync(store.ClickHouse, store.Time);

        var answer = await server.Client.GetJsonAsync($"{Temperature}&from=now-3h&to=now&step=1m");

        answer.GetProperty("source").GetString().ShouldBe("1m");
        var columns = answer.GetProperty("columns");
        Longs(columns, "count").Sum().ShouldBe(QueryStore.Seconds);
        Doubles(columns, "max").Max().ShouldBe(QueryStore.Seconds - 1);
        Longs(columns, "count").ShouldAllBe(count => count == 60);
        Doubles(columns, "t").ShouldBe(Enumerable.Range(0, 180).Select(i => (store.Start / 1000.0) + (i * 60_000)));
        Doubles(columns, "mean")[1].ShouldBe(60 + 29.5);
        Doubles(columns, "first")[1].ShouldBe(60);
        Doubles(columns, "last")[1].ShouldBe(119);
        answer.GetProperty("segments").EnumerateArray().Select(s => s.GetProperty("source").GetString()).ShouldBe(["1m", "raw"]);
    }

    [Fact]
    public async Task Day_rollup_hands_over_to_hours_minutes_and_raw_without_gap_or_double()
    {
        await using var server = await QueryServer.StartAsync(store.ClickHouse, store.Time);

        var answer = await server.Client.GetJsonAsync($"{Temperature}&from=now-30d&to=now&step=1d");

        Longs(answer.GetProperty("columns"), "count").Sum().ShouldBe(QueryStore.Seconds);
        answer.GetProperty("segments").EnumerateArray().Select(s => s.GetProperty("source").GetString())
            .ShouldBe(["1d", "1h", "1m", "raw"]);
    }

    [Fact]
    public async Task Statistics_are_those_of_the_readings_that_are_numbers()
    {
        await using var server = await QueryServer.StartAsync(store.ClickHouse, store.Time);

        var all = await server.Client.GetJsonAsync("/api/v1/statistics?device=press-07&sensor=temperature&from=now-3h&to=now&low=0&high=1079");
        var odd = await server.Client.GetJsonAsync("/api/v1/statistics?device=press-07&sensor=odd&from=now-3h&to=now");
        var none = await server.Client.GetJsonAsync("/api/v1/statistics?device=press-07&sensor=void&from=now-3h&to=now&low=1");

        all.GetProperty("readings").GetInt64().ShouldBe(QueryStore.Seconds);
        (all.GetProperty("min").GetDouble(), all.GetProperty("max").GetDouble(), all.GetProperty("mean").GetDouble()).ShouldBe((0, QueryStore.Seconds - 1, (QueryStore.Seconds - 1) / 2.0));
        all.GetProperty("deviation").GetDouble().ShouldBe(Math.Sqrt((Math.Pow(QueryStore.Seconds, 2) - 1) / 12), 1e-6);
        all.GetProperty("p50").GetDouble().ShouldBe(QueryStore.Seconds / 2.0, QueryStore.Seconds * 0.01);
        all.GetProperty("within").GetDouble().ShouldBe(0.1);
        (odd.GetProperty("readings").GetInt64(), odd.GetProperty("used").GetInt64(), odd.GetProperty("notFinite").GetInt64()).ShouldBe((60, 57, 3));
        odd.GetProperty("within").ValueKind.ShouldBe(JsonValueKind.Null);
        (none.GetProperty("used").GetInt64(), none.GetProperty("mean").ValueKind, none.GetProperty("within").ValueKind).ShouldBe((0, JsonValueKind.Null, JsonValueKind.Null));
        (await server.Client.GetProblemAsync("/api/v1/statistics?device=a&sensor=b&low=2&high=1", 400)).GetProperty("parameter").GetString().ShouldBe("low");
        (await server.Client.GetProblemAsync("/api/v1/statistics?device=a&sensor=b&low=x", 400)).GetProperty("detail").GetString()!.ShouldContain("'x' is not a number.");
    }

    [Theory]
    [InlineData("1s", "raw", 1)]
    [InlineData("PT30S", "raw", 30)]
    [InlineData("90s", "raw", 90)]
    [InlineData("5m", "1m", 300)]
    [InlineData("PT1H", "1h", 3600)]
    [InlineData("P1D", "1d", 86400)]
    public async Task Every_step_counts_every_reading_once(string step, string source, int seconds)
    {
        await using var server = await QueryServer.StartAsync(store.ClickHouse, store.Time);

        var answer = await server.Client.GetJsonAsync($"{Temperature}&from=now-3h&to=now&step={step}");

        answer.GetProperty("source").GetString().ShouldBe(source);
        answer.GetProperty("stepMs").GetInt64().ShouldBe(seconds * 1000L);
        Longs(answer.GetProperty("columns"), "count").Sum().ShouldBe(QueryStore.Seconds);
        Doubles(answer.GetProperty("columns"), "min").Min().ShouldBe(0);
    }

    [Fact]
    public async Task Auto_shows_single_readings_when_they_fit_and_a_rollup_when_not()
    {
        await using var server = await QueryServer.StartAsync(store.ClickHouse, store.Time);

        var near = await server.Client.GetJsonAsync($"{Temperature}&from=now-1m&to=now&points=60");
        var far = await server.Client.GetJsonAsync($"{Temperature}&from=now-3h&to=now&points=60");

        near.GetProperty("raw").GetBoolean().ShouldBeTrue();
        Doubles(near.GetProperty("columns"), "value").ShouldBe(Enumerable.Range(QueryStore.Seconds - 60, 60).Select(i => (double)i));
        far.GetProperty("source").GetString().ShouldBe("1m");
        far.GetProperty("columns").GetProperty("t").GetArrayLength().ShouldBeLessThanOrEqualTo(60);
    }

    [Fact]
    public async Task Raw_beyond_the_points_is_cut_and_says_so()
    {
        await using var server = await QueryServer.StartAsync(store.ClickHouse, store.Time);

        var answer = await server.Client.GetJsonAsync($"{Temperature}&from=now-1h&to=now&step=raw&points=100");

        answer.GetProperty("columns").GetProperty("t").GetArrayLength().ShouldBe(100);
        answer.GetProperty("meta").GetProperty("truncated").GetBoolean().ShouldBeTrue();
    }

    [Fact]
    public async Task Nan_and_infinity_are_null_with_their_name_and_spoil_no_bucket()
    {
        await using var server = await QueryServer.StartAsync(store.ClickHouse, store.Time);
        const string odd = "/api/v1/series?device=press-07&sensor=odd&from=now-3h&to=now-2h";

        var raw = (await server.Client.GetJsonAsync($"{odd}&step=raw")).GetProperty("columns");
        var minutes = (await server.Client.GetJsonAsync($"{odd}&step=1m")).GetProperty("columns");
        var silent = (await server.Client.GetJsonAsync("/api/v1/series?device=press-07&sensor=void&from=now-3h&step=1m")).GetProperty("columns");

        Doubles(raw, "value")[..5].ShouldBe([0, double.NaN, double.NaN, double.NaN, 4]);
        raw.GetProperty("special").EnumerateArray().Take(5).Select(v => v.GetString()).ShouldBe([null, "NaN", "Infinity", "-Infinity", null]);
        Longs(minutes, "count").ShouldBe([60]);
        Doubles(minutes, "min").ShouldBe([0]);
        Doubles(minutes, "max").ShouldBe([59]);
        Doubles(minutes, "mean").ShouldBe([Enumerable.Range(0, 60).Except([1, 2, 3]).Average()]);
        Longs(silent, "count").ShouldBe([60, 30]);
        foreach (var name in (string[])["min", "max", "mean", "first", "last"])
        {
            Doubles(silent, name).ShouldBe([double.NaN, double.NaN], name);
        }
    }

    [Fact]
    public async Task Sensor_over_all_devices_counts_each_device_and_groups_by_device()
    {
        await using var server = await QueryServer.StartAsync(store.ClickHouse, store.Time);
        const string path = "/api/v1/sensors/temperature/series?from=now-3h&to=now&step=1h";

        var all = await server.Client.GetJsonAsync(path);
        var groups = await server.Client.GetJsonAsync($"{path}&group=device");
        var one = await server.Client.GetJsonAsync($"{path}&group=device&limit=1");

        Longs(all.GetProperty("columns"), "count").Sum().ShouldBe(QueryStore.Seconds + 600);
        groups.GetProperty("groups").EnumerateArray()
            .Select(g => (g.GetProperty("device").GetString(), Longs(g.GetProperty("columns"), "count").Sum()))
            .ShouldBe([("press-07", QueryStore.Seconds), ("press-08", 600L)]);
        one.GetProperty("groups").GetArrayLength().ShouldBe(1);
        one.GetProperty("meta").GetProperty("truncated").GetBoolean().ShouldBeTrue();
    }

    [Fact]
    public async Task Long_range_of_the_day_rollup_is_complete()
    {
        await using var server = await QueryServer.StartAsync(store.ClickHouse, store.Time);

        var answer = await server.Client.GetJsonAsync("/api/v1/series?device=old-1&sensor=level&from=now-41d&step=1d");

        Longs(answer.GetProperty("columns"), "count").Sum().ShouldBe(960);
        Doubles(answer.GetProperty("columns"), "max").Max().ShouldBe(23);
    }

    [Fact]
    public async Task Csv_and_json_lines_hold_the_same_rows_as_json()
    {
        await using var server = await QueryServer.StartAsync(store.ClickHouse, store.Time);
        const string path = $"{Temperature}&from=now-3h&to=now&step=1h";

        var json = (await server.Client.GetJsonAsync(path)).GetProperty("columns");
        var csv = (await server.Client.GetStringAsync(new Uri($"{path}&format=csv", UriKind.Relative), QueryStore.Token)).TrimEnd().Split('\n');
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Accept.ParseAdd("application/x-ndjson");
        using var lines = await server.Client.SendAsync(request, QueryStore.Token);
        var rows = (await lines.Content.ReadAsStringAsync(QueryStore.Token)).TrimEnd().Split('\n')
            .Select(line => JsonDocument.Parse(line).RootElement).ToList();

        csv[0].ShouldBe("\"time\",\"min\",\"max\",\"mean\",\"first\",\"last\",\"count\"");
        csv[1..].Select(line => long.Parse(line.Split(',')[6])).ShouldBe(Longs(json, "count"));
        rows.Select(row => row.GetProperty("mean").GetDouble()).ShouldBe(Doubles(json, "mean"));
        lines.Headers.GetValues("Telemetry-Source").ShouldBe(["1h"]);
        lines.Headers.Contains("Telemetry-Freshness").ShouldBeTrue();
    }

    [Theory]
    [InlineData("&step=1h", "UTC", null, "T([0-9]{2}):00:00(.0+)?Z$")]
    [InlineData("&step=raw", "UTC", null, "T[0-9:.]+Z$")]
    [InlineData("&step=1d", "UTC", "UTC", "T00:00:00(.0+)?Z$")]
    [InlineData("&step=1d&tz=Asia/Kolkata", "UTC", "Asia/Kolkata", "T18:30:00(.0+)?Z$")]
    public async Task Rows_say_in_which_zone_times_are_and_days_begin(string step, string zone, string? days, string time)
    {
        await using var server = await QueryServer.StartAsync(store.ClickHouse, store.Time);

        foreach (var format in (string[])["csv", "jsonl"])
        {
            using var answer = await server.Client.GetAsync(new Uri($"{Temperature}&from=now-1h&to=now{step}&format={format}", UriKind.Relative), QueryStore.Token);

            answer.IsSuccessStatusCode.ShouldBeTrue();
            answer.Headers.GetValues("Telemetry-Time-Zone").ShouldBe([zone]);
            (answer.Headers.TryGetValues("Telemetry-Days-In", out var named) ? named.Single() : null).ShouldBe(days);
            var rows = (await answer.Content.ReadAsStringAsync(QueryStore.Token)).TrimEnd().Split('\n');
            var times = format == "csv"
                ? rows[1..].Select(row => row.Split(',')[Array.IndexOf(rows[0].Split(','), "\"time\"")].Trim('"'))
                : rows.Select(row => JsonDocument.Parse(row).RootElement.GetProperty("time").GetString()!);
            times.ToList().ShouldNotBeEmpty();
            times.ShouldAllBe(text => System.Text.RegularExpressions.Regex.IsMatch(text, time));
        }
    }

    private static double[] Doubles(JsonElement columns, string name) =>
        [.. columns.GetProperty(name).EnumerateArray().Select(v => v.ValueKind == JsonValueKind.Null ? double.NaN : v.GetDouble())];

    private static long[] Longs(JsonElement columns, string name) =>
        [.. columns.GetProperty(name).EnumerateArray().Select(v => v.GetInt64())];
}
