using System.Net;
using System.Text.Json;
using Telemetry.IntegrationTests.Storage;
using Telemetry.Query.Health;
using Telemetry.Query.Setup;

namespace Telemetry.IntegrationTests.Query;

[Collection(EngineFixture.Collection)]
public sealed class ApiTests(QueryStore store) : IClassFixture<QueryStore>
{
    [Fact]
    public async Task Devices_are_found_by_part_of_their_name_and_paged()
    {
        await using var server = await QueryServer.StartAsync(store.ClickHouse, store.Time);

        var first = await server.Client.GetJsonAsync("/api/v1/devices?limit=2");
        var second = await server.Client.GetJsonAsync($"/api/v1/devices?limit=2&offset={first.GetProperty("next").GetInt32()}");
        var found = await server.Client.GetJsonAsync("/api/v1/devices?search=PRESS");

        Names(first, "devices", "device").ShouldBe(["old-1", "press-07"]);
        Names(second, "devices", "device").ShouldBe(["press-08"]);
        second.GetProperty("next").ValueKind.ShouldBe(JsonValueKind.Null);
        Names(found, "devices", "device").ShouldBe(["press-07", "press-08"]);
    }

    [Fact]
    public async Task Device_and_its_sensors_are_described_and_markers_never_show()
    {
        await using var server = await QueryServer.StartAsync(store.ClickHouse, store.Time);

        var device = await server.Client.GetJsonAsync("/api/v1/devices/press-07");
        var sensors = await server.Client.GetJsonAsync("/api/v1/devices/press-07/sensors");
        var all = await server.Client.GetJsonAsync("/api/v1/sensors");

        device.GetProperty("sensors").GetInt32().ShouldBe(3);
        Names(sensors, "sensors", "sensor").ShouldBe(["odd", "temperature", "void"]);
        Names(all, "sensors", "sensor").ShouldBe(["level", "odd", "temperature", "void"]);
        (await server.Client.GetProblemAsync("/api/v1/devices/nobody", 404)).GetProperty("detail").GetString()!.ShouldContain("nobody");
    }

    [Fact]
    public async Task Latest_value_comes_from_raw_before_the_rollup_has_it()
    {
        await using var server = await QueryServer.StartAsync(store.ClickHouse, store.Time);

        var latest = await server.Client.GetJsonAsync("/api/v1/latest?device=press-07");
        var sensor = await server.Client.GetJsonAsync("/api/v1/latest?sensor=temperature");
        var csv = await server.Client.GetStringAsync(new Uri("/api/v1/latest?device=press-07&format=csv", UriKind.Relative), QueryStore.Token);

        var rows = latest.GetProperty("latest").EnumerateArray().ToList();
        rows.Select(row => row.GetProperty("sensor").GetString()).ShouldBe(["odd", "temperature", "void"]);
        rows[1].GetProperty("value").GetDouble().ShouldBe(QueryStore.Seconds - 1);
        rows[2].GetProperty("value").ValueKind.ShouldBe(JsonValueKind.Null);
        rows[2].GetProperty("special").GetString().ShouldBe("NaN");
        Names(sensor, "latest", "device").ShouldBe(["press-07", "press-08"]);
        csv.ShouldContain($"\"press-07\",\"temperature\",");
        csv.ShouldContain($",,\"NaN\",0,\"store\"");
    }

    [Fact]
    public async Task Anomalies_are_filtered_by_kind_and_paged_newest_first()
    {
        await using var server = await QueryServer.StartAsync(store.ClickHouse, store.Time);

        var spikes = await server.Client.GetJsonAsync("/api/v1/anomalies?device=press-07&sensor=temperature&kind=spike&limit=10");
        var none = await server.Client.GetJsonAsync("/api/v1/anomalies?device=press-08");
        var events = await server.Client.GetJsonAsync("/api/v1/device-events?device=press-07&kind=booted");

        Names(spikes, "anomalies", "kind").ShouldAllBe(kind => kind == "spike");
        spikes.GetProperty("anomalies")[0].GetProperty("value").GetDouble().ShouldBe(98);
        spikes.GetProperty("next").GetInt32().ShouldBe(10);
        none.GetProperty("anomalies").GetArrayLength().ShouldBe(0);
        events.GetProperty("events")[0].GetProperty("detail").GetString().ShouldBe("first seen");
    }

