using System.IO.Compression;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Telemetry.ClickHouseServer.Options;
using Telemetry.IntegrationTests.Storage;

namespace Telemetry.IntegrationTests.ClickHouseServer;

/// <summary>Compression and limits of the HTTP interface, and what it refuses.</summary>
[Collection(EngineFixture.Collection)]
public sealed class HttpInterfaceTests(EngineFixture fixture) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly HttpClient _client = new(new SocketsHttpHandler { AutomaticDecompression = DecompressionMethods.None }) { Timeout = Patience };
    private readonly string _table = EngineFixture.TableName();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _client.Dispose();

    [Theory]
    [InlineData("gzip", "1F8B")]
    [InlineData("deflate", "")]
    [InlineData("br", "")]
    public async Task Result_leaves_compressed_and_comes_back_as_data(string coding, string magic)
    {
        await using var endpoint = await Endpoint.StartAsync(fixture);
        await TextAsync(endpoint, $"CREATE TABLE {_table} (a UInt64) ENGINE = Memory");
        using var ask = Request(endpoint, "enable_http_compression=1", "SELECT number FROM numbers(100000) FORMAT RowBinary");
        ask.Headers.AcceptEncoding.ParseAdd(coding);
        using var result = await _client.SendAsync(ask, Token);
        var bytes = await result.Content.ReadAsByteArrayAsync(Token);
        result.Content.Headers.ContentEncoding.ShouldBe([coding]);
        Convert.ToHexString(bytes).ShouldStartWith(magic);

        using var insert = Request(endpoint, $"query=INSERT+INTO+{_table}+FORMAT+RowBinary", bytes);
        insert.Content!.Headers.ContentEncoding.Add(coding);
        using var answer = await _client.SendAsync(insert, Token);

        answer.StatusCode.ShouldBe(HttpStatusCode.OK, await answer.Content.ReadAsStringAsync(Token));
        (await TextAsync(endpoint, $"SELECT count(), sum(a) FROM {_table}")).ShouldBe("100000\t4999950000\n");
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("zstd")]
    public async Task Damaged_compressed_data_is_refused_and_leaves_nothing(string coding)
    {
        await using var endpoint = await Endpoint.StartAsync(fixture);
        await TextAsync(endpoint, $"CREATE TABLE {_table} (a UInt64) ENGINE = MergeTree ORDER BY a");
        using var insert = Request(endpoint, $"query=INSERT+INTO+{_table}+FORMAT+RowBinary", "no such thing as compressed data"u8.ToArray());
        insert.Content!.Headers.ContentEncoding.Add(coding);

        using var answer = await _client.SendAsync(insert, Token);

        answer.IsSuccessStatusCode.ShouldBeFalse();
        (await TextAsync(endpoint, $"SELECT count() FROM {_table}")).ShouldBe("0\n");
    }

    [Fact]
    public async Task Statement_in_a_gzip_body_runs()
    {
        await using var endpoint = await Endpoint.StartAsync(fixture);
        using var packed = new MemoryStream();
        await using (var gzip = new GZipStream(packed, CompressionMode.Compress, leaveOpen: true))
        {
            await gzip.WriteAsync("SELECT 6 * 7"u8.ToArray(), Token);
        }

        using var ask = Request(endpoint, "", packed.ToArray());
        ask.Content!.Headers.ContentEncoding.Add("gzip");
        using var answer = await _client.SendAsync(ask, Token);

        (await answer.Content.ReadAsStringAsync(Token)).ShouldBe("42\n");
    }

    [Fact]
    public async Task Statements_beyond_the_limit_are_refused_but_not_a_kill()
    {
        await using var endpoint = await Endpoint.StartAsync(fixture, new ClickHouseServerOptions { ConcurrentQueriesMax = 1 });
        Task<(HttpStatusCode Status, string? Code, string Body)> Start() =>
            SendAsync(endpoint, $"query_id=slow-{_table}", "SELECT count() FROM numbers(1000000000000) WHERE sipHash64(number) = 1");
        var slow = Start();
        var (status, code, _) = await UntilAsync(
            () =>
            {
                // The other one may have been the first to come, and this one the one refused.
                slow = slow.IsCompleted ? Start() : slow;
                return SendAsync(endpoint, "", "SELECT 1");
            },
            answer => answer.Code is not null);
        code.ShouldBe("202");
        status.ShouldBe(HttpStatusCode.InternalServerError);

        await TextAsync(endpoint, $"KILL QUERY WHERE query_id = 'slow-{_table}' SYNC");

        (await slow).Code.ShouldBe("394");
        (await TextAsync(endpoint, "SELECT 1")).ShouldBe("1\n");
    }

    [Fact]
    public async Task Client_that_stops_sending_is_given_up()
    {
        await using var endpoint = await Endpoint.StartAsync(fixture, new ClickHouseServerOptions { ReceiveTimeout = TimeSpan.FromMilliseconds(300) });
        await TextAsync(endpoint, $"CREATE TABLE {_table} (a UInt64) ENGINE = MergeTree ORDER BY a");
        using var client = new TcpClient();
        await client.ConnectAsync(endpoint.Url.Host, endpoint.Url.Port, Token);
        await client.GetStream().WriteAsync(
            Encoding.ASCII.GetBytes($"POST /?query=INSERT+INTO+{_table}+FORMAT+RowBinary HTTP/1.1\r\nHost: localhost\r\nContent-Length: 16\r\n\r\n12345678"), Token);

        using var reader = new StreamReader(client.GetStream());
        var line = await reader.ReadLineAsync(Token).AsTask().WaitAsync(Patience, Token);

        line.ShouldNotBeNull().ShouldContain("503");
        (await TextAsync(endpoint, $"SELECT count() FROM {_table}")).ShouldBe("0\n");
    }

    [Fact]
    public async Task Query_of_a_client_that_stops_reading_is_killed()
    {
        await using var endpoint = await Endpoint.StartAsync(fixture, new ClickHouseServerOptions { SendTimeout = TimeSpan.FromMilliseconds(300) });
        using var client = new TcpClient();
        await client.ConnectAsync(endpoint.Url.Host, endpoint.Url.Port, Token);
        var sql = Uri.EscapeDataString("SELECT number FROM numbers(1000000000000) FORMAT RowBinary");
        await client.GetStream().WriteAsync(
            Encoding.ASCII.GetBytes($"GET /?query_id=deaf-{_table}&query={sql} HTTP/1.1\r\nHost: localhost\r\n\r\n"), Token);
        var running = $"SELECT count() FROM system.processes WHERE query_id = 'deaf-{_table}'";
        await client.GetStream().ReadExactlyAsync(new byte[12], Token);

        await UntilAsync(() => TextAsync(endpoint, running), found => found == "0\n");
    }

    [Theory]
    [InlineData("session_id=one", "session_id")]
    [InlineData("role=reader", "role")]
    public async Task What_is_not_served_is_refused_by_name_and_never_left_out_silently(string parameter, string name)
    {
        await using var endpoint = await Endpoint.StartAsync(fixture);

        var (status, code, body) = await SendAsync(endpoint, parameter, "SELECT 1");

        status.ShouldBe(HttpStatusCode.NotImplemented);
        code.ShouldBe("48");
        body.ShouldContain(name);
    }

    [Fact]
    public async Task A_client_that_offers_a_coding_not_served_here_gets_one_that_is()
    {
        await using var endpoint = await Endpoint.StartAsync(fixture);
        using var ask = Request(endpoint, "enable_http_compression=1", "SELECT 1");
        ask.Headers.AcceptEncoding.ParseAdd("zstd, lz4, gzip, deflate");

        using var result = await _client.SendAsync(ask, Token);

        result.Content.Headers.ContentEncoding.ShouldBe(["gzip"]);
    }

    [Fact]
    public async Task Large_data_goes_through_a_file_and_leaves_none()
    {
        var folder = Directory.CreateTempSubdirectory("telemetry-spill-").FullName;
        await using (var endpoint = await Endpoint.StartAsync(
            fixture, new ClickHouseServerOptions { InsertMemoryBytes = 1 << 20, InsertBytesMax = 8 << 20, TemporaryDirectory = folder }))
        {
            await TextAsync(endpoint, $"CREATE TABLE {_table} (a UInt64) ENGINE = Memory");
            var insert = $"query=INSERT+INTO+{_table}+FORMAT+RowBinary";
            (await SendAsync(endpoint, insert, new byte[8 << 20])).Code.ShouldBeNull();
            (await SendAsync(endpoint, insert, new byte[(8 << 20) + 8])).Code.ShouldBe("307");
            (await TextAsync(endpoint, $"SELECT count() FROM {_table}")).ShouldBe("1048576\n");
        }

        Directory.GetFiles(folder).ShouldBeEmpty();
        Directory.Delete(folder);
    }

    private static HttpRequestMessage Request(Endpoint endpoint, string parameters, object body) => new(HttpMethod.Post, new Uri(endpoint.Url, $"/?{parameters}"))
    {
        Content = body is string text ? new StringContent(text) : new ByteArrayContent((byte[])body),
    };

    private static async Task<T> UntilAsync<T>(Func<Task<T>> ask, Func<T, bool> holds)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Token);
        limit.CancelAfter(Patience);
        while (true)
        {
            var answer = await ask();
            if (holds(answer))
            {
                return answer;
            }

            limit.IsCancellationRequested.ShouldBeFalse($"after {Patience} the answer is still {answer}");
            await Task.Delay(TimeSpan.FromMilliseconds(20), Token);
        }
    }

    private async Task<(HttpStatusCode Status, string? Code, string Body)> SendAsync(Endpoint endpoint, string parameters, object body)
    {
        using var request = Request(endpoint, parameters, body);
        using var answer = await _client.SendAsync(request, Token);
        var code = answer.Headers.TryGetValues("X-ClickHouse-Exception-Code", out var codes) ? codes.First() : null;
        return (answer.StatusCode, code, await answer.Content.ReadAsStringAsync(Token));
    }

    private async Task<string> TextAsync(Endpoint endpoint, string sql, string parameters = "")
    {
        var (status, _, body) = await SendAsync(endpoint, parameters, sql);
        status.ShouldBe(HttpStatusCode.OK, body);
        return body;
    }
}
