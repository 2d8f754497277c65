using Telemetry.Contracts.Faults;

namespace Telemetry.Storage.ClickHouse;

/// <summary>
/// The analytical store: SQL in, bytes out. Two implementations: the engine in this process (libchdb) and any server
/// over HTTP.
/// </summary>
public interface IClickHouse : IAsyncDisposable
{
    /// <summary>True: other processes may write the same store, so writers have to fence each other off.</summary>
    bool IsShared => true;

    /// <summary>When a reader's query last began or ended; null: not known, because others may ask the store as well.</summary>
    DateTimeOffset? LastRead => null;

    /// <summary>Has a reader's query wait for <paramref name="refresh"/>, but for a moment only, when none has been asked for <paramref name="pause"/>. Nothing where <see cref="LastRead"/> is null.</summary>
    void BeforeRead(TimeSpan pause, Func<Task> refresh)
    {
    }

    /// <summary>Counts as a reader's query, without one: for somebody who watches how soon rows can be queried. Nothing where <see cref="LastRead"/> is null.</summary>
    void NoteReader()
    {
    }

    /// <summary>Runs a statement that returns no rows (DDL, ALTER, SYSTEM, INSERT ... SELECT).</summary>
    ValueTask ExecuteAsync(ClickHouseQuery query, CancellationToken cancellationToken);

    /// <summary>Runs an INSERT and hands over <paramref name="block"/>, encoded as the statement's FORMAT says.</summary>
    /// <param name="query">
    /// <c>INSERT INTO table (columns) SETTINGS ... FORMAT RowBinary</c> or <c>FORMAT Native</c>; no data behind it.
    /// </param>
    /// <param name="structure">Column names and types, as ClickHouse's <c>file</c> function takes them.</param>
    ValueTask InsertAsync(
        ClickHouseQuery query, string structure, ReadOnlyMemory<byte> block, CancellationToken cancellationToken);

    /// <summary>Runs a query and returns its whole result; for results known to be small.</summary>
    ValueTask<ClickHouseResult> QueryAsync(ClickHouseQuery query, CancellationToken cancellationToken);

    /// <summary>
    /// Runs a query and writes its result to <paramref name="destination"/> as it comes. Cancelling stops the query in
    /// the engine.
    /// </summary>
    ValueTask<ClickHouseSummary> StreamAsync(ClickHouseQuery query, Stream destination, CancellationToken cancellationToken);
}

/// <summary>One statement.</summary>
/// <param name="Sql">SQL with <c>{name:Type}</c> placeholders; values never go into the text.</param>
/// <param name="Parameters">Values of the placeholders, in ClickHouse's text form.</param>
/// <param name="Format">Output format, for example <c>JSONCompact</c>, <c>CSVWithNames</c>, <c>RowBinary</c>.</param>
/// <param name="QueryId">Chosen by the caller where it may have to kill the query.</param>
/// <param name="Guard">For an INSERT of a block: a condition that the engine evaluates, once, before it writes anything; it throws to refuse.</param>
/// <param name="Kind">Who asks: decides where the statement waits and how long it may run.</param>
public sealed record ClickHouseQuery(
    string Sql,
    IReadOnlyList<KeyValuePair<string, string>>? Parameters = null,
    string Format = "JSONCompact",
    string? QueryId = null,
    string? Guard = null,
    QueryKind Kind = QueryKind.Reader);

/// <summary>Rows and bytes a query read and wrote.</summary>
public readonly record struct ClickHouseSummary(ulong RowsRead, ulong BytesRead, TimeSpan Elapsed);

/// <summary>A whole result.</summary>
public sealed record ClickHouseResult(ReadOnlyMemory<byte> Body, ClickHouseSummary Summary);

/// <summary>The engine refused or could not run a statement.</summary>
public sealed class ClickHouseException : Exception, IFault
{
    public ClickHouseException(int code, string message, Exception? inner = null)
        : base(message, inner) => Code = code;

    /// <summary>ClickHouse's error code; 0 when the engine could not be reached.</summary>
    public int Code { get; }

    /// <inheritdoc/>
    public FaultRemedy Remedy => Code is ClickHouseErrors.UnknownUser or ClickHouseErrors.WrongPassword
        or ClickHouseErrors.RequiredPassword or ClickHouseErrors.AuthenticationFailed
        ? FaultRemedy.Settings
        : FaultRemedy.Retry;
}
