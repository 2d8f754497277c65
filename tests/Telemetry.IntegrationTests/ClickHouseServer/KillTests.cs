using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Telemetry.IntegrationTests.Storage;
using Telemetry.Storage;
using Telemetry.Storage.ClickHouse;
using Telemetry.Storage.ClickHouse.Http;
using Telemetry.Storage.Ownership;

namespace Telemetry.IntegrationTests.ClickHouseServer;

/// <summary>Running INSERTs with data, found and ended by others.</summary>
[Collection(EngineFixture.Collection)]
public sealed class KillTests(EngineFixture fixture) : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly string _table = EngineFixture.TableName();
    private Endpoint _endpoint = null!;
    private ClickHouseHttp _writer = null!;
    private ClickHouseHttp _other = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _endpoint = await Endpoint.StartAsync(fixture);
        _writer = new ClickHouseHttp(new ClickHouseHttpOptions { Endpoint = _endpoint.Url }, NullLoggerFactory.Instance);
        _other = new ClickHouseHttp(new ClickHouseHttpOptions { Endpoint = _endpoint.Url }, NullLoggerFactory.Instance);
        await _writer.ExecuteAsync(new ClickHouseQuery($"CREATE TABLE {_table} (a UInt64) ENGINE = MergeTree ORDER BY tuple()"), Token);
    }

    public async ValueTask DisposeAsync()
    {
        await _writer.DisposeAsync();
        await _other.DisposeAsync();
        await _endpoint.DisposeAsync();
    }

    [Fact]
    public async Task Kill_sync_answers_when_the_insert_has_ended()
    {
        var id = $"insert-{_table}";
        var insert = _writer.InsertAsync(SlowInsert.Into(_table, id), SlowInsert.Structure, SlowInsert.Rows, Token).AsTask();
        await UntilRunningAsync(id);

        var killed = await TextAsync(_other, $"KILL QUERY WHERE query_id = '{id}' SYNC");

        (await TextAsync(fixture.Engine, $"SELECT count() FROM system.processes WHERE query LIKE '%INTO {_table} %' AND query_kind = 'Insert'"))
            .ShouldBe("0\n");
        killed.ShouldStartWith($"finished\t{id}\tdefault\tINSERT INTO {_table}");
        (await Should.ThrowAsync<ClickHouseException>(() => insert.WaitAsync(Patience, Token))).Code.ShouldBe(ClickHouseErrors.QueryWasCancelled);
        (await TextAsync(_other, $"SELECT count() FROM {_table}")).ShouldBe("0\n");
    }

    [Fact]
    public async Task A_taking_over_sink_finds_and_ends_the_inserts_of_a_former_one()
    {
        const string source = "kill-tests";
        var id = $"former-{_table}";
        var insert = _writer.InsertAsync(
            SlowInsert.Into(_table, id, RunningInserts.Tag(source, [3, 14])), SlowInsert.Structure, SlowInsert.Rows, Token).AsTask();
        await UntilRunningAsync(id);
        var running = new RunningInserts(_other, source, FenceOptions.Of(new SinkOptions { FenceGrace = TimeSpan.Zero, FenceTimeout = Patience }), TimeProvider.System);

        (await running.EndAsync(StoreLayout.Single, [1, 4], Token)).ShouldBe(0);
        insert.IsCompleted.ShouldBeFalse();
        (await running.EndAsync(StoreLayout.Single, [14], Token)).ShouldBe(1);

        (await Should.ThrowAsync<ClickHouseException>(() => insert.WaitAsync(Patience, Token))).Code.ShouldBe(ClickHouseErrors.QueryWasCancelled);
        (await TextAsync(_other, $"SELECT count() FROM {_table}")).ShouldBe("0\n");
    }

    [Fact]
    public async Task Statement_killed_before_it_came_is_refused()
    {
        var id = $"late-{_table}";
        await _other.ExecuteAsync(new ClickHouseQuery($"KILL QUERY WHERE query_id = '{id}' SYNC"), Token);

        var error = await Should.ThrowAsync<ClickHouseException>(async () =>
            await _writer.InsertAsync(new ClickHouseQuery($"INSERT INTO {_table} (a) FORMAT RowBinary", QueryId: id), "a UInt64", new byte[8], Token));

        error.Code.ShouldBe(ClickHouseErrors.QueryWasCancelled);
    }

    private async Task UntilRunningAsync(string id)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Token);
        limit.CancelAfter(Patience);
        while (await TextAsync(_other, $"SELECT count() FROM system.processes WHERE query_id = '{id}' AND query_kind = 'Insert'") != "1\n")
        {
            limit.IsCancellationRequested.ShouldBeFalse($"{id} should have been in system.processes within {Patience}");
            await Task.Delay(TimeSpan.FromMilliseconds(20), Token);
        }
    }

    private static async Task<string> TextAsync(IClickHouse clickHouse, string sql) =>
        Encoding.UTF8.GetString((await clickHouse.QueryAsync(new ClickHouseQuery(sql, Format: "TSV"), Token)).Body.Span);
}
