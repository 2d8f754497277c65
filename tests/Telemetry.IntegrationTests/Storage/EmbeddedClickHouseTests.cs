using System.Text;
using Telemetry.IntegrationTests.Support;
using Telemetry.Storage.ClickHouse;

namespace Telemetry.IntegrationTests.Storage;

[Collection(EngineFixture.Collection)]
public sealed class EmbeddedClickHouseTests(EngineFixture fixture)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Parameters_are_values_and_never_part_of_the_statement()
    {
        var result = await fixture.Engine.QueryAsync(
            new ClickHouseQuery(
                "SELECT {name:String} AS name, {count:UInt64} AS count",
                [new("name", "x'; DROP TABLE readings --"), new("count", "18446744073709551615")],
                "TSV"),
            Token);

        Encoding.UTF8.GetString(result.Body.Span).ShouldBe("x\\'; DROP TABLE readings --\t18446744073709551615\n");
    }

    [Fact]
    public async Task Error_carries_the_engines_code()
    {
        var error = await Should.ThrowAsync<ClickHouseException>(
            async () => await fixture.Engine.QueryAsync(new ClickHouseQuery("SELECT * FROM no_such_table"), Token));

        error.Code.ShouldBe(60);
        error.Message.ShouldContain("no_such_table");
    }

    [Fact]
    public async Task Every_byte_of_a_binary_block_arrives_whatever_it_looks_like()
    {
        var table = EngineFixture.TableName();
        await fixture.Engine.ExecuteAsync(
            new ClickHouseQuery($"CREATE TABLE {table} (a UInt8) ENGINE = MergeTree ORDER BY tuple()"), Token);
        var block = Encoding.ASCII.GetBytes(" \n\n\r\t;") .Concat(Enumerable.Range(0, 256).Select(i => (byte)i)).ToArray();

        await fixture.Engine.InsertAsync(
            new ClickHouseQuery($"INSERT INTO {table} (a) SETTINGS async_insert = 0 FORMAT RowBinary"), "a UInt8", block, Token);

        var result = await fixture.Engine.QueryAsync(
            new ClickHouseQuery($"SELECT a FROM {table} SETTINGS max_threads = 1", Format: "RowBinary"), Token);
        result.Body.ToArray().ShouldBe(block);
    }

    [Fact]
    public async Task Streamed_result_equals_the_whole_result()
    {
        using var stream = new MemoryStream();
        await fixture.Engine.StreamAsync(
            new ClickHouseQuery("SELECT number FROM numbers(300000)", Format: "RowBinary"), stream, Token);

        stream.Length.ShouldBe(300_000 * 8);
        BitConverter.ToUInt64(stream.ToArray(), 299_999 * 8).ShouldBe(299_999UL);
    }

    [Fact]
    public async Task Cancelling_ends_a_query_in_the_engine()
    {
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var marker = EngineFixture.TableName();
        var query = fixture.Engine.QueryAsync(
            new ClickHouseQuery($"SELECT '{marker}', count() FROM numbers(1000000000000) WHERE sipHash64(number) = 1"), cancel.Token).AsTask();

        await cancel.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(() => query.WaitAsync(Patience, Token));
        string running;
        do
        {
            var result = await fixture.Engine.QueryAsync(
                new ClickHouseQuery(
                    "SELECT count() FROM system.processes WHERE query LIKE {q:String}", [new("q", $"%SELECT '{marker}'%")], "TSV"),
                Token);
            running = Encoding.UTF8.GetString(result.Body.Span);
        }
        while (running != "0\n");
    }

    [Fact]
    public async Task Cancelling_ends_a_streaming_query_in_the_engine()
    {
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var destination = new SignalStream();
        var query = fixture.Engine.StreamAsync(
            new ClickHouseQuery("SELECT number FROM numbers(1000000000000)", Format: "RowBinary"), destination, cancel.Token).AsTask();
        await destination.FirstWrite.WaitAsync(Patience, Token);

        await cancel.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(() => query.WaitAsync(Patience, Token));
    }

    [Fact]
    public async Task Failing_destination_ends_the_query_and_frees_the_lane()
    {
        for (var i = 0; i < 8; i++)
        {
            await Should.ThrowAsync<IOException>(async () => await fixture.Engine.StreamAsync(
                new ClickHouseQuery("SELECT number FROM numbers(1000000000000)", Format: "RowBinary"), new BrokenStream(), Token));
        }

        await fixture.Engine.QueryAsync(new ClickHouseQuery("SELECT 1"), Token).AsTask().WaitAsync(Patience, Token);
    }

    [Fact]
    public async Task Error_in_the_middle_of_a_stream_is_thrown()
    {
        var error = await Should.ThrowAsync<ClickHouseException>(async () => await fixture.Engine.StreamAsync(
            new ClickHouseQuery("SELECT throwIf(number = 1000000) FROM numbers(2000000)", Format: "RowBinary"), new MemoryStream(), Token));

        error.Code.ShouldBe(395);
    }

    [Fact]
    public async Task Nothing_of_a_failed_query_shows_in_the_next_result()
    {
        for (var i = 0; i < 8; i++)
        {
            await Should.ThrowAsync<ClickHouseException>(async () => await fixture.Engine.QueryAsync(
                new ClickHouseQuery("SELECT number, throwIf(number = 200000) FROM numbers(500000)", Format: "TSV"), Token));
            await Should.ThrowAsync<ClickHouseException>(async () => await fixture.Engine.StreamAsync(
                new ClickHouseQuery("SELECT number, throwIf(number = 200000) FROM numbers(500000)", Format: "TSV"), new MemoryStream(), Token));
            var result = await fixture.Engine.QueryAsync(new ClickHouseQuery("SELECT 1", Format: "TSV"), Token);
            Encoding.UTF8.GetString(result.Body.Span).ShouldBe("1\n");
        }
    }

    [Fact]
    public async Task Query_beyond_its_memory_fails_alone()
    {
        var error = await Should.ThrowAsync<ClickHouseException>(async () => await fixture.Engine.QueryAsync(
            new ClickHouseQuery(
                "SELECT count() FROM (SELECT groupArray(toString(number)) FROM numbers(5000000)) SETTINGS max_memory_usage = 10000000"), Token));

        error.Code.ShouldBe(ClickHouseErrors.MemoryLimitExceeded);
        await fixture.Engine.QueryAsync(new ClickHouseQuery("SELECT 1"), Token);
    }

    [Fact]
    public async Task Readers_that_do_not_read_never_hold_up_the_sink()
    {
        var table = EngineFixture.TableName();
        await fixture.Engine.ExecuteAsync(
            new ClickHouseQuery($"CREATE TABLE {table} (a UInt8) ENGINE = MergeTree ORDER BY tuple()"), Token);
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var readers = Enumerable.Range(0, 6).Select(_ => new StandingStream()).ToList();
        var streams = readers.ConvertAll(reader => fixture.Engine.StreamAsync(
            new ClickHouseQuery("SELECT number FROM numbers(1000000000000)", Format: "CSVWithNames"), reader, cancel.Token).AsTask());
        await Task.WhenAll(readers.Take(4).Select(r => r.Reached)).WaitAsync(Patience, Token);

        await fixture.Engine.InsertAsync(
            new ClickHouseQuery($"INSERT INTO {table} (a) SETTINGS async_insert = 0 FORMAT RowBinary"), "a UInt8", new byte[] { 1 }, Token)
            .AsTask().WaitAsync(Patience, Token);
        var counted = await fixture.Engine.QueryRowsAsync($"SELECT count() FROM {table}", null, Token).AsTask().WaitAsync(Patience, Token);

        counted[0][0].ShouldBe("1");
        foreach (var kind in (QueryKind[])[QueryKind.Check, QueryKind.Batch])
        {
            await fixture.Engine.QueryRowsAsync("SELECT 1", null, Token, kind).AsTask().WaitAsync(Patience, Token);
        }

        await cancel.CancelAsync();
        foreach (var stream in streams)
        {
            await Should.ThrowAsync<OperationCanceledException>(() => stream.WaitAsync(Patience, Token));
        }
    }

    [Theory]
    [InlineData(QueryKind.Reader, "60")]
    [InlineData(QueryKind.Sink, "0")]
    [InlineData(QueryKind.Check, "0")]
    [InlineData(QueryKind.Batch, "0")]
    public async Task Only_readers_have_a_deadline(QueryKind kind, string seconds) =>
        (await fixture.Engine.QueryRowsAsync("SELECT toString(toUInt64(getSetting('max_execution_time')))", null, Token, kind))[0][0].ShouldBe(seconds);

    [Fact]
    public async Task Answer_that_was_cut_short_is_an_error()
    {
        await using var scripted = new ScriptedClickHouse(fixture.Engine) { Script = static _ => StoreFault.Short };

        (await Should.ThrowAsync<ClickHouseException>(async () => await scripted.QueryRowsAsync("SELECT number FROM numbers(10)", null, Token)))
            .Message.ShouldContain("not complete");
    }

    /// <summary>Takes the first bytes and then stands still until it is cancelled.</summary>
    private sealed class StandingStream : MemoryStream
    {
        private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Reached => _reached.Task;

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            _reached.TrySetResult();
            await Task.Delay(Timeout.Infinite, cancellationToken);
        }
    }

    private sealed class SignalStream : MemoryStream
    {
        private readonly TaskCompletionSource _first = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task FirstWrite => _first.Task;

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            _first.TrySetResult();
            return ValueTask.CompletedTask;
        }
    }

    private sealed class BrokenStream : MemoryStream
    {
        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
            throw new IOException("gone");
    }
}
