using System.Globalization;
using Microsoft.Extensions.Logging;

namespace Telemetry.Storage.ClickHouse.Embedded;

/// <summary>
/// The ClickHouse engine in this process (libchdb). A lane is a connection with a thread of its own; inserts and each
/// <see cref="QueryKind"/> have their own lanes, so that slow readers never hold up the sink. What finds no free lane of its
/// kind waits. Cancelling a query kills it in the engine. One process holds one data directory open.
/// </summary>
public sealed class EmbeddedClickHouse : IClickHouse
{
    private readonly EmbeddedClickHouseOptions _options;
    private readonly LanePool _writes;
    private readonly IReadOnlyDictionary<QueryKind, LanePool> _queries;
    private readonly LanePool _control;
    private readonly CancellationTokenSource _closing = new();
    private readonly ILogger _logger;
    private readonly string _tag = Guid.NewGuid().ToString("N")[..12];
    private long _statements;
    private readonly ReaderPause _readers = new(TimeProvider.System);
    private volatile bool _isShared;

    private EmbeddedClickHouse(
        EmbeddedClickHouseOptions options,
        LanePool writes,
        IReadOnlyDictionary<QueryKind, LanePool> queries,
        LanePool control,
        ILogger logger)
    {
        _options = options;
        _writes = writes;
        _queries = queries;
        _control = control;
        _logger = logger;
    }

    /// <summary>Opens the data directory, creating it when missing.</summary>
    /// <exception cref="ClickHouseException">
    /// The library is missing (the message says what to run), or the directory is in use or damaged.
    /// </exception>
    public static async ValueTask<EmbeddedClickHouse> OpenAsync(
        EmbeddedClickHouseOptions options, ILoggerFactory loggerFactory, CancellationToken cancellationToken)
    {
        var logger = loggerFactory.CreateLogger<EmbeddedClickHouse>();
        LibChdbLoader.Load(options.LibraryPath);
        Directory.CreateDirectory(options.DataDirectory);
        var opened = new List<Lane>();
        try
        {
            var writes = await OpenLanesAsync("clickhouse-write", options, options.WriteLanes, [], opened, cancellationToken);
            var queries = new Dictionary<QueryKind, LanePool>();
            foreach (var kind in Enum.GetValues<QueryKind>())
            {
                queries[kind] = await OpenLanesAsync(
                    $"clickhouse-{kind.ToString().ToLowerInvariant()}", options, LanesOf(kind, options), EngineArguments.QuerySettings(options, kind),
                    opened, cancellationToken);
            }

            var control = await OpenLanesAsync("clickhouse-control", options, 1, [], opened, cancellationToken);
            Log.EngineOpened(logger, options.DataDirectory, options.WriteLanes, options.QueryLanes);
            return new EmbeddedClickHouse(options, writes, queries, control, logger);
        }
        catch
        {
            foreach (var lane in opened)
            {
                await lane.DisposeAsync();
            }

            throw;
        }
    }

    /// <summary>The directory's lock keeps other processes out, unless this process lets them in: <see cref="Share"/>.</summary>
    public bool IsShared => _isShared;

    /// <inheritdoc/>
    public DateTimeOffset? LastRead => _isShared ? null : _readers.LastRead;

    /// <inheritdoc/>
    public void BeforeRead(TimeSpan pause, Func<Task> refresh) => _readers.Use(pause, refresh);

    /// <inheritdoc/>
    public void NoteReader() => _readers.Note();

    public async ValueTask ExecuteAsync(ClickHouseQuery query, CancellationToken cancellationToken)
    {
        using var rental = await RentAsync(query.Kind == QueryKind.Batch ? _queries[QueryKind.Batch] : _writes, cancellationToken);
        (await RunAsync(rental.Lane, query, lane => lane.Connection, cancellationToken)).Dispose();
    }

    public async ValueTask InsertAsync(
        ClickHouseQuery query, string structure, ReadOnlyMemory<byte> block, CancellationToken cancellationToken)
    {
        var (head, format) = InsertStatement.Split(query.Sql);
        using var rental = await RentAsync(_writes, cancellationToken);
        var file = rental.Lane.File ??= new MemoryFile();
        file.Write(block.Span);
        var sql = InsertStatement.From(head, $"file('{file.Path}', {format}, {InsertStatement.Literal(structure)})", query.Guard);
        try
        {
            (await RunAsync(rental.Lane, query with { Sql = sql }, lane => lane.Connection, cancellationToken)).Dispose();
        }
        finally
        {
            file.Trim();
        }
    }

    public async ValueTask<ClickHouseResult> QueryAsync(ClickHouseQuery query, CancellationToken cancellationToken)
    {
        using var reading = await BeginAsync(query.Kind, cancellationToken);
        using var rental = await RentAsync(_queries[query.Kind], cancellationToken);
        using var result = await RunAsync(rental.Lane, query, lane => lane.Connection, cancellationToken);
        return new ClickHouseResult(result.Bytes.ToArray(), result.Summary);
    }