    [Fact]
    public async Task Incidents_are_given_as_last_known_filtered_by_that_and_each_with_its_records()
    {
        await using var server = await QueryServer.StartAsync(store.ClickHouse, store.Time);

        var all = await server.Client.GetJsonAsync("/api/v1/incidents?device=press-07&limit=7");
        var open = await server.Client.GetJsonAsync("/api/v1/incidents?state=open&sensor=pressure&severity=100");
        var none = await server.Client.GetJsonAsync("/api/v1/incidents?kind=spike");
        var first = all.GetProperty("incidents")[0];
        var records = await server.Client.GetJsonAsync($"/api/v1/incidents?id={first.GetProperty("id").GetString()}");
        var unknown = await server.Client.GetJsonAsync("/api/v1/incidents?id=000000000000-0000000000000000");
        var bad = await server.Client.GetProblemAsync("/api/v1/incidents?id=all", 400);

        all.GetProperty("next").GetInt32().ShouldBe(7);
        Names(all, "incidents", "kind").ShouldAllBe(kind => kind == "level-shift");
        first.GetProperty("severity").GetInt32().ShouldBe(190);
        first.GetProperty("revision").GetInt32().ShouldBe(2);
        first.GetProperty("endTime").ValueKind.ShouldBe(JsonValueKind.Null);
        first.GetProperty("duration").GetDouble().ShouldBe(30);
        first.GetProperty("late").ValueKind.ShouldBe(JsonValueKind.False);
        first.GetProperty("usualLow").ValueKind.ShouldBe(JsonValueKind.Null);
        first.GetProperty("toLevel").GetDouble().ShouldBe(23.1);
        first.GetProperty("sensors").EnumerateArray().Select(s => s.GetString()).ShouldBe(["temperature", "pressure"]);
        first.GetProperty("parts")[0].GetProperty("value").GetDouble().ShouldBe(23.5);
        first.GetProperty("parts")[0].GetProperty("score").ValueKind.ShouldBe(JsonValueKind.Null);
        all.GetProperty("incidents")[1].GetProperty("endTime").GetString().ShouldNotBeNullOrEmpty();
        open.GetProperty("incidents").GetArrayLength().ShouldBe(5);
        Names(open, "incidents", "state").ShouldAllBe(state => state == "updated");
        none.GetProperty("incidents").GetArrayLength().ShouldBe(0);
        records.GetProperty("incidents").EnumerateArray().Select(r => r.GetProperty("state").GetString()).ShouldBe(["open", "updated"]);
        unknown.GetProperty("incidents").GetArrayLength().ShouldBe(0);
        bad.GetProperty("parameter").GetString().ShouldBe("id");
    }

    [Fact]
    public async Task Export_streams_every_raw_reading_once_in_both_formats()
    {
        await using var server = await QueryServer.StartAsync(store.ClickHouse, store.Time);
        const string path = "/api/v1/export?device=press-07&sensor=temperature&from=now-3h&to=now";

        using var csv = await server.Client.GetAsync(new Uri(path, UriKind.Relative), QueryStore.Token);
        var rows = (await csv.Content.ReadAsStringAsync(QueryStore.Token)).TrimEnd().Split('\n');
        var lines = (await server.Client.GetStringAsync(new Uri($"{path}&format=jsonl", UriKind.Relative), QueryStore.Token)).TrimEnd().Split('\n');

        csv.Headers.GetValues("Telemetry-Rows").ShouldBe([$"{QueryStore.Seconds}"]);
        rows.Length.ShouldBe(QueryStore.Seconds + 1);
        rows[1].ShouldEndWith("Z\",\"press-07\",\"temperature\",0,\"\",0,\"7\",1");
        lines.Length.ShouldBe(QueryStore.Seconds);
        lines.Select(line => JsonDocument.Parse(line).RootElement.GetProperty("sequence").GetInt64()).Distinct().Count()
            .ShouldBe(QueryStore.Seconds);
    }

    [Fact]
    public async Task Export_that_is_too_large_is_refused_before_its_first_byte()
    {
        await using var server = await QueryServer.StartAsync(
            store.ClickHouse, store.Time, new QueryOptions { ExportRowsMax = 1000 });

        var problem = await server.Client.GetProblemAsync("/api/v1/export?device=press-07&from=now-3h", 422);

        problem.GetProperty("type").GetString().ShouldBe("urn:telemetry:problem:query-rows-limit");
    }

