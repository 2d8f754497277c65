using System.Net;
using System.Text;
using System.Text.Json;
using Telemetry.IntegrationTests.Storage;

namespace Telemetry.IntegrationTests.Query;

/// <summary>Days of time zones, also of those whose midnight is at no whole hour of UTC, against figures worked out from the readings themselves.</summary>
[Collection(EngineFixture.Collection)]
public sealed class ZoneDaysTests(QueryStore store) : IClassFixture<QueryStore>, IAsyncLifetime
{
    private const long Minute = 60_000_000;
    private const long Day = 1440 * Minute;
    private const int Every = 13;

    // Beyond the retention of minutes, so that hours in which a day begins come from raw; and with both changes of the clocks in it.
    private const int OldDays = 400;
    private const int NewDays = 12;

    private QueryServer _server = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await QueryServer.StartAsync(store.ClickHouse, store.Time);
        if ((await _server.Client.GetJsonAsync("/api/v1/devices?search=zone-")).GetProperty("devices").GetArrayLength() == 0)
        {
            await store.InsertAsync(QueryStore.Rows("zone-1", "load", $"{First(OldDays)} + number * {Every * Minute}", Count(OldDays), "toFloat64(number)"));
            await store.InsertAsync(QueryStore.Rows("zone-2", "load", $"{First(NewDays)} + number * {Every * Minute}", Count(NewDays), "toFloat64(number * 2)"));
        }
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Theory]
    [InlineData("Asia/Kolkata", NewDays)]
    [InlineData("Asia/Kathmandu", NewDays)]
    [InlineData("America/St_Johns", NewDays)]
    [InlineData("Asia/Tokyo", NewDays)]
    [InlineData("UTC", NewDays)]
    [InlineData("Asia/Kolkata", OldDays)]
    [InlineData("Australia/Lord_Howe", OldDays)]
    [InlineData("Europe/Berlin", OldDays)]
    public async Task A_day_of_a_zone_holds_the_readings_from_its_midnight_to_the_next(string zone, int back)
    {
        var from = (store.Now - ((back - 2) * Day)) / 1000;
        var answer = await _server.Client.GetJsonAsync($"/api/v1/series?device=zone-1&sensor=load&from={from}&to={store.Now / 1000}&step=1d&tz={Uri.EscapeDataString(zone)}");

        answer.GetProperty("tz").GetString().ShouldBe(zone);
        answer.GetProperty("stepMs").GetInt64().ShouldBe(86_400_000);
        answer.GetProperty("segments").EnumerateArray().Select(s => s.GetProperty("source").GetString()).First().ShouldBe("1h");
        Buckets(answer.GetProperty("columns"), answer.GetProperty("columns").GetProperty("t")).ShouldBe(Direct(zone, from * 1000, OldDays, value => value));
    }

    [Fact]
    public async Task Many_series_have_the_same_days_and_quantiles_of_them()
    {
        var from = (store.Now - ((NewDays - 2) * Day)) / 1000;
        var body =
            $$"""{"series": [{"device": "zone-2", "sensor": "load"}, {"device": "zone-1", "sensor": "load"}], "from": "{{from}}", "to": "{{store.Now / 1000}}", "step": "1d", "tz": "Asia/Kathmandu", "quantiles": [0.5]}""";
        var answer = await AskAsync(body);
        var series = answer.GetProperty("series").EnumerateArray().Select(s => s.GetProperty("columns")).ToList();

        answer.GetProperty("tz").GetString().ShouldBe("Asia/Kathmandu");
        Buckets(series[0], answer.GetProperty("t")).ShouldBe(Direct("Asia/Kathmandu", from * 1000, NewDays, value => value * 2));
        Buckets(series[1], answer.GetProperty("t")).ShouldBe(Direct("Asia/Kathmandu", from * 1000, OldDays, value => value));
        for (var i = 0; i < answer.GetProperty("t").GetArrayLength(); i++)
        {
            // One reading each 13 minutes, each as much more than the one before: the median is the middle of the two ends.
            var middle = (series[0].GetProperty("min")[i].GetDouble() + series[0].GetProperty("max")[i].GetDouble()) / 2;
            series[0].GetProperty("p50")[i].GetDouble().ShouldBe(middle, (0.031 * middle) + 2);
        }
    }

    [Fact]
    public async Task Days_that_a_long_range_chooses_are_the_zones_too()
    {
        var answer = await _server.Client.GetJsonAsync($"/api/v1/series?device=zone-1&sensor=load&from=now-390d&to=now&points=60&tz=Asia/Kolkata");

        answer.GetProperty("stepMs").GetInt64().ShouldBe(7 * 86_400_000L);
        answer.GetProperty("columns").GetProperty("t").EnumerateArray().ShouldAllBe(t => (t.GetDouble() + (5.5 * 3_600_000)) % 86_400_000 == 0);
        (await _server.Client.GetJsonAsync("/api/v1/series?device=zone-1&sensor=load&from=now-2d&to=now&step=1h&tz=Asia/Kolkata")).GetProperty("tz").ValueKind.ShouldBe(JsonValueKind.Null);
    }

    [Theory]
    [InlineData("Mars/Olympus")]
    [InlineData("Asia/Kolkata')) UNION ALL SELECT 1 --")]
    [InlineData("UTC'")]
    public async Task What_is_no_zone_is_refused_by_name(string zone)
    {
        var problem = await _server.Client.GetProblemAsync($"/api/v1/series?device=zone-1&sensor=load&step=1d&tz={Uri.EscapeDataString(zone)}", 400);

        problem.GetProperty("parameter").GetString().ShouldBe("tz");
        problem.GetProperty("example").GetString().ShouldBe("Asia/Kolkata");
    }

    private static int Count(int days) => (int)(days * Day / (Every * Minute));

    private long First(int days) => store.Now - (days * Day);

    /// <summary>Start (Unix milliseconds), count, least, greatest and mean of each day, from the readings that were inserted.</summary>
    private List<(long Start, long Count, double Min, double Max, double Mean)> Direct(string name, long fromUs, int back, Func<double, double> value)
    {
        var zone = TimeZoneInfo.FindSystemTimeZoneById(name);
        DateTime DayOf(long us) => TimeZoneInfo.ConvertTime(DateTimeOffset.FromUnixTimeMilliseconds(us / 1000), zone).Date;
        var first = DayOf(fromUs);
        return
        [
            .. Enumerable.Range(0, Count(back))
                .Select(i => (Day: DayOf(First(back) + (i * Every * Minute)), Value: value(i)))
                .Where(reading => reading.Day >= first)
                .GroupBy(reading => reading.Day)
                .OrderBy(day => day.Key)
                .Select(day => (
                    new DateTimeOffset(day.Key, zone.GetUtcOffset(day.Key)).ToUnixTimeMilliseconds(), day.LongCount(), day.Min(r => r.Value), day.Max(r => r.Value), Math.Round(day.Average(r => r.Value), 6))),
        ];
    }

    private static List<(long Start, long Count, double Min, double Max, double Mean)> Buckets(JsonElement columns, JsonElement times) =>
    [
        .. Enumerable.Range(0, times.GetArrayLength()).Select(i => (
            (long)times[i].GetDouble(), columns.GetProperty("count")[i].GetInt64(), columns.GetProperty("min")[i].GetDouble(), columns.GetProperty("max")[i].GetDouble(),
            Math.Round(columns.GetProperty("mean")[i].GetDouble(), 6))),
    ];

    private async Task<JsonElement> AskAsync(string body)
    {
        using var answer = await _server.Client.PostAsync(new Uri("/api/v1/query", UriKind.Relative), new StringContent(body, Encoding.UTF8, "application/json"), QueryStore.Token);
        var text = await answer.Content.ReadAsStringAsync(QueryStore.Token);
        answer.StatusCode.ShouldBe(HttpStatusCode.OK, text);
        return JsonDocument.Parse(text).RootElement;
    }
}
