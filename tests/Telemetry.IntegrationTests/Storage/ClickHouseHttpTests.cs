using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Telemetry.Storage.ClickHouse;
using Telemetry.Storage.ClickHouse.Http;
using Telemetry.Testing;

namespace Telemetry.IntegrationTests.Storage;

/// <summary>Behaviour on the wire against a scripted peer; no ClickHouse server runs here.</summary>
public sealed class ClickHouseHttpTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Parameters_travel_beside_the_statement_and_the_block_is_the_body()
    {
        await using var server = new ScriptedServer(_ => ScriptedServer.Ok(""));
        await using var clickHouse = Client(server);

        await clickHouse.InsertAsync(
            new ClickHouseQuery("INSERT INTO t (a) FORMAT RowBinary", [new("p", "x&y")], QueryId: "q1"), "a UInt8", "\n\n abc"u8.ToArray(), Token);

        var request = server.Requests.ShouldHaveSingleItem();
        var asked = new Uri("http://server" + request.Split(' ')[1]).Query.TrimStart('?').Split('&');
        request.ShouldStartWith("POST /?");
        asked.ShouldContain("database=default");
        asked.ShouldContain("query_id=q1");
        asked.ShouldContain("param_p=x%26y");
        asked.Select(Uri.UnescapeDataString).ShouldContain(part => part.Replace('+', ' ') == "query=INSERT INTO t (a) FORMAT RowBinary");
        request.ShouldEndWith("\r\n\r\n\n\n abc");
    }

    [Fact]
    public async Task Error_answer_carries_the_servers_code()
    {
        await using var server = new ScriptedServer(_ =>
            "HTTP/1.1 404 Not Found\r\nX-ClickHouse-Exception-Code: 60\r\nConnection: close\r\n\r\nCode: 60. DB::Exception: no table t. (UNKNOWN_TABLE)");
        await using var clickHouse = Client(server);

        var error = await Should.ThrowAsync<ClickHouseException>(async () => await clickHouse.QueryAsync(new ClickHouseQuery("SELECT 1"), Token));

        error.Code.ShouldBe(60);
        error.Message.ShouldContain("no table t");
    }

    [Theory]
    [InlineData("", "1\n2\nCode: 395. DB::Exception: thrown. (FUNCTION_THROW_IF_VALUE_IS_NON_ZERO)\n")]
    [InlineData("X-ClickHouse-Exception-Tag: abcd\r\n", "1\n2\n\r\n__exception__\r\nabcd\r\nCode: 395. DB::Exception: thrown.\r\n")]
    public async Task Exception_in_the_middle_of_a_stream_is_thrown_and_never_passed_on_as_data(string header, string body)
    {
        await using var server = new ScriptedServer(_ => ScriptedServer.Ok(body, header));
        await using var clickHouse = Client(server);
        using var destination = new MemoryStream();

        var error = await Should.ThrowAsync<ClickHouseException>(
            async () => await clickHouse.StreamAsync(new ClickHouseQuery("SELECT 1", Format: "TSV"), destination, Token));

        error.Code.ShouldBe(395);
        Encoding.UTF8.GetString(destination.ToArray()).ShouldNotContain("Exception");
    }

    [Fact]
    public async Task Cut_answer_is_an_error()
    {
        await using var server = new ScriptedServer(_ => "HTTP/1.1 200 OK\r\nContent-Length: 100\r\nConnection: close\r\n\r\n1\n2\n");
        await using var clickHouse = Client(server);

        var error = await Should.ThrowAsync<ClickHouseException>(async () => await clickHouse.QueryAsync(new ClickHouseQuery("SELECT 1"), Token));

        error.Code.ShouldBe(0);
    }

    [Fact]
    public async Task Insert_without_an_answer_is_killed_before_anything_else_is_sent()
    {
        await using var server = new ScriptedServer(request => request.Contains("query_id=doubtful&") || request.Contains("query_id=doubtful HTTP")
            ? "HTTP/1.1 200 OK\r\nContent-Length: 9\r\nConnection: close\r\n\r\n"
            : ScriptedServer.Ok("1\n"));
        await using var clickHouse = Client(server);
        await Should.ThrowAsync<ClickHouseException>(async () => await clickHouse.InsertAsync(
            new ClickHouseQuery("INSERT INTO t (a) FORMAT RowBinary", QueryId: "doubtful"), "a UInt8", new byte[] { 1 }, Token));

        await clickHouse.QueryAsync(new ClickHouseQuery("SELECT 1", Format: "TSV"), Token);

        server.Requests.Count.ShouldBe(3);
        server.Requests[1].ShouldContain("KILL QUERY WHERE query_id = {id:String} SYNC");
        server.Requests[1].ShouldContain("param_id=doubtful");
        server.Requests[2].ShouldEndWith("SELECT 1");
    }

    [Fact]
    public async Task Cancelling_a_query_kills_it_on_the_server()
    {
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = new ScriptedServer(request =>
        {
            if (request.Contains("KILL QUERY", StringComparison.Ordinal))
            {
                return ScriptedServer.Ok("");
            }

            asked.TrySetResult();
            return null;
        });
        await using var clickHouse = Client(server);
        using var cancel = new CancellationTokenSource();
        var query = clickHouse.QueryAsync(new ClickHouseQuery("SELECT sleep(3)", QueryId: "slow"), cancel.Token).AsTask();
        await asked.Task.WaitAsync(Patience, Token);

        await cancel.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(() => query.WaitAsync(Patience, Token));
        server.Requests[^1].ShouldContain("param_id=slow");
    }

    [Fact]
    public async Task Statement_goes_to_the_next_server_when_one_cannot_be_reached()
    {
        await using var server = new ScriptedServer(_ => ScriptedServer.Ok("1\n"));
        await using var clickHouse = new ClickHouseHttp(
            new ClickHouseHttpOptions { Endpoint = Closed(), OtherEndpoints = [server.Address] }, NullLoggerFactory.Instance);

        await clickHouse.InsertAsync(new ClickHouseQuery("INSERT INTO t (a) FORMAT RowBinary"), "a UInt8", new byte[] { 1 }, Token);
        await clickHouse.QueryAsync(new ClickHouseQuery("SELECT 1"), Token);

        server.Requests.Count.ShouldBe(2);
    }

    [Theory]
    [InlineData(QueryKind.Reader, "SELECT 1", "00:00:00.1000000")]
    [InlineData(QueryKind.Reader, "INSERT INTO t SELECT 1", "00:00:00.3000000")]
    [InlineData(QueryKind.Sink, "SELECT 1", "00:00:00.3000000")]
    [InlineData(QueryKind.Check, "CHECK TABLE t", "00:00:00.3000000")]
    [InlineData(QueryKind.Batch, "SELECT 1", "00:00:00.3000000")]
    public async Task Each_kind_of_statement_has_its_own_deadline(QueryKind kind, string sql, string longest)
    {
        await using var server = new ScriptedServer(request => request.Contains("KILL QUERY", StringComparison.Ordinal) ? ScriptedServer.Ok("") : null);
        await using var clickHouse = new ClickHouseHttp(
            new ClickHouseHttpOptions
            {
                Endpoint = server.Address, Timeout = TimeSpan.FromMilliseconds(100), LongTimeout = TimeSpan.FromMilliseconds(300),
            },
            NullLoggerFactory.Instance);

        var error = await Should.ThrowAsync<ClickHouseException>(
            async () => await clickHouse.ExecuteAsync(new ClickHouseQuery(sql, Kind: kind), Token));

        error.Code.ShouldBe(ClickHouseErrors.TimeoutExceeded);
        error.Message.ShouldContain(longest);
    }

    [Fact]
    public async Task User_and_password_travel_in_a_header_and_never_in_the_address()
    {
        await using var server = new ScriptedServer(_ => ScriptedServer.Ok(""));
        await using var clickHouse = new ClickHouseHttp(
            new ClickHouseHttpOptions { Endpoint = server.Address, User = "ada", Password = "s3cret" }, NullLoggerFactory.Instance);

        await clickHouse.QueryAsync(new ClickHouseQuery("SELECT 1"), Token);

        var request = server.Requests.ShouldHaveSingleItem();
        request.ShouldContain($"Authorization: Basic {Convert.ToBase64String("ada:s3cret"u8)}");
        request.Split('\n')[0].ShouldNotContain("s3cret");
    }

    [Fact]
    public async Task Results_and_blocks_travel_compressed_when_asked()
    {
        await using var server = new ScriptedServer(_ => ScriptedServer.Ok(""));
        await using var clickHouse = new ClickHouseHttp(
            new ClickHouseHttpOptions { Endpoint = server.Address, Compression = true }, NullLoggerFactory.Instance);

        await clickHouse.InsertAsync(new ClickHouseQuery("INSERT INTO t (a) FORMAT RowBinary"), "a UInt8", new byte[] { 1 }, Token);

        var request = server.Requests.ShouldHaveSingleItem();
        request.ShouldContain("Accept-Encoding: gzip\r\n");
        request.ShouldContain("enable_http_compression=");
    }

    [Fact]
    public async Task Insert_whose_answer_was_lost_is_not_sent_again()
    {
        await using var server = new ScriptedServer(_ => "");
        await using var clickHouse = Client(server);

        await Should.ThrowAsync<ClickHouseException>(async () => await clickHouse.InsertAsync(
            new ClickHouseQuery("INSERT INTO t (a) FORMAT RowBinary"), "a UInt8", new byte[] { 1 }, Token));

        server.Requests.ShouldHaveSingleItem();
    }

    [Fact]
    public async Task Statement_refused_because_there_are_too_many_is_tried_again()
    {
        var asked = 0;
        await using var server = new ScriptedServer(_ => Interlocked.Increment(ref asked) < 3
            ? "HTTP/1.1 503 Busy\r\nX-ClickHouse-Exception-Code: 202\r\nConnection: close\r\n\r\nCode: 202. DB::Exception: Too many simultaneous queries."
            : ScriptedServer.Ok(""));
        await using var clickHouse = Client(server);

        await clickHouse.InsertAsync(new ClickHouseQuery("INSERT INTO t (a) FORMAT RowBinary"), "a UInt8", new byte[] { 1 }, Token);

        asked.ShouldBe(3);
    }

    [Fact]
    public async Task Guard_becomes_a_condition_on_the_blocks_way_into_the_table()
    {
        await using var server = new ScriptedServer(_ => ScriptedServer.Ok(""));
        await using var clickHouse = Client(server);

        await clickHouse.InsertAsync(
            new ClickHouseQuery("INSERT INTO t (a) SETTINGS async_insert = 0 FORMAT Native", Guard: "(SELECT 1) = 1"), "a DateTime('UTC')", new byte[] { 1 }, Token);

        Uri.UnescapeDataString(server.Requests.ShouldHaveSingleItem().Replace('+', ' ')).ShouldContain(
            "query=INSERT INTO t (a) SETTINGS async_insert = 0 SELECT * FROM input('a DateTime(\\'UTC\\')') WHERE (SELECT 1) = 1 FORMAT Native");
    }

    /// <summary>An address where nobody listens.</summary>
    private static Uri Closed() => new($"http://127.0.0.1:{FreePorts.Find()}");

    private static ClickHouseHttp Client(ScriptedServer server) =>
        new(new ClickHouseHttpOptions { Endpoint = server.Address }, NullLoggerFactory.Instance);
}
