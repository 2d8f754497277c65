using System.Globalization;
using Microsoft.Extensions.Logging;
using Telemetry.Storage.ClickHouse;
using Telemetry.Storage.Ownership;
using Telemetry.Storage.Sink;

namespace Telemetry.Storage.Recovery;

/// <summary>
/// Builds a month of a rollup again from raw, markers included, and puts it in place of the old one in one step
/// (REPLACE PARTITION). For the daily rollup the unit is a year, for the latest values the whole table. Raw must be complete, and in a
/// shared store every partition claimed.
/// </summary>
/// <remarks>
/// The INSERT into the shadow table is refused once another has claimed a partition. REPLACE PARTITION cannot carry that check: who claims
/// later drops the shadow table before it reads markers, so a REPLACE that comes late finds nothing to put in place.
/// </remarks>
internal sealed class RollupRebuild(IClickHouse clickHouse, SinkClaims claims, SinkOptions options, ILogger logger, TimeProvider time)
{
    private const string Infix = "_rebuild_";
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    /// <summary>Leaves a running rebuild of another sink a moment to end, then takes its shadow tables away.</summary>
    public async ValueTask EndFormerAsync(CancellationToken cancellationToken)
    {
        var start = time.GetTimestamp();
        while (true)
        {
            var shadows = await clickHouse.QueryRowsAsync(
                $"SELECT name FROM system.tables WHERE database = currentDatabase() AND name LIKE 'readings%' AND position(name, '{Infix}') > 0",
                null,
                cancellationToken);
            if (shadows.Count == 0)
            {
                return;
            }

            if (!claims.Enabled || time.GetElapsedTime(start) > options.FenceGrace)
            {
                foreach (var shadow in shadows)
                {
                    await clickHouse.ExecuteAsync(new ClickHouseQuery($"DROP TABLE IF EXISTS {shadow[0]} SYNC"), cancellationToken);
                }

                return;
            }

            await Task.Delay(Pause, time, cancellationToken);
        }
    }

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
        var shadow = $"{table}{Infix}{Guid.NewGuid():N}";
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
        var (tag, guard) = claims.Rebuild();
        await clickHouse.ExecuteAsync(new ClickHouseQuery($"CREATE TABLE {shadow} AS {table}"), cancellationToken);
        await clickHouse.ExecuteAsync(
            new ClickHouseQuery($"INSERT INTO {shadow} {select[..from]} FROM readings WHERE {where} AND {guard} {select[group..]} "
                + $"SETTINGS log_comment = '{tag}', async_insert = 0, max_execution_time = 0, max_bytes_before_external_group_by = 200000000"),
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
