using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace Telemetry.Storage.ClickHouse.Http;

/// <summary>
/// A ClickHouse server, or replicas of one, over HTTP. Cancelling a call kills its statement on the server. An INSERT whose answer was
/// lost may still be running there: it is killed, and known to have ended, before the next statement is sent to that server. (It may also
/// come to the server later still: who inserts has to guard against that.) Only what has surely not begun, or only reads, is tried again.
/// Requests themselves are ClickHouse.Driver's: <see cref="DriverTransport"/>.
/// </summary>
public sealed class ClickHouseHttp : IClickHouse
{
    private static readonly TimeSpan KillTimeout = TimeSpan.FromSeconds(10);

    private readonly ClickHouseHttpOptions _options;
    private readonly DriverTransport _transport;
    private readonly ILogger _logger;
    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _killing = new(1);
    private readonly EndpointList _endpoints;
    private (Uri Endpoint, string Id)[] _doubtful = [];

    public ClickHouseHttp(ClickHouseHttpOptions options, ILoggerFactory loggerFactory)
    {
        _options = options;
        _logger = loggerFactory.CreateLogger<ClickHouseHttp>();
        _endpoints = new EndpointList(options);
        _transport = new DriverTransport(options);
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
        _transport.Dispose();
        _killing.Dispose();
        return ValueTask.CompletedTask;
    }

    private async ValueTask<ClickHouseSummary> RunAsync(
        ClickHouseQuery query, ReadOnlyMemory<byte>? block, Stream destination, bool mayWrite, CancellationToken cancellationToken)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var longest = Longest(query, block);
        deadline.CancelAfter(longest);
        var pause = _options.RetryPause;
        var attempts = Math.Max(_options.Attempts, _endpoints.Count);
        for (var attempt = 1; ; attempt++)
        {
            var endpoint = _endpoints.Current;
            var id = query.QueryId ?? $"telemetry-{Guid.NewGuid():N}";
            try
            {
                await KillDoubtfulAsync(endpoint, deadline.Token);
                return await SendAsync(query, endpoint, id, block, destination, deadline.Token);
            }
            catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException or ClickHouseException { Code: 0 or ClickHouseErrors.TooManySimultaneousQueries })
            {
                await NoteAsync(e, endpoint, id, mayWrite);
                cancellationToken.ThrowIfCancellationRequested();
                var again = HttpErrors.NotBegun(e) || (!mayWrite && e is HttpRequestException or IOException && destination is MemoryStream);
                if (!again || attempt >= attempts || deadline.IsCancellationRequested)
                {
                    throw Explain(e, endpoint, longest);
                }

                if (destination is MemoryStream memory)
                {
                    memory.SetLength(0);
                }

                if (_endpoints.Current == endpoint || attempt % _endpoints.Count == 0)
                {
                    await Task.Delay(pause, deadline.Token).ContinueWith(
                        static _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
                    pause *= 2;
                }
            }
        }
    }

    /// <summary>What the store fills from its own tables (INSERT ... SELECT) may take as long as those are large.</summary>
    private TimeSpan Longest(ClickHouseQuery query, ReadOnlyMemory<byte>? block) =>
        block is null && (query.Kind != QueryKind.Reader || query.Sql.AsSpan().TrimStart().StartsWith("INSERT", StringComparison.OrdinalIgnoreCase))
            ? _options.LongTimeout
            : _options.Timeout;

    /// <summary>Moves on to another server, and sees to a statement that may be running.</summary>
    private async ValueTask NoteAsync(Exception error, Uri endpoint, string id, bool mayWrite)
    {
        if (error is HttpRequestException or IOException)
        {
            _endpoints.Failed(endpoint);
        }

        if (HttpErrors.NotBegun(error))
        {
            return;
        }

        if (mayWrite)
        {
            lock (_gate)
            {
                _doubtful = [.. _doubtful, (endpoint, id)];
            }
        }
        else if (error is not HttpRequestException)
        {
            await TryKillAsync(endpoint, id);
        }
    }

    private static ClickHouseException Explain(Exception error, Uri endpoint, TimeSpan longest) => error switch
    {
        ClickHouseException e => e,
        OperationCanceledException e => new ClickHouseException(
            ClickHouseErrors.TimeoutExceeded, $"ClickHouse at {endpoint} did not answer within {longest}.", e),
        _ => new ClickHouseException(0, $"ClickHouse at {endpoint} cannot be reached or broke off: {error.Message}", error),
    };

    private async ValueTask<ClickHouseSummary> SendAsync(
        ClickHouseQuery query, Uri endpoint, string id, ReadOnlyMemory<byte>? block, Stream destination, CancellationToken cancellationToken)
    {
        var watch = Stopwatch.StartNew();
        using var response = await _transport.SendAsync(query, endpoint, id, block, cancellationToken);
        await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
        var watcher = new StreamErrorWatch(response.Headers.TryGetValues("X-ClickHouse-Exception-Tag", out var tags) ? tags.First() : null, _options.IdleTimeout);
        await watcher.CopyAsync(body, destination, cancellationToken);
        var (rows, read) = Summary(response);
        return new ClickHouseSummary(rows, read, watch.Elapsed);
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

    /// <summary>Until the server says that they are gone, nothing else is sent to it.</summary>
    private async ValueTask KillDoubtfulAsync(Uri endpoint, CancellationToken cancellationToken)
    {
        if (!Volatile.Read(ref _doubtful).Any(d => d.Endpoint == endpoint))
        {
            return;
        }

        await _killing.WaitAsync(cancellationToken);
        try
        {
            foreach (var doubt in Volatile.Read(ref _doubtful).Where(d => d.Endpoint == endpoint))
            {
                await SendAsync(Kill(doubt.Id, "SYNC"), endpoint, $"{doubt.Id}-kill", null, Stream.Null, cancellationToken);
                lock (_gate)
                {
                    _doubtful = [.. _doubtful.Where(d => d != doubt)];
                }
            }
        }
        finally
        {
            _killing.Release();
        }
    }

    private async ValueTask TryKillAsync(Uri endpoint, string id)
    {
        using var deadline = new CancellationTokenSource(KillTimeout);
        try
        {
            await SendAsync(Kill(id, "ASYNC"), endpoint, $"{id}-kill", null, Stream.Null, deadline.Token);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException or ClickHouseException)
        {
            Log.KillFailed(_logger, id, e.Message);
        }
    }

    private static ClickHouseQuery Kill(string id, string mode) =>
        new($"KILL QUERY WHERE query_id = {{id:String}} {mode}", [new("id", id)], "TabSeparated");
}
