using System.Globalization;
using Microsoft.Extensions.Logging;
using Telemetry.Storage.ClickHouse;

namespace Telemetry.Storage.Recovery;

/// <summary>
/// Builds a month of a rollup again from raw, markers included, and puts it in place of the old one in one step
/// (REPLACE PARTITION). For the daily rollup the unit is a year, for the latest values the whole table. Raw must be complete.
/// </summary>
internal sealed class RollupRebuild(IClickHouse clickHouse, ILogger logger)
{
    public async ValueTask RunAsync(IReadOnlyList<CoverageAlarm> alarms, CancellationToken cancellationToken)
    {
        foreach (var alarm in alarms)
        {
            Log.CoverageAlarm(logger, alarm.Target.Table, alarm.Month, alarm.First, alarm.Last, alarm.Count);
        }

        foreach (var (table, unit) in alarms.Select(a => (a.Target.Table, Unit(a.Target.Table, a.Month))).Distinct())
        {
            await RebuildAsync(table, unit, cancellationToken);
        }
    }

    /// <summary>Rebuilds one partition of a rollup.</summary>
    /// <param name="table">Rollup.</param>
    /// <param name="unit">yyyymm, yyyy for the daily rollup, 0 for the latest values.</param>
    public async ValueTask RebuildAsync(string table, int unit, CancellationToken cancellationToken)
    {
        var shadow = $"{table}_rebuild";
        var rows = await clickHouse.QueryRowsAsync(
            "SELECT as_select FROM system.tables WHERE database = currentDatabase() AND name = {view:String}",
            [new("view", $"mv_{table["readings_".Length..]}")],
            cancellationToken);
        var where = unit switch
        {
            0 => "1",
            < 10_000 => $"toYear(event_time) = {Text(unit)}",
            _ => $"toYYYYMM(event_time) = {Text(unit)}",
        };
        var select = rows[0][0].Replace("\\'", "'", StringComparison.Ordinal).Replace("\\n", "\n", StringComparison.Ordinal);
        var from = select.LastIndexOf("FROM ", StringComparison.Ordinal);
        var group = select.IndexOf("GROUP BY", from, StringComparison.Ordinal);
        await clickHouse.ExecuteAsync(new ClickHouseQuery($"DROP TABLE IF EXISTS {shadow} SYNC"), cancellationToken);
        await clickHouse.ExecuteAsync(new ClickHouseQuery($"CREATE TABLE {shadow} AS {table}"), cancellationToken);
        await clickHouse.ExecuteAsync(
            new ClickHouseQuery($"INSERT INTO {shadow} {select[..from]} FROM readings WHERE {where} {select[group..]} "
                + "SETTINGS async_insert = 0, max_execution_time = 0, max_bytes_before_external_group_by = 200000000"),
            cancellationToken);
        var partition = unit == 0 ? "tuple()" : Text(unit);
        await clickHouse.ExecuteAsync(
            new ClickHouseQuery($"ALTER TABLE {table} REPLACE PARTITION {partition} FROM {shadow}"), cancellationToken);
        await clickHouse.ExecuteAsync(new ClickHouseQuery($"DROP TABLE {shadow} SYNC"), cancellationToken);
    }

    private static int Unit(string table, int month) => table switch
    {
        "readings_1d" => month / 100,
        "readings_last" => 0,
        _ => month,
    };

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);
}