    [Theory]
    [InlineData("/api/v1/series?sensor=x", "device")]
    [InlineData("/api/v1/series?device=d&sensor=x&from=yesterday", "from")]
    [InlineData("/api/v1/series?device=d&sensor=x&from=now&to=now-1h", "from")]
    [InlineData("/api/v1/series?device=d&sensor=x&step=often", "step")]
    [InlineData("/api/v1/series?device=d&sensor=x&step=P1M", "step")]
    [InlineData("/api/v1/series?device=d&sensor=x&points=0", "points")]
    [InlineData("/api/v1/series?device=d&sensor=x&format=xml", "format")]
    [InlineData("/api/v1/series?device=d&device=e&sensor=x", "device")]
    [InlineData("/api/v1/series?device=d&sensr=x", "sensr")]
    [InlineData("/api/v1/devices?limit=99999999", "limit")]
    [InlineData("/api/v1/anomalies?kind=odd", "kind")]
    [InlineData("/api/v1/incidents?kind=odd", "kind")]
    [InlineData("/api/v1/incidents?state=updated", "state")]
    [InlineData("/api/v1/incidents?severity=1001", "severity")]
    [InlineData("/api/v1/sensors/x/series?group=color", "group")]
    [InlineData("/api/v1/sensors/x/series?step=raw", "step")]
    [InlineData("/api/v1/export?format=json", "format")]
    public async Task Wrong_parameter_is_named_with_an_example(string path, string parameter)
    {
        await using var server = await QueryServer.StartAsync(store.ClickHouse, store.Time);

        var problem = await server.Client.GetProblemAsync(path, 400);

        problem.GetProperty("parameter").GetString().ShouldBe(parameter);
        problem.GetProperty("example").GetString().ShouldNotBeNullOrEmpty();
        problem.GetProperty("detail").GetString().ShouldNotBeNullOrEmpty();
    }

    [Theory]
    [InlineData("x' OR '1'='1")]
    [InlineData("x'; DROP TABLE readings --")]
    [InlineData("{device:String}")]
    [InlineData("$sink")]
    [InlineData("a\\' UNION ALL SELECT 1 --")]
    [InlineData("äb")]
    public async Task Hostile_name_is_refused_and_as_a_search_text_finds_nothing(string name)
    {
        await using var server = await QueryServer.StartAsync(store.ClickHouse, store.Time);
        var text = Uri.EscapeDataString(name);

        await server.Client.GetProblemAsync($"/api/v1/series?device={text}&sensor=temperature", 400);
        await server.Client.GetProblemAsync($"/api/v1/latest?sensor={text}", 400);
        await server.Client.GetProblemAsync($"/api/v1/devices/{text}", 400);
        var search = await server.Client.GetJsonAsync($"/api/v1/devices?search={text}");

        search.GetProperty("devices").GetArrayLength().ShouldBe(0);
        (await server.Client.GetJsonAsync("/api/v1/devices/press-07")).GetProperty("sensors").GetInt32().ShouldBe(3);
    }

    [Fact]
    public async Task Answer_carries_watermark_freshness_and_completeness_against_the_log()
    {
        await using var log = new TailLog { High = 125 };
        await using var server = await QueryServer.StartAsync(
            store.ClickHouse, store.Time, new QueryOptions { ProgressAge = TimeSpan.Zero }, log);

        var meta = (await server.Client.GetJsonAsync("/api/v1/devices")).GetProperty("meta");
        log.Down = true;
        var unknown = (await server.Client.GetJsonAsync("/api/v1/devices")).GetProperty("meta");

        // The marker says offsets 0 to 99, one second ago; the log has 125.
        meta.GetProperty("completeness").GetDouble().ShouldBe(0.8);
        meta.GetProperty("behind").GetInt64().ShouldBe(25);
        meta.GetProperty("freshness").GetDouble().ShouldBe(1);
        meta.GetProperty("watermark").GetString().ShouldNotBeNull();
        unknown.GetProperty("completeness").ValueKind.ShouldBe(JsonValueKind.Null);
        unknown.GetProperty("freshness").GetDouble().ShouldBe(1);
    }

    [Fact]
    public async Task Pipeline_shows_the_hosts_figures_and_null_for_what_nobody_knows()
    {
        await using var bare = await QueryServer.StartAsync(store.ClickHouse, store.Time);
        await using var server = await QueryServer.StartAsync(store.ClickHouse, store.Time, health: new FixedHealth());

        var unknown = await bare.Client.GetJsonAsync("/api/v1/pipeline");
        var known = await server.Client.GetJsonAsync("/api/v1/pipeline");

        unknown.GetProperty("rates").GetProperty("received").ValueKind.ShouldBe(JsonValueKind.Null);
        unknown.GetProperty("freshness").GetDouble().ShouldBe(1);
        known.GetProperty("rates").GetProperty("received").GetDouble().ShouldBe(2800);
        known.GetProperty("lag")[0].GetProperty("group").GetString().ShouldBe("telemetry-storage");
        known.GetProperty("latency").GetProperty("e2eMs").GetProperty("p95").GetDouble().ShouldBe(200);
        known.GetProperty("roles")[0].GetString().ShouldBe("edge");
    }

