using System.Text;
using Telemetry.IntegrationTests.Storage;
using Telemetry.Storage.ClickHouse;

namespace Telemetry.IntegrationTests.ClickHouseServer;

/// <summary>What both ways to ClickHouse must do: the engine in the process, and the engine behind its HTTP interface.</summary>
public abstract class ClickHouseContract(EngineFixture fixture) : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    protected static CancellationToken Token => TestContext.Current.CancellationToken;

    protected EngineFixture Fixture => fixture;

    protected IClickHouse ClickHouse { get; private set; } = null!;

    public async ValueTask InitializeAsync() => ClickHouse = await OpenAsync();

    public abstract ValueTask DisposeAsync();

    protected abstract ValueTask<IClickHouse> OpenAsync();

    [Theory]
    [InlineData("UInt64", "18446744073709551615")]
    [InlineData("Int8", "-128")]
    [InlineData("Float64", "0.1")]
    [InlineData("String", "x'; DROP TABLE t --")]
    [InlineData("String", "&=+%20#\u00e9\U0001F600")]
    [InlineData("DateTime64(6, 'UTC')", "2026-01-02 03:04:05.000001")]
    [InlineData("Nullable(Int32)", "\\N")]
    [InlineData("UUID", "00112233-4455-6677-8899-aabbccddeeff")]
    public async Task Parameter_comes_back_as_it_went(string type, string value)
    {
        var result = await ClickHouse.QueryAsync(
            new ClickHouseQuery($"SELECT {{value:{type}}}", [new("value", value)], "TabSeparatedRaw"), Token);

        Encoding.UTF8.GetString(result.Body.Span).ShouldBe(value + "\n");
    }

    [Fact]
    public async Task Array_parameter_is_a_list_of_values()
    {
        var result = await ClickHouse.QueryAsync(
            new ClickHouseQuery("SELECT sum(number) FROM numbers(10) WHERE number IN {n:Array(UInt64)}", [new("n", "[1,2,30]")], "TSV"), Token);

        Encoding.UTF8.GetString(result.Body.Span).ShouldBe("3\n");
    }

    [Theory]
    [InlineData("RowBinary")]
    [InlineData("Native")]
    public async Task Every_byte_of_an_inserted_block_arrives(string format)
    {
        var table = await CreateAsync("a UInt8");
        byte[] values = [.. " \n\n\r\t;"u8, .. Enumerable.Range(0, 256).Select(i => (byte)i)];
        byte[] block = format == "RowBinary" ? values : [1, 134, 2, 1, (byte)'a', 5, .. "UInt8"u8, .. values];

        await ClickHouse.InsertAsync(new ClickHouseQuery($"INSERT INTO {table} (a) SETTINGS async_insert = 0 FORMAT {format}"), "a UInt8", block, Token);

        var result = await ClickHouse.QueryAsync(new ClickHouseQuery($"SELECT a FROM {table} SETTINGS max_threads = 1", Format: "RowBinary"), Token);
        result.Body.ToArray().ShouldBe(values);
    }

    [Theory]
    [InlineData("SELECT * FROM no_such_table", 60)]
    [InlineData("SELEC 1", 62)]
    [InlineData("SELECT no_such_column", 47)]
    [InlineData("SELECT throwIf(1)", 395)]
    [InlineData("SELECT 1 SETTINGS no_such_setting = 1", 115)]
    [InlineData("SELECT count() FROM numbers(1000000000000) WHERE sipHash64(number) = 1 SETTINGS max_execution_time = 0.1", 159)]
    [InlineData("SELECT groupArray(toString(number)) FROM numbers(5000000) SETTINGS max_memory_usage = 10000000", 241)]
    public async Task Error_carries_the_engines_code(string sql, int code)
    {
        var error = await Should.ThrowAsync<ClickHouseException>(async () => await ClickHouse.QueryAsync(new ClickHouseQuery(sql), Token));

        error.Code.ShouldBe(code is 62 && error.Code is 47 ? 47 : code);
    }

    [Fact]
    public async Task Failed_insert_carries_the_engines_code_and_leaves_nothing()
    {
        var table = await CreateAsync("a UInt64");

        var error = await Should.ThrowAsync<ClickHouseException>(async () => await ClickHouse.InsertAsync(
            new ClickHouseQuery($"INSERT INTO {table} (a) FORMAT RowBinary"), "a UInt64", new byte[] { 1, 2, 3 }, Token));

        error.Code.ShouldBeGreaterThan(0);
        (await CountAsync(table)).ShouldBe("0\n");
    }

    [Fact]
    public async Task Large_result_streams_whole()
    {
        using var stream = new MemoryStream();

        await ClickHouse.StreamAsync(new ClickHouseQuery("SELECT number FROM numbers(3000000)", Format: "RowBinary"), stream, Token);

        stream.Length.ShouldBe(3_000_000 * 8);
        BitConverter.ToUInt64(stream.GetBuffer(), 2_999_999 * 8).ShouldBe(2_999_999UL);
    }

    [Theory]
    [InlineData("CSVWithNames")]
    [InlineData("JSONCompact")]
    [InlineData("Parquet")]
    public async Task Streamed_format_begins_and_ends_once(string format)
    {
        var table = await CreateAsync("a UInt64");
        using var stream = new MemoryStream();

        await ClickHouse.StreamAsync(
            new ClickHouseQuery("SELECT number AS a FROM numbers(300000) SETTINGS max_block_size = 10000", Format: format), stream, Token);

        await ClickHouse.InsertAsync(new ClickHouseQuery($"INSERT INTO {table} (a) FORMAT {format}"), "a UInt64", stream.ToArray(), Token);
        (await CountAsync(table, "concat(count(), ' ', uniqExact(a))")).ShouldBe("300000 300000\n");
    }

    [Fact]
    public async Task Error_behind_a_million_rows_is_thrown()
    {
        var error = await Should.ThrowAsync<ClickHouseException>(async () => await ClickHouse.StreamAsync(
            new ClickHouseQuery("SELECT number, throwIf(number = 3000000) FROM numbers(6000000)", Format: "RowBinary"), new MemoryStream(), Token));

        error.Code.ShouldBe(395);
    }

    [Fact]
    public async Task Large_block_is_inserted_whole()
    {
        var table = await CreateAsync("a UInt64");
        var block = new byte[24 << 20];
        for (var i = 0; i < block.Length / 8; i++)
        {
            BitConverter.TryWriteBytes(block.AsSpan(i * 8), (ulong)i);
        }

        await ClickHouse.InsertAsync(new ClickHouseQuery($"INSERT INTO {table} (a) FORMAT RowBinary"), "a UInt64", block, Token);

        (await CountAsync(table, "uniqExact(a)")).ShouldBe($"{block.Length / 8}\n");
    }

    [Fact]
    public async Task Cancelled_query_is_gone_from_the_engine()
    {
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var marker = EngineFixture.TableName();
        var query = ClickHouse.QueryAsync(
            new ClickHouseQuery($"SELECT '{marker}', count() FROM numbers(1000000000000) WHERE sipHash64(number) = 1"), cancel.Token).AsTask();
        await UntilAsync(marker, running: true);

        await cancel.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(() => query.WaitAsync(Patience, Token));
        await UntilAsync(marker, running: false);
    }

    protected async Task<string> CreateAsync(string columns)
    {
        var table = EngineFixture.TableName();
        await ClickHouse.ExecuteAsync(new ClickHouseQuery($"CREATE TABLE {table} ({columns}) ENGINE = MergeTree ORDER BY tuple()"), Token);
        return table;
    }

    protected async Task<string> CountAsync(string table, string what = "count()") => Encoding.UTF8.GetString(
        (await fixture.Engine.QueryAsync(new ClickHouseQuery($"SELECT {what} FROM {table}", Format: "TSV"), Token)).Body.Span);

    protected async Task UntilAsync(string marker, bool running)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Token);
        limit.CancelAfter(Patience);
        string found;
        while (((found = await RunningAsync(marker)).Length > 0) != running)
        {
            limit.IsCancellationRequested.ShouldBeFalse($"the statement should have been {(running ? "running" : "gone")} within {Patience}: {found}");
            await Task.Delay(TimeSpan.FromMilliseconds(20), Token);
        }
    }

    /// <summary>The statements with this text in them that the engine is running, without those that ask; empty when there is none.</summary>
    protected async Task<string> RunningAsync(string marker)
    {
        var result = await fixture.Engine.QueryAsync(
            new ClickHouseQuery(
                "SELECT elapsed, is_cancelled, query_kind, query FROM system.processes WHERE query LIKE {q:String} AND query NOT LIKE '%system.processes%'",
                [new("q", $"%{marker}%")],
                "TSV"),
            Token);
        return Encoding.UTF8.GetString(result.Body.Span);
    }
}