    public async ValueTask<ClickHouseSummary> StreamAsync(
        ClickHouseQuery query, Stream destination, CancellationToken cancellationToken)
    {
        using var reading = await BeginAsync(query.Kind, cancellationToken);
        using var rental = await RentAsync(_queries[query.Kind], cancellationToken);
        return await ResultPipe.RunAsync(
            async (path, stop) =>
            {
                var sql = $"{query.Sql}\nINTO OUTFILE '{path}' TRUNCATE FORMAT {query.Format}";
                using var result = await RunAsync(rental.Lane, query with { Sql = sql }, lane => lane.Connection, stop);
                return result.Summary;
            },
            reader => reader.CopyToAsync(destination, cancellationToken),
            cancellationToken);
    }

    /// <summary>From now on others may write the store through this process. To be called before a sink starts.</summary>
    public void Share() => _isShared = true;

    /// <summary>Opens a connection beside the lanes. Close it before the engine is closed.</summary>
    /// <param name="name">Name of its thread.</param>
    public Task<EngineSession> OpenSessionAsync(string name)
    {
        ObjectDisposedException.ThrowIf(_closing.IsCancellationRequested, this);
        return EngineSession.OpenAsync(_options, name, KillAsync);
    }

    public async ValueTask DisposeAsync()
    {
        if (_closing.IsCancellationRequested)
        {
            return;
        }

        await _closing.CancelAsync();
        foreach (var pool in _queries.Values)
        {
            await pool.DisposeAsync();
        }

        await _writes.DisposeAsync();
        await _control.DisposeAsync();
        Log.EngineClosed(_logger);
        _closing.Dispose();
    }

    private async ValueTask<Reading> BeginAsync(QueryKind kind, CancellationToken cancellationToken)
    {
        if (kind != QueryKind.Reader)
        {
            return default;
        }

        await _readers.BeginAsync(cancellationToken);
        return new Reading(_readers);
    }

    private static int LanesOf(QueryKind kind, EmbeddedClickHouseOptions options) => kind switch
    {
        QueryKind.Reader => options.QueryLanes,
        QueryKind.Check => 1,
        _ => 2,
    };

    private static async Task<LanePool> OpenLanesAsync(
        string name,
        EmbeddedClickHouseOptions options,
        int count,
        IReadOnlyList<string> statements,
        List<Lane> opened,
        CancellationToken cancellationToken)
    {
        var lanes = new Lane[count];
        for (var i = 0; i < count; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var connection = await Task.Run(() => ChdbConnection.Open(EngineArguments.Connect(options)), cancellationToken);
            lanes[i] = new Lane($"{name}-{i.ToString(CultureInfo.InvariantCulture)}", connection);
            opened.Add(lanes[i]);
            foreach (var statement in statements)
            {
                (await lanes[i].InvokeAsync(l => l.Connection.Query(statement, "Null", null))).Dispose();
            }
        }

        return new LanePool(lanes);
    }

    private async ValueTask<LanePool.Rental> RentAsync(LanePool pool, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_closing.IsCancellationRequested, this);
        return await pool.RentAsync(cancellationToken);
    }

    private async Task<ChdbResult> RunAsync(
        Lane lane, ClickHouseQuery query, Func<Lane, ChdbConnection> connection, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var (sql, tag) = Tag(query);
        await using var killer = new QueryKiller(KillAsync, tag, cancellationToken);
        try
        {
            return await lane.InvokeAsync(l => connection(l).Query(sql, query.Format, query.Parameters));
        }
        catch (ClickHouseException e) when (e.Code == ClickHouseErrors.QueryWasCancelled && cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException("The statement was cancelled.", e, cancellationToken);
        }
    }

    /// <summary>libchdb takes no query id, so a comment in front of the statement names it for KILL QUERY.</summary>
    private (string Sql, string Tag) Tag(ClickHouseQuery query)
    {
        var tag = $"/* {_tag}-{Interlocked.Increment(ref _statements).ToString(CultureInfo.InvariantCulture)} */";
        return ($"{tag} {query.Sql}", tag);
    }

    /// <summary>
    /// Asynchronous: KILL QUERY ... SYNC never returns in libchdb 26.7. A statement killed before its pipeline runs is marked as
    /// cancelled but goes on to its end, and cannot be killed again: so only one that has begun to read, or had time to.
    /// </summary>
    private async Task KillAsync(string tag)
    {
        using var rental = await _control.RentAsync(CancellationToken.None);
        (await rental.Lane.InvokeAsync(l => l.Connection.Query(
            $"KILL QUERY WHERE startsWith(query, '{tag}') AND (read_rows > 0 OR written_rows > 0 OR elapsed > 1) ASYNC", "Null", null))).Dispose();
    }

    /// <summary>A reader's query; it is noted when it ends.</summary>
    private readonly struct Reading(ReaderPause? readers) : IDisposable
    {
        public void Dispose() => readers?.Note();
    }
}
