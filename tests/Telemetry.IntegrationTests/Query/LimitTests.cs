using System.Net;
using System.Text;
using Telemetry.IntegrationTests.Storage;
using Telemetry.Query.Setup;
using Telemetry.Storage.ClickHouse;

namespace Telemetry.IntegrationTests.Query;

[Collection(EngineFixture.Collection)]
public sealed class LimitTests(QueryStore store) : IClassFixture<QueryStore>
{
    private const string Export = "/api/v1/export?from=2000-01-01T00:00:00Z&to=2001-01-01T00:00:00Z";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Query_that_would_read_too_many_rows_is_refused_with_what_to_do()
    {
        await using var server = await QueryServer.StartAsync(store.ClickHouse, store.Time, new QueryOptions { RowsReadMax = 3000 });

        var problem = await server.Client.GetProblemAsync(
            "/api/v1/series?device=press-07&sensor=temperature&from=now-3h&step=1s", 422);

        problem.GetProperty("type").GetString().ShouldBe("urn:telemetry:problem:query-rows-limit");
        problem.GetProperty("detail").GetString()!.ShouldContain("shorter time range");
    }

    [Fact]
    public async Task Query_that_takes_too_long_is_stopped_with_a_clear_problem()
    {
        await using var server = await QueryServer.StartAsync(
            new Slow(store.ClickHouse), store.Time, new QueryOptions { QueryTimeMax = TimeSpan.FromMilliseconds(300) });

        var problem = await server.Client.GetProblemAsync("/api/v1/sensors", 422);

        problem.GetProperty("type").GetString().ShouldBe("urn:telemetry:problem:query-time-limit");
    }

    [Fact]
    public async Task Query_that_needs_too_much_memory_is_stopped_with_a_clear_problem()
    {
        await using var server = await QueryServer.StartAsync(
            new Slow(store.ClickHouse, "groupArray(number)"), store.Time, new QueryOptions { QueryMemoryMax = 20 << 20 });

        var problem = await server.Client.GetProblemAsync("/api/v1/sensors", 422);

        problem.GetProperty("type").GetString().ShouldBe("urn:telemetry:problem:query-memory-limit");
    }

    [Fact]
    public async Task Store_that_is_away_gives_503_with_retry_after()
    {
        await using var server = await QueryServer.StartAsync(new Away(), store.Time);

        using var response = await server.Client.GetAsync(new Uri("/api/v1/devices", UriKind.Relative), QueryStore.Token);

        response.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        response.Headers.RetryAfter.ShouldNotBeNull();
    }

