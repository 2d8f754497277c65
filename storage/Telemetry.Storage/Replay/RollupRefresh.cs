using System.Globalization;
using Telemetry.Storage.ClickHouse;
using Telemetry.Storage.Recovery;

namespace Telemetry.Storage.Replay;

/// <summary>
/// Builds the rollups of some months again. A rollup partition that holds more than raw still has (retention has taken raw
/// away) is left as it is.
/// </summary>
internal sealed class RollupRefresh(IClickHouse clickHouse, RollupRebuild rebuild)
{
    public async ValueTask<(IReadOnlyList<string> Rebuilt, IReadOnlyList<string> Skipped)> RunAsync(
        IReadOnlyList<int> months, CancellationToken cancellationToken)
    {
        var rebuilt = new List<string>();
        var skipped = new List<string>();
        foreach (var (table, unit, raw, rolledUp) in months.SelectMany(m => new[] { Month("readings_1m", m), Month("readings_1h", m) })
                     .Concat(months.Select(m => m / 100).Distinct().Select(Year))
                     .Append(("readings_last", 0, "1", "1")))
        {
            var name = unit == 0 ? table : string.Create(CultureInfo.InvariantCulture, $"{table} {unit}");
            if (await HoldsMoreAsync(table, raw, rolledUp, cancellationToken))
            {
                skipped.Add($"{name}: raw no longer holds all that is in it");
                continue;
            }

            var any = await clickHouse.QueryRowsAsync($"SELECT count() FROM (SELECT 1 FROM readings WHERE {raw} LIMIT 1)", null, cancellationToken);
            if (any[0][0] == "0")
            {
                continue;
            }

            await rebuild.RebuildAsync(table, unit, cancellationToken);
            rebuilt.Add(name);
        }

        return (rebuilt, skipped);
    }

    private static (string Table, int Unit, string Raw, string RolledUp) Month(string table, int month) => (
        table,
        month,
        string.Create(CultureInfo.InvariantCulture, $"toYYYYMM(event_time) = {month}"),
        string.Create(CultureInfo.InvariantCulture, $"toYYYYMM(ts) = {month}"));

    private static (string Table, int Unit, string Raw, string RolledUp) Year(int year) => (
        "readings_1d",
        year,
        string.Create(CultureInfo.InvariantCulture, $"toYear(event_time) = {year}"),
        string.Create(CultureInfo.InvariantCulture, $"toYear(ts) = {year}"));

    /// <summary>By the first day of each: retention takes from the old end.</summary>
    private async ValueTask<bool> HoldsMoreAsync(string table, string raw, string rolledUp, CancellationToken cancellationToken)
    {
        var first = table == "readings_last" ? "min(tupleElement(last, 1))" : "min(ts)";
        var rows = await clickHouse.QueryRowsAsync(
            $"SELECT (SELECT count() FROM {table}_data WHERE {rolledUp}) > 0 AND ((SELECT count() FROM readings_data WHERE {raw}) = 0 OR "
            + $"toDate((SELECT {first} FROM {table}_data WHERE {rolledUp})) < toDate((SELECT min(event_time) FROM readings_data WHERE {raw})))",
            null,
            cancellationToken);
        return rows[0][0] != "0";
    }
}
