using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Telemetry.IntegrationTests.Storage;
using Telemetry.Query.Setup;
using Telemetry.Storage.ClickHouse;

namespace Telemetry.IntegrationTests.Query;

/// <summary>Many series on one time axis, and in files that other programs read.</summary>
[Collection(EngineFixture.Collection)]
public sealed class ManySeriesTests(QueryStore store) : IClassFixture<QueryStore>, IAsyncLifetime
{
    private QueryServer _server = null!;

    private long Start => store.Start / 1000;

    public async ValueTask InitializeAsync() => _server = await QueryServer.StartAsync(store.ClickHouse, store.Time, new QueryOptions { GroupedPointsMax = 2_000 });

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Series_share_an_axis_and_gaps_are_null()
    {
        // press-08 sends in the first ten minutes only; the third series is not there at all.
        var answer = await AskAsync(
            $$"""{"series": [{"device": "press-08", "sensor": "temperature"}, {"device": "press-07", "sensor": "temperature"}, {"device": "nobody", "sensor": "x"}], "from": "{{Start}}", "to": "{{Start + 1_200_000}}", "step": "1m"}""");
        var times = answer.GetProperty("t").EnumerateArray().Select(t => t.GetDouble()).ToList();
        times.Count.ShouldBe(20);
        times[0].ShouldBe(Start);
        var series = answer.GetProperty("series").EnumerateArray().ToList();
        series.Select(s => s.GetProperty("device").GetString()).ShouldBe(["press-08", "press-07", "nobody"], "in the order of the question");
        series.ShouldAllBe(s => s.GetProperty("columns").GetProperty("mean").GetArrayLength() == 20);
        Column(series[0], "max").Take(11).ShouldBe([1059, 1119, 1179, 1239, 1299, 1359, 1419, 1479, 1539, 1599, null]);
        Column(series[1], "min").ShouldBe(Enumerable.Range(0, 20).Select(i => (double?)(60 * i)));
        Column(series[2], "count").ShouldAllBe(c => c == 0);
        (answer.GetProperty("source").GetString(), answer.GetProperty("stepMs").GetInt64()).ShouldBe(("1m", 60_000));
    }

    [Fact]
    public async Task Quantiles_are_those_of_the_readings()
    {
        var answer = await AskAsync(
            $$"""{"series": [{"device": "press-07", "sensor": "temperature"}], "from": "{{Start}}", "to": "{{Start + 120_000}}", "step": "1m", "quantiles": [0, 0.5, 0.999]}""");
        answer.GetProperty("source").GetString().ShouldBe("raw");
        var series = answer.GetProperty("series")[0];
        Column(series, "p0").ShouldBe([0, 60]);
        Column(series, "p50")[1]!.Value.ShouldBe(89.5, 0.6);
        Column(series, "p99_9")[0]!.Value.ShouldBe(59, 0.6);
    }

    [Fact]
    public async Task Quantiles_of_hours_come_from_raw()
    {
        var answer = await AskAsync(
            $$"""{"series": [{"device": "press-07", "sensor": "temperature"}], "from": "{{Start}}", "to": "{{Start + 10_800_000}}", "step": "1h", "quantiles": [0.5, 0.95]}""");
        answer.GetProperty("segments").EnumerateArray().Select(s => s.GetProperty("source").GetString()).ShouldBe(["raw"]);
        var series = answer.GetProperty("series")[0];
        var (least, most) = (Column(series, "min"), Column(series, "max"));
        least.Count.ShouldBe(4, "three hours from half past");
        foreach (var (name, share) in new[] { ("p50", 0.5), ("p95", 0.95) })
        {
            var quantiles = Column(series, name);
            for (var i = 0; i < quantiles.Count; i++)
            {
                // One reading a second, each one more than the one before.
                var exact = least[i]!.Value + (share * (most[i]!.Value - least[i]!.Value));
                quantiles[i]!.Value.ShouldBe(exact, (0.031 * exact) + 1);
            }
        }
    }

