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

    private static double[] Doubles(JsonElement columns, string name) =>
        [.. columns.GetProperty(name).EnumerateArray().Select(v => v.ValueKind == JsonValueKind.Null ? double.NaN : v.GetDouble())];

    private static long[] Longs(JsonElement columns, string name) =>
        [.. columns.GetProperty(name).EnumerateArray().Select(v => v.GetInt64())];
}
