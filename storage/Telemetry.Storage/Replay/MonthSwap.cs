using System.Globalization;
using Telemetry.Storage.ClickHouse;
using Telemetry.Storage.Ownership;

namespace Telemetry.Storage.Replay;

/// <summary>Puts a span of a table in place: each month it touches is built beside the old one and replaces it in one step.</summary>
internal sealed class MonthSwap(IClickHouse clickHouse, SinkClaims claims, string table)
{
    /// <summary>How a rebuild runs: as long as it takes, on few threads.</summary>
    public const string Bounds = "SETTINGS async_insert = 0, max_execution_time = 0, max_threads = 2";

    /// <summary>A condition on event_time.</summary>
    /// <param name="from">First microsecond.</param>
    /// <param name="to">The one after the last.</param>
    public static string Span(long from, long to) => string.Create(
        CultureInfo.InvariantCulture,
        $"event_time >= fromUnixTimestamp64Micro({from}, 'UTC') AND event_time < fromUnixTimestamp64Micro({to}, 'UTC')");

    /// <summary>Months that a span touches, as yyyymm.</summary>
    public static IReadOnlyList<int> MonthsOf(long from, long to)
    {
        var months = new List<int>();
        if (from >= to)
        {
            return months;
        }

        var (first, last) = (DateTime.UnixEpoch.AddTicks(from * 10), DateTime.UnixEpoch.AddTicks((to - 1) * 10));
        for (var at = new DateTime(first.Year, first.Month, 1, 0, 0, 0, DateTimeKind.Utc); at <= last; at = at.AddMonths(1))
        {
            months.Add((at.Year * 100) + at.Month);
        }

        return months;
    }

    /// <summary>The month as it is, but for the span, and the span as the shadow table has it. Markers stay.</summary>
    public async ValueTask RunAsync(string shadow, long from, long to, int month, CancellationToken cancellationToken)
    {
        var place = $"{table}_rebuild_{Guid.NewGuid():N}";
        var (tag, guard) = claims.Rebuild();
        var id = month.ToString(CultureInfo.InvariantCulture);
        var of = $"toYYYYMM(event_time) = {id}";
        await clickHouse.ExecuteAsync(new ClickHouseQuery($"CREATE TABLE {place} AS {table}"), cancellationToken);
        try
        {
            await clickHouse.ExecuteAsync(
                new ClickHouseQuery(
                    $"INSERT INTO {place} SELECT * FROM {table} WHERE {of} AND (device = '$sink' OR NOT ({Span(from, to)})) AND {guard} {Bounds}, log_comment = '{tag}'",
                    Kind: QueryKind.Batch),
                cancellationToken);
            await clickHouse.ExecuteAsync(
                new ClickHouseQuery($"INSERT INTO {place} SELECT * FROM {shadow} WHERE {of} AND {guard} {Bounds}, log_comment = '{tag}'", Kind: QueryKind.Batch),
                cancellationToken);

            // From an empty table nothing can be replaced; and then there is no marker in the month either.
            var rows = await clickHouse.QueryRowsAsync($"SELECT count() FROM {place}", null, cancellationToken);
            await clickHouse.ExecuteAsync(
                new ClickHouseQuery(rows[0][0] == "0"
                    ? $"ALTER TABLE {table} DROP PARTITION {id}"
                    : $"ALTER TABLE {table} REPLACE PARTITION {id} FROM {place}"),
                cancellationToken);
        }
        finally
        {
            await clickHouse.ExecuteAsync(new ClickHouseQuery($"DROP TABLE IF EXISTS {place} SYNC"), CancellationToken.None);
        }
    }
}