    [Fact]
    public async Task More_queries_than_places_get_503_with_retry_after_and_the_place_comes_back()
    {
        var held = new Held(store.ClickHouse);
        await using var server = await QueryServer.StartAsync(
            held, store.Time, new QueryOptions { ConcurrencyMax = 1, QueueMax = 0 });

        var first = server.Client.GetAsync(new Uri("/api/v1/sensors", UriKind.Relative), QueryStore.Token);
        await held.Reached.WaitAsync(Patience, QueryStore.Token);
        using var second = await server.Client.GetAsync(new Uri("/api/v1/sensors", UriKind.Relative), QueryStore.Token);
        held.Release();
        using var answered = await first;
        using var third = await server.Client.GetAsync(new Uri("/api/v1/sensors", UriKind.Relative), QueryStore.Token);

        second.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        second.Headers.RetryAfter.ShouldNotBeNull();
        answered.StatusCode.ShouldBe(HttpStatusCode.OK);
        third.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Asker_who_leaves_takes_the_query_out_of_the_engine()
    {
        var endless = new Endless(store.ClickHouse);
        await using var server = await QueryServer.StartAsync(endless, store.Time);

        using (var response = await server.Client.GetAsync(
            new Uri(Export, UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, QueryStore.Token))
        {
            await using var body = await response.Content.ReadAsStreamAsync(QueryStore.Token);
            await body.ReadExactlyAsync(new byte[100_000], QueryStore.Token);
            (await RunningAsync(endless.Tag)).ShouldBe(1);
        }

        await endless.Ended.WaitAsync(Patience, QueryStore.Token);
        (await RunningAsync(endless.Tag)).ShouldBe(0);
    }

    private async Task<int> RunningAsync(string tag)
    {
        var result = await store.Engine.Engine.QueryAsync(
            new ClickHouseQuery(
                "SELECT count() FROM system.processes WHERE position(query, {tag:String}) > 0 AND position(query, 'system.processes') = 0",
                [new("tag", tag)],
                "TSV"),
            QueryStore.Token);
        return int.Parse(Encoding.ASCII.GetString(result.Body.Span).Trim());
    }

    /// <summary>The engine with a heavier question: what the limits in the statement do is the engine's own doing.</summary>
    private sealed class Slow(IClickHouse inner, string column = "sum(cityHash64(number, sleepEachRow(0.001)))") : Passing(inner)
    {
        public override ValueTask<ClickHouseResult> QueryAsync(ClickHouseQuery query, CancellationToken cancellationToken) =>
            query.Sql.Contains("uniqExact", StringComparison.Ordinal)
                ? base.QueryAsync(
                    new ClickHouseQuery(
                        $"SELECT {column} FROM numbers(100000000) {query.Sql[query.Sql.IndexOf("SETTINGS", StringComparison.Ordinal)..].Replace("max_rows_to_read=2000000000", "max_rows_to_read=0", StringComparison.Ordinal)}"),
                    cancellationToken)
                : base.QueryAsync(query, cancellationToken);
    }

    /// <summary>An export without end, under a name that can be looked for.</summary>
    private sealed class Endless(IClickHouse inner) : Passing(inner)
    {
        private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public string Tag { get; } = $"endless_{Guid.NewGuid():N}";

        public Task Ended => _ended.Task;

        public override async ValueTask<ClickHouseSummary> StreamAsync(
            ClickHouseQuery query, Stream destination, CancellationToken cancellationToken)
        {
            try
            {
                return await base.StreamAsync(
                    new ClickHouseQuery($"SELECT number AS {Tag} FROM numbers(1000000000000)", Format: "CSV"), destination, cancellationToken);
            }
            finally
            {
                _ended.SetResult();
            }
        }
    }

    /// <summary>Holds the first catalogue query until it is released.</summary>
    private sealed class Held(IClickHouse inner) : Passing(inner)
    {
        private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Reached => _reached.Task;

        public void Release() => _released.TrySetResult();

        public override async ValueTask<ClickHouseResult> QueryAsync(ClickHouseQuery query, CancellationToken cancellationToken)
        {
            if (query.Sql.Contains("uniqExact", StringComparison.Ordinal))
            {
                _reached.TrySetResult();
                await _released.Task.WaitAsync(cancellationToken);
            }

            return await base.QueryAsync(query, cancellationToken);
        }
    }

    private sealed class Away : IClickHouse
    {
        private static ClickHouseException Gone => new(0, "Connection refused");

        public ValueTask ExecuteAsync(ClickHouseQuery query, CancellationToken cancellationToken) => throw Gone;

        public ValueTask InsertAsync(
            ClickHouseQuery query, string structure, ReadOnlyMemory<byte> block, CancellationToken cancellationToken) => throw Gone;

        public ValueTask<ClickHouseResult> QueryAsync(ClickHouseQuery query, CancellationToken cancellationToken) => throw Gone;

        public ValueTask<ClickHouseSummary> StreamAsync(
            ClickHouseQuery query, Stream destination, CancellationToken cancellationToken) => throw Gone;

        public ValueTask DisposeAsync() => default;
    }

    private abstract class Passing(IClickHouse inner) : IClickHouse
    {
        public ValueTask ExecuteAsync(ClickHouseQuery query, CancellationToken cancellationToken) =>
            inner.ExecuteAsync(query, cancellationToken);

        public ValueTask InsertAsync(
            ClickHouseQuery query, string structure, ReadOnlyMemory<byte> block, CancellationToken cancellationToken) =>
            inner.InsertAsync(query, structure, block, cancellationToken);

        public virtual ValueTask<ClickHouseResult> QueryAsync(ClickHouseQuery query, CancellationToken cancellationToken) =>
            inner.QueryAsync(query, cancellationToken);

        public virtual ValueTask<ClickHouseSummary> StreamAsync(
            ClickHouseQuery query, Stream destination, CancellationToken cancellationToken) =>
            inner.StreamAsync(query, destination, cancellationToken);

        public ValueTask DisposeAsync() => default;
    }
}
