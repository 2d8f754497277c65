using System.Globalization;
using Telemetry.Storage.ClickHouse;
using Telemetry.Storage.Rollups;

namespace Telemetry.Storage.Horizon;

/// <summary>
/// Asks the store for its <see cref="StoreHorizon"/>: retention as the schema applies it (<c>schema_settings</c>), former and shorter
/// retention (<c>horizon_floors</c>), and partitions that are gone while another table still has them (<c>system.parts</c>).
/// An answer is kept for a few seconds. Safe for use by several threads.
/// </summary>
/// <param name="clickHouse">The store; its schema must be there.</param>
/// <param name="time">Clock of the cache; retention goes by the store's own clock.</param>
/// <param name="keep">How long an answer is used again. Null: 5 s.</param>
public sealed class StoreHorizonReader(IClickHouse clickHouse, TimeProvider time, TimeSpan? keep = null)
{
    private static readonly TimeSpan KeepDefault = TimeSpan.FromSeconds(5);

    // One INSERT feeds all rollups after raw has the rows, so a table that lacks a month which raw has had, unchanged, for this long has lost it.
    private const string Settled = "10 MINUTE";

    private readonly Lock _gate = new();
    private Task<StoreHorizon>? _asking;
    private volatile Answer? _last;

    /// <summary>The horizon, at most a few seconds old.</summary>
    /// <exception cref="ClickHouseException">The store cannot be asked.</exception>
    public async ValueTask<StoreHorizon> ReadAsync(CancellationToken cancellationToken)
    {
        if (Fresh is { } kept)
        {
            return kept;
        }

        Task<StoreHorizon> asking;
        lock (_gate)
        {
            // One question serves all who wait, so it does not end with the first of them that gives up.
            asking = _asking is { IsCompleted: false } ? _asking : _asking = ReadNowAsync(CancellationToken.None).AsTask();
        }

        return await asking.WaitAsync(cancellationToken);
    }

    /// <summary>The horizon as it is now, for a decision that removes something.</summary>
    /// <exception cref="ClickHouseException">The store cannot be asked.</exception>
    public async ValueTask<StoreHorizon> ReadNowAsync(CancellationToken cancellationToken)
    {
        var (now, floors, fleets) = await ReadRetentionAsync(cancellationToken);
        foreach (var (table, end) in await ReadGonePartitionsAsync(cancellationToken))
        {
            if (end > floors[table].CompleteFrom)
            {
                floors[table] = new TableHorizon(end, HorizonCause.PartitionGone);
            }
        }

        var horizon = new StoreHorizon(floors, now) { FleetsFrom = fleets };
        _last = new Answer(horizon, time.GetTimestamp());
        return horizon;
    }

