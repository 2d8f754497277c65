using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Telemetry.IntegrationTests.Storage;
using Telemetry.Query.Setup;

namespace Telemetry.IntegrationTests.Query;

/// <summary>SQL over HTTP: what may be asked, and what may not.</summary>
[Collection(EngineFixture.Collection)]
public sealed class SqlApiTests(QueryStore store) : IClassFixture<QueryStore>, IAsyncLifetime
{
    private QueryServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await QueryServer.StartAsync(
        store.ClickHouse, store.Time, new QueryOptions { QueryTimeMax = TimeSpan.FromSeconds(5), QueryMemoryMax = 64 << 20, SqlRowsMax = 5_000 });

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task A_select_is_answered_and_cut_where_it_is_too_long()
    {
        var answer = await AskAsync("SELECT sensor, count() AS n FROM readings_data WHERE device = 'press-07' GROUP BY sensor -- as one may\nORDER BY sensor;");
        answer.GetProperty("columns").EnumerateArray().Select(c => $"{c.GetProperty("name").GetString()} {c.GetProperty("type").GetString()}")
            .ShouldBe(["sensor LowCardinality(String)", "n UInt64"]);
        answer.GetProperty("rows").EnumerateArray().Select(r => r.ToString()).ShouldBe(["""["odd",60]""", """["temperature",10800]""", """["void",90]"""]);
        answer.GetProperty("truncated").GetBoolean().ShouldBeFalse();
        var cut = await AskAsync("WITH 3 AS a SELECT number + a FROM numbers(100)", "?limit=10");
        (cut.GetProperty("rows").GetArrayLength(), cut.GetProperty("truncated").GetBoolean()).ShouldBe((10, true));
        using var csv = await SendAsync("SELECT 1 AS one", "?format=csv");
        (await csv.Content.ReadAsStringAsync(QueryStore.Token)).ShouldBe("\"one\"\n1\n");
        using var parquet = await SendAsync("SELECT 1 AS one", "?format=parquet");
        Encoding.ASCII.GetString(await parquet.Content.ReadAsByteArrayAsync(QueryStore.Token), 0, 4).ShouldBe("PAR1");
    }

    [Theory]
    [InlineData("DROP TABLE readings")]
    [InlineData("INSERT INTO anomalies SELECT * FROM anomalies")]
    [InlineData("SELECT 1; DROP TABLE readings")]
    [InlineData("SELECT 1) SETTINGS max_execution_time=0 -- ")]
    [InlineData("SELECT 1 FROM (SELECT 1 SETTINGS max_memory_usage = 0)")]
    [InlineData("SELECT 1 INTO OUTFILE '/tmp/x'")]
    [InlineData("SELECT 1 FORMAT TSV")]
    [InlineData("SELECT * FROM file('/etc/passwd', 'LineAsString')")]
    [InlineData("SELECT * FROM FiLe ('/etc/passwd', 'LineAsString')")]
    [InlineData("SELECT * FROM `file`('/etc/passwd', 'LineAsString')")]
    [InlineData("SELECT 1 FROM numbers(1) AS a, url('http://127.0.0.1/', 'LineAsString') AS b")]
    [InlineData("SELECT file('/etc/passwd')")]
    [InlineData("SELECT * FROM remote('127.0.0.1', 'system.one')")]
    [InlineData("SELECT * FROM executable('x', 'TSV', 'a String')")]
    [InlineData("SELECT * FROM system.processes")]
    [InlineData("SELECT * FROM `system`.processes")]
    [InlineData("SELECT * FROM INFORMATION_SCHEMA.tables")]
    [InlineData("SELECT * FROM \"INFORMATION_SCHEMA\".tables")]
    [InlineData("SELECT * FROM '/etc/passwd'")]
    [InlineData("SELECT * FROM `/etc/passwd`")]
    [InlineData("SELECT * FROM numbers(1) AS a, '/etc/passwd' AS b")]
    [InlineData("SELECT sleep(3)")]
    [InlineData("SELECT 1 /* never ends")]
    [InlineData("SELECT nothing_like_it FROM readings_data")]
    [InlineData("")]
    public async Task What_reaches_further_is_refused(string sql)
    {
        using var answer = await SendAsync(sql);
        answer.StatusCode.ShouldBe(HttpStatusCode.BadRequest, await answer.Content.ReadAsStringAsync(QueryStore.Token));
        (await AskAsync("SELECT count() FROM readings_data")).GetProperty("rows")[0][0].GetInt64().ShouldBeGreaterThan(10_000);
    }

    [Theory]
    [InlineData("SELECT max(sipHash64(sipHash64(sipHash64(sipHash64(number))))) FROM numbers(1900000000)", "query-time-limit")]
    [InlineData("SELECT groupArray(number) FROM numbers(100000000)", "query-memory-limit")]
    public async Task What_takes_too_much_is_stopped(string sql, string code)
    {
        using var answer = await SendAsync(sql);
        answer.StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity);
        (await answer.Content.ReadFromJsonAsync<JsonElement>(QueryStore.Token)).GetProperty("type").GetString()!.ShouldEndWith(code);
    }

    private async Task<JsonElement> AskAsync(string sql, string query = "")
    {
        using var answer = await SendAsync(sql, query);
        answer.StatusCode.ShouldBe(HttpStatusCode.OK, await answer.Content.ReadAsStringAsync(QueryStore.Token));
        return await answer.Content.ReadFromJsonAsync<JsonElement>(QueryStore.Token);
    }

    private Task<HttpResponseMessage> SendAsync(string sql, string query = "") =>
        _server.Client.PostAsJsonAsync(new Uri("/api/v1/sql" + query, UriKind.Relative), new { sql }, QueryStore.Token);
}
