using System.Collections.Concurrent;
using System.IO.Compression;
using System.Runtime.InteropServices;
using ClickHouse.Driver;
using ClickHouse.Driver.ADO;

namespace Telemetry.Storage.ClickHouse.Http;

/// <summary>
/// Sends statements through ClickHouse.Driver, one client of it for each server. The driver composes the request (address, database,
/// settings, parameters, query id, user and password, compression), traces it and gives the raw stream of the answer.
/// </summary>
/// <remarks>
/// The answer is taken as it came (<see cref="AnswerTap"/>), because three things need what the driver keeps to itself: its raw result
/// passes a server's exception in the middle of a stream on as data, has no cancellation and no limit on silence within a result, and hides
/// the headers with the summary. Those, and what it does not do at all (killing a statement on cancel, killing an INSERT in doubt, going on
/// to another server, telling what has surely not begun), are in <see cref="ClickHouseHttp"/> above it.
/// </remarks>
internal sealed class DriverTransport : IDisposable
{
    private readonly ClickHouseHttpOptions _options;
    private readonly HttpClient _http;
    private readonly ConcurrentDictionary<Uri, ClickHouseClient> _clients = new();

    public DriverTransport(ClickHouseHttpOptions options)
    {
        _options = options;
        _http = HttpClients.Create(options);
    }

    /// <summary>Sends a statement; returns when the head of its answer is there, for a block the whole answer.</summary>
    /// <param name="query">Statement.</param>
    /// <param name="endpoint">Server.</param>
    /// <param name="id">Query id.</param>
    /// <param name="block">Data of an INSERT; null: the statement itself is the body.</param>
    /// <param name="cancellationToken">Breaks the request off; the statement may go on.</param>
    /// <exception cref="ClickHouseException">The server answered with an error.</exception>
    /// <exception cref="HttpRequestException">No connection, or no answer.</exception>
    public async Task<HttpResponseMessage> SendAsync(
        ClickHouseQuery query, Uri endpoint, string id, ReadOnlyMemory<byte>? block, CancellationToken cancellationToken)
    {
        var client = _clients.GetOrAdd(endpoint, Connect);
        var settings = new Dictionary<string, object>();
        foreach (var (name, value) in query.Parameters ?? [])
        {
            settings["param_" + name] = value;
        }

        if (block is null)
        {
            settings["default_format"] = query.Format;
        }

        var options = new QueryOptions
        {
            QueryId = id, CustomSettings = settings, AcceptEncoding = _options.Compression ? "gzip" : null,
        };
        var answer = AnswerTap.Expect();
        switch (block)
        {
            case null:
                await client.ExecuteRawResultAsync(query.Sql, options, cancellationToken);
                break;
            case { } bytes when _options.CompressInserts:
                await client.PostStreamAsync(query.Sql, (stream, token) => CompressAsync(bytes, stream, token), true, cancellationToken, options);
                break;
            case { } bytes:
                await client.PostStreamAsync(query.Sql, Open(bytes), false, cancellationToken, options);
                break;
        }

        return answer.Response;
    }

    public void Dispose()
    {
        foreach (var client in _clients.Values)
        {
            client.Dispose();
        }

        _http.Dispose();
    }

    private ClickHouseClient Connect(Uri endpoint) => new(new ClickHouseClientSettings
    {
        Protocol = endpoint.Scheme,
        Host = endpoint.Host,
        Port = (ushort)endpoint.Port,
        Database = _options.Database,
        Username = _options.User,
        Password = _options.Password,
        UseCompression = _options.Compression,
        HttpClient = _http,

        // Settings for JSON columns, of which there are none here; a user who may only read could not send them.
        JsonReadMode = JsonReadMode.None,
        JsonWriteMode = JsonWriteMode.None,
    });

    /// <summary>The block compressed as it goes out: no second copy.</summary>
    private static async Task CompressAsync(ReadOnlyMemory<byte> block, Stream stream, CancellationToken cancellationToken)
    {
        await using var gzip = new GZipStream(stream, CompressionLevel.Fastest, leaveOpen: true);
        await gzip.WriteAsync(block, cancellationToken);
    }

    /// <summary>The block as a stream, without a copy where it lies in an array.</summary>
    private static MemoryStream Open(ReadOnlyMemory<byte> block) => MemoryMarshal.TryGetArray(block, out var array)
        ? new MemoryStream(array.Array!, array.Offset, array.Count, writable: false)
        : new MemoryStream(block.ToArray(), writable: false);
}