    /// <summary>
    /// Writes down months that are gone from raw while a rollup has them: a late reading brings such a month back, nearly empty, and then it
    /// could not be told any more. The sink does this now and then, and before it stores anything.
    /// </summary>
    /// <param name="committed">
    /// Before recovery: the checkpoint of each log partition. A power cut may have taken a month of raw that was stored after it, and recovery
    /// brings that back, so only a month of which a rollup has older rows counts. Null: recovery is done.
    /// </param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="ClickHouseException">The store cannot be asked, or does not take it.</exception>
    public async ValueTask NoteGoneAsync(IReadOnlyDictionary<int, long>? committed, CancellationToken cancellationToken)
    {
        var (_, floors, _) = await ReadRetentionAsync(cancellationToken);
        foreach (var (table, end) in await ReadGonePartitionsAsync(cancellationToken))
        {
            // Of raw alone it is certain: it has every row before a rollup has it. A rollup may lack a month because its INSERTs fail for now.
            if (table == StoreTable.Raw && end > floors[table].CompleteFrom
                && (committed is null || await IsOlderAsync(end.AddMonths(-1), committed, cancellationToken)))
            {
                await clickHouse.ExecuteAsync(
                    new ClickHouseQuery(
                        "INSERT INTO horizon_floors SELECT {table:String}, toDateTime64({end:Int64}, 6, 'UTC') SETTINGS async_insert = 0",
                        [new("table", table.Name()), new("end", end.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture))]),
                    cancellationToken);
            }
        }
    }

    /// <summary>True: the hours have rows of this month from below the checkpoint, as their markers say.</summary>
    private async ValueTask<bool> IsOlderAsync(DateTimeOffset month, IReadOnlyDictionary<int, long> committed, CancellationToken cancellationToken)
    {
        if (committed.Count == 0)
        {
            return false;
        }

        var below = string.Join(" OR ", committed.Select(c => string.Create(
            CultureInfo.InvariantCulture, $"(startsWith(sensor, 'p{c.Key}/') AND mark_lo < {Math.Max(0, c.Value)})")));
        return (await clickHouse.QueryRowsAsync(
            $"SELECT 1 FROM readings_1h WHERE device = '$sink' AND toYYYYMM(ts) = {{month:UInt32}} AND ({below}) LIMIT 1",
            [new("month", month.ToString("yyyyMM", CultureInfo.InvariantCulture))],
            cancellationToken)).Count > 0;
    }

    private StoreHorizon? Fresh =>
        _last is { } last && time.GetElapsedTime(last.At) < (keep ?? KeepDefault) ? last.Horizon : null;

    private async ValueTask<(DateTimeOffset Now, Dictionary<StoreTable, TableHorizon> Floors, DateTimeOffset? Fleets)> ReadRetentionAsync(
        CancellationToken cancellationToken)
    {
        var rows = await clickHouse.QueryRowsAsync(
            "SELECT 'now', '', toString(toUnixTimestamp64Micro(now64(6))) "
            + "UNION ALL SELECT 'retention', name, argMax(value, applied_at) FROM schema_settings WHERE name LIKE '%retention_seconds' GROUP BY name "
            + "UNION ALL SELECT 'floor', table, toString(toUnixTimestamp64Micro(max(complete_from))) FROM horizon_floors GROUP BY table "
            + "UNION ALL SELECT 'fleets', name, '' FROM system.tables WHERE database = currentDatabase() AND name = 'readings_1h_fleet_data'",
            null,
            cancellationToken);
        var now = Moment(rows.First(r => r[0] == "now")[2]);
        var floors = StoreTables.All.ToDictionary(t => t, _ => TableHorizon.Always);
        DateTimeOffset? fleets = !rows.Any(r => r[0] == "fleets") ? null
            : rows.FirstOrDefault(r => r is ["floor", FleetRows.Horizon, _]) is { } fleet ? Moment(fleet[2])
            : DateTimeOffset.UnixEpoch;
        foreach (var row in rows)
        {
            switch (row[0])
            {
                case "retention":
                    // A retention that reaches behind 1970 takes nothing.
                    var age = double.Parse(row[2], CultureInfo.InvariantCulture);
                    foreach (var table in age < (now - DateTimeOffset.UnixEpoch).TotalSeconds ? KeptBy(row[1]) : [])
                    {
                        Raise(floors, table, now - TimeSpan.FromSeconds(age), HorizonCause.Retention);
                    }

                    break;
                case "floor" when StoreTables.Find(row[1]) is { } table:
                    Raise(floors, table, Moment(row[2]), HorizonCause.Former);
                    break;
            }
        }

        return (now, floors, fleets);
    }

    /// <summary>The latest partition of each table that another table of readings has and it has not, by the partition's end.</summary>
    private async ValueTask<IReadOnlyList<(StoreTable Table, DateTimeOffset End)>> ReadGonePartitionsAsync(CancellationToken cancellationToken)
    {
        // By host, because each shard of a cluster holds its own log partitions; on one server there is one host.
        var parts = await PartsTableAsync(cancellationToken);
        var rows = await clickHouse.QueryRowsAsync(
            "SELECT DISTINCT host, table, partition, settled FROM (SELECT hostName() AS host, table, partition, "
            + $"max(modification_time) < now() - INTERVAL {Settled} AS settled FROM {parts} WHERE active AND rows > 0 "
            + "AND database = currentDatabase() AND table IN ('readings', 'readings_1m', 'readings_1h', 'readings_1d') GROUP BY host, table, partition)",
            null,
            cancellationToken);
        var gone = new Dictionary<StoreTable, DateTimeOffset>();
        foreach (var host in rows.GroupBy(r => r[0]))
        {
            var held = host.ToLookup(r => r[1], r => (Partition: int.Parse(r[2], CultureInfo.InvariantCulture), Settled: r[3] == "1"));
            var raw = held["readings"].ToList();
            var minutes = held["readings_1m"].ToList();
            var hours = held["readings_1h"].ToList();

            // Raw has every row before any rollup has it; among the rollups, and for what raw has that they lack, only what has settled counts.
            Miss(StoreTable.Raw, raw, [.. minutes, .. hours]);
            Miss(StoreTable.Minute, minutes, [.. raw.Where(p => p.Settled), .. hours.Where(p => p.Settled)]);
            Miss(StoreTable.Hour, hours, [.. raw.Where(p => p.Settled), .. minutes.Where(p => p.Settled)]);
            Miss(StoreTable.Day, held["readings_1d"], [.. raw.Concat(minutes).Concat(hours).Where(p => p.Settled).Select(p => (p.Partition / 100, true))]);
        }

        return [.. gone.Select(g => (g.Key, g.Value))];

        void Miss(StoreTable table, IEnumerable<(int Partition, bool Settled)> has, IReadOnlyList<(int Partition, bool Settled)> known)
        {
            var there = has.Select(p => p.Partition).ToHashSet();
            foreach (var (partition, _) in known.Where(p => !there.Contains(p.Partition)))
            {
                var end = EndOf(partition);
                gone[table] = gone.TryGetValue(table, out var latest) && latest > end ? latest : end;
            }
        }
    }

    private async ValueTask<string> PartsTableAsync(CancellationToken cancellationToken)
    {
        if (!clickHouse.IsShared)
        {
            return "system.parts";
        }

        var rows = await clickHouse.QueryRowsAsync(
            "SELECT extract(engine_full, 'Distributed\\\\(\\'([^\\']+)\\'') FROM system.tables "
            + "WHERE database = currentDatabase() AND name = 'readings_data' AND engine = 'Distributed'",
            null,
            cancellationToken);
        return rows.Count > 0 && rows[0][0].Length > 0 ? $"clusterAllReplicas('{rows[0][0]}', system.parts)" : "system.parts";
    }

    /// <summary>Tables whose retention a setting of <c>schema_settings</c> is.</summary>
    internal static IReadOnlyList<StoreTable> KeptBy(string setting) => setting switch
    {
        "raw_retention_seconds" => [StoreTable.Raw, StoreTable.Anomalies, StoreTable.DeviceEvents],
        "minute_retention_seconds" => [StoreTable.Minute],
        _ => [],
    };

    private static void Raise(Dictionary<StoreTable, TableHorizon> floors, StoreTable table, DateTimeOffset from, HorizonCause cause)
    {
        if (from > floors[table].CompleteFrom)
        {
            floors[table] = new TableHorizon(from, cause);
        }
    }

    /// <summary>The moment after a partition: yyyymm, or yyyy.</summary>
    private static DateTimeOffset EndOf(int partition) => partition >= 10_000
        ? new DateTimeOffset(partition / 100, partition % 100, 1, 0, 0, 0, TimeSpan.Zero).AddMonths(1)
        : new DateTimeOffset(partition, 1, 1, 0, 0, 0, TimeSpan.Zero).AddYears(1);

    private static DateTimeOffset Moment(string microseconds) =>
        DateTimeOffset.UnixEpoch.AddTicks(long.Parse(microseconds, CultureInfo.InvariantCulture) * TimeSpan.TicksPerMicrosecond);

    private sealed record Answer(StoreHorizon Horizon, long At);
}
