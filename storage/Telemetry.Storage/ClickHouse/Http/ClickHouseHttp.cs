using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace Telemetry.Storage.ClickHouse.Http;

/// <summary>
/// A ClickHouse server over HTTP. Cancelling a call kills its statement on the server. An INSERT whose answer was lost may
/// still be running there: it is killed, and known to have ended, before the next statement is sent.
/// </summary>
public sealed class ClickHouseHttp : IClickHouse
{
    private const string CodeHeader = "X-ClickHouse-Exception-Code";
    private static readonly TimeSpan KillTimeout = TimeSpan.FromSeconds(10);

    private readonly ClickHouseHttpOptions _options;
    private readonly HttpClient _client;
    private readonly ILogger _logger;
    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _killing = new(1);
    private string[] _doubtful = [];

    public ClickHouseHttp(ClickHouseHttpOptions options, ILoggerFactory loggerFactory)
    {
        _options = options;
        _logger = loggerFactory.CreateLogger<ClickHouseHttp>();
        _client = new HttpClient(
            new SocketsHttpHandler
            {
                ConnectTimeout = options.ConnectTimeout,
                PooledConnectionLifetime = TimeSpan.FromMinutes(10),
                AutomaticDecompression = options.Compression ? DecompressionMethods.GZip : DecompressionMethods.None,
            })
        {
            Timeout = System.Threading.Timeout.InfiniteTimeSpan,
        };
    }

    public async ValueTask ExecuteAsync(ClickHouseQuery query, CancellationToken cancellationToken) =>
        await RunAsync(query, null, Stream.Null, mayWrite: true, cancellationToken);

    public async ValueTask InsertAsync(
        ClickHouseQuery query, string structure, ReadOnlyMemory<byte> block, CancellationToken cancellationToken)
    {
        var (head, format) = InsertStatement.Split(query.Sql);
        var sql = query.Guard is null
            ? query.Sql
            : $"{InsertStatement.From(head, $"input({InsertStatement.Literal(structure)})", query.Guard)} FORMAT {format}";
        await RunAsync(query with { Sql = sql }, block, Stream.Null, mayWrite: true, cancellationToken);
    }

    public async ValueTask<ClickHouseResult> QueryAsync(ClickHouseQuery query, CancellationToken cancellationToken)
    {
        using var body = new MemoryStream();
        var summary = await RunAsync(query, null, body, mayWrite: false, cancellationToken);
        return new ClickHouseResult(body.GetBuffer().AsMemory(0, (int)body.Length), summary);
    }

    public ValueTask<ClickHouseSummary> StreamAsync(ClickHouseQuery query, Stream destination, CancellationToken cancellationToken) =>
        RunAsync(query, null, destination, mayWrite: false, cancellationToken);

    public ValueTask DisposeAsync()
    {
        _client.Dispose();
        _killing.Dispose();
        return ValueTask.CompletedTask;
    }

    private async ValueTask<ClickHouseSummary> RunAsync(
        ClickHouseQuery query, ReadOnlyMemory<byte>? block, Stream destination, bool mayWrite, CancellationToken cancellationToken)
    {
        await KillDoubtfulAsync(cancellationToken);
        var id = query.QueryId ?? $"telemetry-{Guid.NewGuid():N}";
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(_options.Timeout);
        try
        {
            return await SendAsync(query, id, block, destination, deadline.Token);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException or ClickHouseException { Code: 0 })
        {
            if (mayWrite)
            {
                lock (_gate)
                {
                    _doubtful = [.. _doubtful, id];
                }
            }
            else if (e is not HttpRequestException)
            {
                await TryKillAsync(id);
            }

            cancellationToken.ThrowIfCancellationRequested();
            throw e switch
            {
                ClickHouseException => e,
                OperationCanceledException => new ClickHouseException(
                    ClickHouseErrors.TimeoutExceeded, $"ClickHouse at {_options.Endpoint} did not answer within {_options.Timeout}.", e),
                _ => new ClickHouseException(0, $"ClickHouse at {_options.Endpoint} cannot be reached or broke off: {e.Message}", e),
            };
        }
    }