    [Fact]
    public async Task Quantiles_of_days_come_from_their_sketches_and_of_the_newest_part_from_raw()
    {
        var answer = await AskAsync(
            $$"""{"series": [{"device": "old-1", "sensor": "level"}], "from": "now-20d", "to": "now", "step": "1d", "quantiles": [0.5, 0.95]}""");
        answer.GetProperty("segments").EnumerateArray().Select(s => s.GetProperty("source").GetString()).ShouldBe(["1d", "raw"]);
        var series = answer.GetProperty("series")[0];
        var (counts, medians, most) = (Column(series, "count"), Column(series, "p50"), Column(series, "p95"));
        for (var i = 1; i < counts.Count - 2; i++)
        {
            // Hourly readings of 0 to 23: a whole day has each once. The 95th percentile lies between 21 and 22.
            counts[i].ShouldBe(24);
            medians[i]!.Value.ShouldBeInRange(11 * 0.9695, 12 * 1.0305);
            most[i]!.Value.ShouldBeInRange(21 * 0.9695, 22 * 1.0305);
        }
    }

    [Fact]
    public async Task Values_that_are_not_finite_leave_quantiles_alone()
    {
        var answer = await AskAsync(
            $$"""{"series": [{"device": "press-07", "sensor": "odd"}, {"device": "press-07", "sensor": "void"}], "from": "{{Start}}", "to": "{{Start + 60_000}}", "step": "1m", "quantiles": [1]}""");
        Column(answer.GetProperty("series")[0], "p100").ShouldBe([59]);
        Column(answer.GetProperty("series")[1], "p100").ShouldBe([null]);
    }

    [Fact]
    public async Task Single_readings_are_given_series_by_series()
    {
        var answer = await AskAsync(
            $$"""{"series": [{"device": "press-07", "sensor": "odd"}, {"device": "press-08", "sensor": "temperature"}], "from": "{{Start}}", "to": "{{Start + 5_000}}", "step": "raw"}""");
        answer.GetProperty("raw").GetBoolean().ShouldBeTrue();
        var columns = answer.GetProperty("series")[0].GetProperty("columns");
        columns.GetProperty("special").EnumerateArray().Select(s => s.GetString()).ShouldBe([null, "NaN", "Infinity", "-Infinity", null]);
        answer.GetProperty("series")[1].GetProperty("columns").GetProperty("t").GetArrayLength().ShouldBe(5);
    }

    [Theory]
    [InlineData("application/vnd.apache.parquet", "Parquet", "parquet")]
    [InlineData("application/vnd.apache.arrow.stream", "ArrowStream", "arrows")]
    [InlineData("text/csv", "CSVWithNames", "csv")]
    [InlineData("application/x-ndjson", "JSONEachRow", "jsonl")]
    public async Task A_file_of_all_series_can_be_read_by_others(string type, string format, string ending)
    {
        var (body, answer) = await SendAsync(Question(60), type);
        answer.Content.Headers.ContentType!.MediaType.ShouldBe(type);
        answer.Content.Headers.ContentDisposition!.FileName.ShouldBe($"series.{ending}");
        answer.Headers.GetValues("Telemetry-Step-Ms").Single().ShouldBe("60000");
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllBytesAsync(file, body, QueryStore.Token);
            (await store.ClickHouse.QueryRowsAsync(
                    $"SELECT device, sensor, count(), sum(count), min(min), max(max), toUnixTimestamp(min(toDateTime64(time, 6, 'UTC'))) FROM file('{file}', '{format}', 'time String, device String, sensor String, min Float64, max Float64, count UInt64') GROUP BY device, sensor ORDER BY device",
                    null, QueryStore.Token))
                .Select(r => string.Join(' ', r)).ShouldBe([$"press-07 temperature 10 600 0 599 {Start / 1000}", $"press-08 temperature 10 600 1000 1599 {Start / 1000}"]);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Theory]
    [InlineData("1h", 200)]
    [InlineData("0", 400)]
    [InlineData("yesterday", 400)]
    public async Task Time_before_is_for_files_and_a_length(string before, int status)
    {
        var question = $$"""{"series": [{"device": "press-07", "sensor": "temperature"}], "from": "{{Start + 3_600_000}}", "to": "{{Start + 3_660_000}}", "step": "1m", "before": "{{before}}"}""";
        (await PostAsync("application/json")).Status.ShouldBe(400, "one axis of times");
        var (code, text) = await PostAsync("text/csv");
        code.ShouldBe(status);
        if (status == 200)
        {
            var rows = text.TrimEnd().Split('\n').Select(line => line.Split(',')).ToList();
            rows[0][..4].ShouldBe(["\"device\"", "\"sensor\"", "\"series\"", "\"time\""]);
            rows[1..].Select(row => row[2]).ShouldBe(["\"press-07/temperature\"", "\"press-07/temperature@1h\""]);
        }

        async Task<(int Status, string Text)> PostAsync(string type)
        {
            var (body, answer) = await SendAsync(question, type);
            return ((int)answer.StatusCode, Encoding.UTF8.GetString(body));
        }
    }