    [Fact]
    public async Task Openapi_document_names_every_endpoint_and_parameter()
    {
        await using var server = await QueryServer.StartAsync(store.ClickHouse, store.Time);

        var document = await server.Client.GetJsonAsync("/openapi/v1.json");

        var paths = document.GetProperty("paths");
        paths.EnumerateObject().Count().ShouldBe(55);
        paths.GetProperty("/api/v1/devices/{device}/commands").GetProperty("post").GetProperty("summary").GetString()
            .ShouldBe("Send a command to a device");
        var series = paths.GetProperty("/api/v1/series").GetProperty("get");
        series.GetProperty("parameters").EnumerateArray().Select(p => p.GetProperty("name").GetString())
            .ShouldBe(["device", "sensor", "from", "to", "step", "points", "format", "tz"]);
        foreach (var path in paths.EnumerateObject())
        {
            path.Value.EnumerateObject().ShouldAllBe(method => method.Value.GetProperty("summary").GetString()!.Length > 0, path.Name);
        }
    }

    [Fact]
    public async Task Console_page_says_how_to_build_it_when_it_is_not_there()
    {
        await using var server = await QueryServer.StartAsync(store.ClickHouse, store.Time);

        using var response = await server.Client.GetAsync(new Uri("/", UriKind.Relative), QueryStore.Token);

        response.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        (await response.Content.ReadAsStringAsync(QueryStore.Token)).ShouldContain("npm run build");
        (await server.Client.GetProblemAsync("/api/v1/nothing", 404)).GetProperty("detail").GetString()!.ShouldContain("/openapi/v1.json");
    }

    [Fact]
    public async Task Console_files_are_served_and_nothing_outside_their_folder()
    {
        var folder = Directory.CreateTempSubdirectory("telemetry-console-");
        await File.WriteAllTextAsync(Path.Combine(folder.FullName, "index.html"), "<h1>here</h1>", QueryStore.Token);
        await File.WriteAllTextAsync(Path.Combine(folder.FullName, "index.html.gz"), "packed", QueryStore.Token);
        await using var server = await QueryServer.StartAsync(
            store.ClickHouse, store.Time, new QueryOptions { ConsoleFolder = folder.FullName });

        using var index = await server.Client.GetAsync(new Uri("/", UriKind.Relative), QueryStore.Token);
        using var outside = await server.Client.GetAsync(new Uri("/..%2f..%2fetc%2fpasswd", UriKind.Relative), QueryStore.Token);

        (await index.Content.ReadAsStringAsync(QueryStore.Token)).ShouldBe("<h1>here</h1>");
        index.Headers.Contains("Content-Security-Policy").ShouldBeTrue();
        outside.StatusCode.ShouldBe(HttpStatusCode.NotFound);
        foreach (var (path, status) in ((string, HttpStatusCode)[])[
            ("/explore?s=a/b", HttpStatusCode.OK), ("/devices/press.07", HttpStatusCode.OK), ("/plant/", HttpStatusCode.OK),
            ("/nowhere", HttpStatusCode.NotFound), ("/plant/more", HttpStatusCode.NotFound)])
        {
            using var page = await server.Client.GetAsync(new Uri(path, UriKind.Relative), QueryStore.Token);
            page.StatusCode.ShouldBe(status, path);
            (await page.Content.ReadAsStringAsync(QueryStore.Token)).ShouldBe("<h1>here</h1>", path);
        }

        using var missing = await server.Client.GetAsync(new Uri("/assets/gone.js", UriKind.Relative), QueryStore.Token);
        missing.StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await missing.Content.ReadAsStringAsync(QueryStore.Token)).ShouldNotContain("here");
        foreach (var (accepted, encoding, body) in ((string, string?, string)[])[("gzip, br", "gzip", "packed"), ("gzip;q=0", null, "<h1>here</h1>")])
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/");
            request.Headers.Add("Accept-Encoding", accepted);
            using var answer = await server.Client.SendAsync(request, QueryStore.Token);
            answer.Content.Headers.ContentEncoding.SingleOrDefault().ShouldBe(encoding);
            (await answer.Content.ReadAsStringAsync(QueryStore.Token)).ShouldBe(body);
        }

        folder.Delete(recursive: true);
    }

    private static IEnumerable<string?> Names(JsonElement answer, string rows, string column) =>
        answer.GetProperty(rows).EnumerateArray().Select(row => row.GetProperty(column).GetString());

    private sealed class FixedHealth : IPipelineHealth
    {
        public ValueTask<PipelineHealth> ReadAsync(CancellationToken cancellationToken) => ValueTask.FromResult(new PipelineHealth
        {
            Roles = ["edge"],
            Rates = new PipelineRates(Received: 2800),
            Lag = [new PipelineLag("telemetry-storage", "telemetry.readings.v1", 0, 12, 0.5)],
            Latency = new PipelineLatency(E2eMs: new LatencyQuantiles(100, 200, 300)),
        });
    }
}