    private async ValueTask<ClickHouseSummary> SendAsync(
        ClickHouseQuery query, string id, ReadOnlyMemory<byte>? block, Stream destination, CancellationToken cancellationToken)
    {
        var watch = Stopwatch.StartNew();
        using var request = new HttpRequestMessage(HttpMethod.Post, Address(query, id, inBody: block is null));
        request.Headers.Add("X-ClickHouse-User", _options.User);
        if (_options.Password.Length > 0)
        {
            request.Headers.Add("X-ClickHouse-Key", _options.Password);
        }

        if (_options.Compression)
        {
            request.Headers.AcceptEncoding.Add(new StringWithQualityHeaderValue("gzip"));
        }

        request.Content = block is { } bytes ? new ReadOnlyMemoryContent(bytes) : new StringContent(query.Sql, Encoding.UTF8);
        using var response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
        if (response.StatusCode != HttpStatusCode.OK || response.Headers.Contains(CodeHeader))
        {
            throw await ErrorAsync(response, body, cancellationToken);
        }

        var watcher = new StreamErrorWatch(response.Headers.TryGetValues("X-ClickHouse-Exception-Tag", out var tags) ? tags.First() : null);
        await watcher.CopyAsync(body, destination, cancellationToken);
        var (rows, read) = Summary(response);
        return new ClickHouseSummary(rows, read, watch.Elapsed);
    }

    private static async ValueTask<ClickHouseException> ErrorAsync(HttpResponseMessage response, Stream body, CancellationToken cancellationToken)
    {
        using var reader = new StreamReader(body, Encoding.UTF8);
        var text = new char[4096];
        var length = await reader.ReadBlockAsync(text, cancellationToken);
        var error = ClickHouseErrors.Parse(new string(text, 0, length));
        var code = response.Headers.TryGetValues(CodeHeader, out var codes)
            && int.TryParse(codes.First(), NumberStyles.None, CultureInfo.InvariantCulture, out var parsed)
                ? parsed
                : error.Code;
        return code > 0
            ? new ClickHouseException(code, error.Message)
            : new ClickHouseException(0, $"HTTP {(int)response.StatusCode} {response.ReasonPhrase}: {error.Message}");
    }

    private static (ulong Rows, ulong Bytes) Summary(HttpResponseMessage response)
    {
        if (!response.Headers.TryGetValues("X-ClickHouse-Summary", out var values))
        {
            return default;
        }

        using var json = JsonDocument.Parse(values.First());
        return (Number(json, "read_rows"), Number(json, "read_bytes"));
    }

    private static ulong Number(JsonDocument json, string name) =>
        json.RootElement.TryGetProperty(name, out var value)
        && ulong.TryParse(value.GetString(), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : 0;

    private Uri Address(ClickHouseQuery query, string id, bool inBody)
    {
        var text = new StringBuilder(new Uri(_options.Endpoint, "/").ToString());
        text.Append("?database=").Append(Uri.EscapeDataString(_options.Database));
        text.Append("&query_id=").Append(Uri.EscapeDataString(id));
        if (!inBody)
        {
            text.Append("&query=").Append(Uri.EscapeDataString(query.Sql));
        }
        else
        {
            text.Append("&default_format=").Append(Uri.EscapeDataString(query.Format));
        }

        if (_options.Compression)
        {
            text.Append("&enable_http_compression=1");
        }

        foreach (var (name, value) in query.Parameters ?? [])
        {
            text.Append("&param_").Append(Uri.EscapeDataString(name)).Append('=').Append(Uri.EscapeDataString(value));
        }

        return new Uri(text.ToString());
    }

    /// <summary>Until the server says that they are gone, nothing else is sent.</summary>
    private async ValueTask KillDoubtfulAsync(CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref _doubtful).Length == 0)
        {
            return;
        }

        await _killing.WaitAsync(cancellationToken);
        try
        {
            var ids = Volatile.Read(ref _doubtful);
            foreach (var id in ids)
            {
                try
                {
                    await SendAsync(Kill(id, "SYNC"), $"{id}-kill", null, Stream.Null, cancellationToken);
                }
                catch (Exception e) when (e is HttpRequestException or IOException)
                {
                    throw new ClickHouseException(0, $"ClickHouse at {_options.Endpoint} cannot be reached: {e.Message}", e);
                }

                lock (_gate)
                {
                    _doubtful = [.. _doubtful.Where(d => d != id)];
                }
            }
        }
        finally
        {
            _killing.Release();
        }
    }

    private async ValueTask TryKillAsync(string id)
    {
        using var deadline = new CancellationTokenSource(KillTimeout);
        try
        {
            await SendAsync(Kill(id, "ASYNC"), $"{id}-kill", null, Stream.Null, deadline.Token);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException or ClickHouseException)
        {
            Log.KillFailed(_logger, id, e.Message);
        }
    }

    private static ClickHouseQuery Kill(string id, string mode) =>
        new($"KILL QUERY WHERE query_id = {{id:String}} {mode}", [new("id", id)], "TabSeparated");
}