    [Fact]
    public async Task An_export_is_a_parquet_file_on_request()
    {
        var body = await _server.Client.GetByteArrayAsync(
            new Uri($"/api/v1/export?device=press-08&from={Start}&to={Start + 60_000}&format=parquet", UriKind.Relative), QueryStore.Token);
        (Encoding.ASCII.GetString(body, 0, 4), Encoding.ASCII.GetString(body, body.Length - 4, 4)).ShouldBe(("PAR1", "PAR1"));
    }

    [Fact]
    public async Task More_rows_than_there_may_be_are_refused_in_files_and_cut_in_JSON()
    {
        var (_, refused) = await SendAsync(Question(1), "application/vnd.apache.parquet", 3_600_000);
        refused.StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity);
        var (body, cut) = await SendAsync(Question(1), "application/json", 3_600_000);
        cut.StatusCode.ShouldBe(HttpStatusCode.OK);
        JsonDocument.Parse(body).RootElement.GetProperty("meta").GetProperty("truncated").GetBoolean().ShouldBeTrue();
    }

    [Theory]
    [InlineData("[]", "The body is an object")]
    [InlineData("{}", "'series' is missing")]
    [InlineData("""{"series": [{"device": "a b", "sensor": "t"}]}""", "series[0] needs 'device'")]
    [InlineData("""{"series": [{"device": "a"}]}""", "series[0] needs")]
    [InlineData("""{"series": [{"device": "a", "sensor": "t"}, {"device": "a", "sensor": "t"}]}""", "named twice")]
    [InlineData("""{"series": [{"device": "a", "sensor": "t"}], "quantiles": [2]}""", "between 0 and 1")]
    [InlineData("""{"series": [{"device": "a", "sensor": "t"}], "quantiles": [0.5], "step": "raw"}""", "no quantiles")]
    [InlineData("""{"series": [{"device": "a", "sensor": "t"}], "step": "soon"}""", "'soon' is not")]
    [InlineData("""{"series": [{"device": "a", "sensor": "t"}], "from": "now", "to": "now-1h"}""", "'from' is not before 'to'")]
    [InlineData("""{"series": [{"device": "a", "sensor": "t"}], "color": "red"}""", "'color' is not usable")]
    public async Task What_is_wrong_with_a_query_is_said(string body, string detail)
    {
        var (text, answer) = await SendAsync(body, "application/json");
        answer.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        Encoding.UTF8.GetString(text).ShouldContain(JsonEncodedText.Encode(detail, System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping).ToString());
    }

    [Fact]
    public async Task Single_readings_are_given_where_each_series_has_few()
    {
        const string both = """[{"device": "press-07", "sensor": "temperature"}, {"device": "press-08", "sensor": "temperature"}]""";
        var few = await AskAsync($$"""{"series": {{both}}, "from": "{{Start}}", "to": "{{Start + 60_000}}", "points": 60, "singleReadings": true}""");
        var many = await AskAsync($$"""{"series": {{both}}, "from": "{{Start}}", "to": "{{Start + 61_000}}", "points": 60, "singleReadings": true}""");

        few.GetProperty("raw").GetBoolean().ShouldBeTrue("60 readings each, 120 together");
        few.GetProperty("series").EnumerateArray().Select(s => s.GetProperty("columns").GetProperty("value")[59].GetDouble()).ShouldBe([59, 1059]);
        many.GetProperty("raw").GetBoolean().ShouldBeFalse();
        many.GetProperty("t").GetArrayLength().ShouldBeLessThanOrEqualTo(60);
    }

    [Fact]
    public async Task Figures_of_many_series_are_those_of_each_with_limits_of_its_own()
    {
        var body = $$"""
            {"series": [{"device": "press-08", "sensor": "temperature", "low": 1060}, {"device": "nobody", "sensor": "x", "high": 1}, {"device": "press-07", "sensor": "odd"},
                        {"device": "press-07", "sensor": "temperature", "low": 0, "high": 1079}], "from": "{{Start}}", "to": "{{store.Now / 1000}}"}
            """;
        var answer = (await PostAsync("/api/v1/statistics", body, HttpStatusCode.OK)).GetProperty("series").EnumerateArray().ToList();

        answer.Select(s => (s.GetProperty("device").GetString(), s.GetProperty("readings").GetInt64(), s.GetProperty("notFinite").GetInt64())).ShouldBe(
            [("press-08", 600, 0), ("nobody", 0, 0), ("press-07", 60, 3), ("press-07", QueryStore.Seconds, 0)]);
        answer.Select(s => s.GetProperty("within").ValueKind == JsonValueKind.Null ? (double?)null : s.GetProperty("within").GetDouble()).ShouldBe([0.9, null, null, 0.1]);
        answer[1].GetProperty("mean").ValueKind.ShouldBe(JsonValueKind.Null);
        var one = await _server.Client.GetJsonAsync($"/api/v1/statistics?device=press-07&sensor=temperature&from={Start}&to={store.Now / 1000}&low=0&high=1079");
        foreach (var name in (string[])["min", "max", "mean", "deviation", "p05", "p50", "p95", "within"])
        {
            answer[3].GetProperty(name).GetDouble().ShouldBe(one.GetProperty(name).GetDouble(), name is "p05" or "p50" or "p95" ? 30 : 1e-9, name);
        }
    }

    [Theory]
    [InlineData("""{"series": []}""", "1 to 100")]
    [InlineData("""{"series": [{"device": "a"}]}""", "series[0] needs")]
    [InlineData("""{"series": [{"device": "a", "sensor": "b", "low": 2, "high": 1}]}""", "above its high")]
    [InlineData("""{"series": [{"device": "a", "sensor": "b", "low": "x"}]}""", "series[0].low is not a number")]
    [InlineData("""{"series": [{"device": "a", "sensor": "b", "more": 1}]}""", "has more than")]
    [InlineData("""{"series": [{"device": "a", "sensor": "b"}, {"device": "a", "sensor": "b"}]}""", "named twice")]
    [InlineData("""{"series": [{"device": "a", "sensor": "b"}], "step": "1h"}""", "'step' is not usable")]
    public async Task A_question_for_figures_that_is_not_usable_is_refused_with_a_sentence(string body, string sentence) =>
        (await PostAsync("/api/v1/statistics", body, HttpStatusCode.BadRequest)).GetProperty("detail").GetString()!.ShouldContain(sentence);

    private async Task<JsonElement> PostAsync(string path, string body, HttpStatusCode status)
    {
        using var answer = await _server.Client.PostAsync(new Uri(path, UriKind.Relative), new StringContent(body, Encoding.UTF8, "application/json"), QueryStore.Token);
        var text = await answer.Content.ReadAsStringAsync(QueryStore.Token);
        answer.StatusCode.ShouldBe(status, text);
        return JsonDocument.Parse(text).RootElement;
    }

    private static List<double?> Column(JsonElement series, string name) =>
        [.. series.GetProperty("columns").GetProperty(name).EnumerateArray().Select(v => v.ValueKind == JsonValueKind.Null ? (double?)null : v.GetDouble())];

    private string Question(int stepSeconds) =>
        $$"""{"series": [{"device": "press-07", "sensor": "temperature"}, {"device": "press-08", "sensor": "temperature"}], "from": "{{Start}}", "to": "{{Start}}+", "step": "{{stepSeconds}}s"}""";

    private async Task<JsonElement> AskAsync(string body)
    {
        var (text, answer) = await SendAsync(body, "application/json");
        answer.StatusCode.ShouldBe(HttpStatusCode.OK, Encoding.UTF8.GetString(text));
        return JsonDocument.Parse(text).RootElement;
    }

    private async Task<(byte[] Body, HttpResponseMessage Answer)> SendAsync(string body, string accept, long lengthMs = 600_000)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/query")
        {
            Content = new StringContent(body.Replace($"{Start}+", $"{Start + lengthMs}", StringComparison.Ordinal), Encoding.UTF8, "application/json"),
        };
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue(accept));
        var answer = await _server.Client.SendAsync(request, QueryStore.Token);
        return (await answer.Content.ReadAsByteArrayAsync(QueryStore.Token), answer);
    }
}
