using System.Text.RegularExpressions;
using Telemetry.Storage.ClickHouse;

namespace Telemetry.IntegrationTests.Query;

/// <summary>
/// The shared engine seen through a database of its own: table names after FROM, INTO, TABLE, VIEW, TO and EXISTS get the
/// database in front. The real engine and the real schema, apart from the tables of other tests.
/// </summary>
internal sealed partial class DatabaseScope(IClickHouse inner, string database) : IClickHouse
{
    private volatile TaskCompletionSource? _streaming;

    /// <summary>Completes when the next stream has begun to flow.</summary>
    public Task NextStream()
    {
        var source = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _streaming = source;
        return source.Task;
    }

    public ValueTask ExecuteAsync(ClickHouseQuery query, CancellationToken cancellationToken) =>
        inner.ExecuteAsync(Scope(query), cancellationToken);

    public ValueTask InsertAsync(
        ClickHouseQuery query, string structure, ReadOnlyMemory<byte> block, CancellationToken cancellationToken) =>
        inner.InsertAsync(Scope(query), structure, block, cancellationToken);

    public ValueTask<ClickHouseResult> QueryAsync(ClickHouseQuery query, CancellationToken cancellationToken) =>
        inner.QueryAsync(Scope(query), cancellationToken);

    public ValueTask<ClickHouseSummary> StreamAsync(ClickHouseQuery query, Stream destination, CancellationToken cancellationToken)
    {
        _streaming?.TrySetResult();
        return inner.StreamAsync(Scope(query), destination, cancellationToken);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private ClickHouseQuery Scope(ClickHouseQuery query) =>
        query with
        {
            // Filters by table name those of the current database, too.
            Sql = Filtered().Replace(Names().Replace(query.Sql, match => $"{database}.{match.Value}"), match => $"{database}.{match.Value}")
                .Replace("currentDatabase()", $"'{database}'", StringComparison.Ordinal),
        };

    [GeneratedRegex(
        @"(?<=\b(?:FROM|INTO|TABLE|VIEW|TO|EXISTS|fix_\w+ AS)\s+)(?:readings|rollup_in|fix_|mv_|mvfix_|anomalies|device_events|incidents|alarms|catalogue|schema_|horizon_)\w*",
        RegexOptions.CultureInvariant)]
    private static partial Regex Names();

    [GeneratedRegex(@"(?<=[{ ]')[a-z0-9_]+(?=': 'match\(device)", RegexOptions.CultureInvariant)]
    private static partial Regex Filtered();
}
