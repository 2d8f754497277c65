using System.Globalization;
using Microsoft.Extensions.Logging;
using Telemetry.Storage.Blocks;
using Telemetry.Storage.ClickHouse;
using Telemetry.Storage.Horizon;
using Telemetry.Storage.Ownership;
using Telemetry.Storage.Rollups;
using Telemetry.Storage.Writing;

namespace Telemetry.Storage.Recovery;

/// <summary>A span of event time in which raw is known to be right, because it has just been compared with the log.</summary>
/// <param name="FromMicroseconds">Start, inclusive.</param>
/// <param name="ToMicroseconds">End, exclusive.</param>
internal readonly record struct ProvenSpan(long FromMicroseconds, long ToMicroseconds);

/// <summary>
/// Builds a month of a rollup again from raw, markers included, and puts it in place of the old one in one step
/// (REPLACE PARTITION). For the daily rollup the unit is a year, for the latest values the whole table. In a shared store every partition
/// must be claimed.
/// </summary>
/// <remarks>
/// Rollups are kept longer than raw, so raw is asked first what it still holds: a bucket for which raw has fewer readings than the rollup stays
/// as it is, and before raw's horizon also one for which it has as many. Only the others are computed anew.
/// <para>
/// Markers get the last second of their month: at its beginning they would be older than the retention of minutes before the month is, and the
/// engine removes a part of nothing but expired rows as it is written.
/// </para>
/// <para>
/// The INSERT into the shadow table is refused once another has claimed a partition. REPLACE PARTITION cannot carry that check: who claims
/// later drops the shadow table before it reads markers, so a REPLACE that comes late finds nothing to put in place.
/// </para>
/// </remarks>
/// <param name="clickHouse">The store.</param>
/// <param name="claims">Claims of all partitions.</param>
/// <param name="options">How long a former rebuild may take to end.</param>
/// <param name="logger">Told what is rebuilt and what stays.</param>
/// <param name="time">The clock.</param>
/// <param name="memoryBytesMax">Memory of one statement, in the engine, bytes.</param>
internal sealed class RollupRebuild(
    IClickHouse clickHouse, SinkClaims claims, SinkOptions options, ILogger logger, TimeProvider time, long memoryBytesMax = 512_000_000)
{
    private const string Infix = "_rebuild_";
    private const int MarkersPerInsert = 1000;

    /// <summary>Raw's markers, each in the last second of its month.</summary>
    private const string LateMarkers =
        "(SELECT * REPLACE(toDateTime64(addMonths(toStartOfMonth(event_time), 1), 6, 'UTC') - toIntervalSecond(1) AS event_time) FROM readings WHERE device = '$sink')";

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    /// <summary>Retention goes on while a rebuild runs: what may go within this time is not counted on.</summary>
    private static readonly TimeSpan HorizonMargin = TimeSpan.FromDays(1);

    private readonly RollupBuilder _builder = new(clickHouse, claims, time, memoryBytesMax);
    private readonly StoreHorizonReader _horizon = new(clickHouse, time);

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

        // In the order of the targets: the latest values may be built from the days.
        foreach (var (target, unit) in alarms.Select(a => (a.Target, Unit: Unit(a.Target.Table, a.Month))).Distinct().OrderBy(u => u.Target.Index))
        {
            await RebuildAsync(target.Table, unit, null, cancellationToken);
        }
    }

    /// <summary>Rebuilds what raw covers of one partition of a rollup.</summary>
    /// <param name="table">Rollup.</param>
    /// <param name="unit">yyyymm, yyyy for the daily rollup, 0 for the latest values.</param>
    /// <param name="cancellationToken">Stops; the rollup stays as it is.</param>
    /// <returns>Buckets (start times) that stay as they were because raw does not cover them.</returns>
    public ValueTask<long> RebuildAsync(string table, int unit, CancellationToken cancellationToken) =>
        RebuildAsync(table, unit, null, cancellationToken);

    /// <param name="table">Rollup.</param>
    /// <param name="unit">yyyymm, yyyy for the daily rollup, 0 for the latest values.</param>
    /// <param name="proven">Where raw is right although it has fewer readings than the rollup; null: nowhere.</param>
    /// <param name="cancellationToken">Stops; the rollup stays as it is.</param>
    public async ValueTask<long> RebuildAsync(string table, int unit, ProvenSpan? proven, CancellationToken cancellationToken)
    {
        var from = (await _horizon.ReadNowAsync(cancellationToken)).CompleteFrom(StoreTable.Raw);
        var expired = await ExpiredAsync(table, cancellationToken);
        if (expired is not null && Months.Bounds(unit).To / 1_000_000 <= expired)
        {
            // Retention is about to take the whole month; nothing that is written into it now would stay.
            return 0;
        }

        var edge = (from == DateTimeOffset.UnixEpoch ? from : from + HorizonMargin).ToUnixTimeSeconds();
        var shadow = $"{table}{Infix}{Guid.NewGuid():N}";
        await clickHouse.ExecuteAsync(new ClickHouseQuery($"CREATE TABLE {shadow} AS {table}"), cancellationToken);
        var kept = 0L;
        if (unit != 0)
        {
            kept = await FillAsync(table, shadow, unit, edge, proven, cancellationToken);
        }
        else if (!await DaysBeforeAsync(edge, cancellationToken))
        {
            await _builder.ComputeByHashAsync(table, shadow, "1", "readings", cancellationToken);
        }
        else
        {
            kept = await FillLatestAsync(shadow, cancellationToken);
        }

        if (unit != 0 && await FindLossAsync(table, shadow, unit, expired, proven, cancellationToken) is { } loss)
        {
            await clickHouse.ExecuteAsync(new ClickHouseQuery($"DROP TABLE {shadow} SYNC"), cancellationToken);
            throw new ClickHouseException(
                0, $"What was built of {table}, {Text(unit)}, lacks {loss} that the rollup has: raw lost them meanwhile. The rollup stays, and it is tried again.");
        }

        // From an empty table nothing can be replaced; and then there is no marker either.
        if ((await clickHouse.QueryRowsAsync($"SELECT count() FROM {shadow}", null, cancellationToken))[0][0] != "0")
        {
            var partition = unit == 0 ? "tuple()" : Text(unit);
            await clickHouse.ExecuteAsync(
                new ClickHouseQuery($"ALTER TABLE {table} REPLACE PARTITION {partition} FROM {shadow}"), cancellationToken);
        }

        await clickHouse.ExecuteAsync(new ClickHouseQuery($"DROP TABLE {shadow} SYNC"), cancellationToken);
        if (kept > 0)
        {
            Log.RebuildKept(logger, table, unit, kept, from);
        }

        return kept;
    }

    private static int Unit(string table, int month) => table switch
    {
        "readings_1d" => month / 100,
        "readings_last" => 0,
        _ => month,
    };

    private async ValueTask<long> FillAsync(
        string table, string shadow, int unit, long edge, ProvenSpan? proven, CancellationToken cancellationToken)
    {
        var grain = GrainOf(table);
        var bucket = table switch
        {
            "readings_1m" => "toDateTime(toStartOfMinute(event_time), 'UTC')",
            "readings_1h" => "toDateTime(toStartOfHour(event_time), 'UTC')",
            _ => "toDateTime(toStartOfDay(event_time), 'UTC')",
        };
        var (inRaw, inRollup) = ($"{PartitionFunction(unit)}(event_time) = {Text(unit)}", $"{PartitionFunction(unit)}(ts) = {Text(unit)}");
        var keep = $"{shadow}_keep";
        await clickHouse.ExecuteAsync(new ClickHouseQuery($"CREATE TABLE {keep} (ts DateTime('UTC')) ENGINE = Memory"), cancellationToken);
        await _builder.ExecuteAsync(
            $"INSERT INTO {keep} SELECT ts FROM (SELECT ts, sum(held) AS h, sum(there) AS t FROM ("
            + $"SELECT ts, sum(n) AS held, toUInt64(0) AS there FROM {table} WHERE {inRollup} AND {FleetRows.OfSeries} GROUP BY ts UNION ALL "
            + $"SELECT {bucket} AS ts, toUInt64(0) AS held, count() AS there FROM readings WHERE {inRaw} AND device != '$sink' GROUP BY ts) GROUP BY ts) "
            + $"WHERE h > 0 AND (t < h OR t = h AND toUnixTimestamp(ts) < {Text(edge)}) AND {Unproven(proven, grain)} SETTINGS {_builder.Bounds}",
            null,
            cancellationToken);
        var kept = long.Parse((await clickHouse.QueryRowsAsync($"SELECT count() FROM {keep}", null, cancellationToken))[0][0], CultureInfo.InvariantCulture);
        var (tag, guard) = claims.Rebuild();
        if (kept > 0)
        {
            await _builder.ExecuteAsync(
                $"INSERT INTO {shadow} SELECT * FROM {table} WHERE {inRollup} AND device != '$sink' AND ts IN (SELECT ts FROM {keep}) AND {guard} "
                + $"SETTINGS log_comment = '{tag}', {_builder.Bounds}",
                null,
                cancellationToken);
        }

        var which = $"device != '$sink' AND {bucket} NOT IN (SELECT ts FROM {keep})";
        foreach (var month in unit < 10_000 ? Enumerable.Range((unit * 100) + 1, 12) : [unit])
        {
            await _builder.ComputeMonthAsync(table, shadow, month, grain, which, cancellationToken);
        }

        if (FleetRows.AreIn(table))
        {
            await _builder.AddFleetsAsync(table, shadow, unit, grain, $"ts NOT IN (SELECT ts FROM {keep})", cancellationToken);
        }

        await _builder.ComputeByHashAsync(table, shadow, $"{inRaw} AND device = '$sink'", LateMarkers, cancellationToken);
        await AddMarkersAsync(table, shadow, inRaw, inRollup, cancellationToken);
        await clickHouse.ExecuteAsync(new ClickHouseQuery($"DROP TABLE {keep} SYNC"), cancellationToken);
        return kept;
    }

    /// <summary>
    /// Compares what was built with what there is, before it is put in place: raw's retention may have removed what had been counted.
    /// </summary>
    /// <param name="table">Rollup.</param>
    /// <param name="shadow">What was built.</param>
    /// <param name="unit">yyyymm or yyyy.</param>
    /// <param name="expired">Buckets before this may be gone, Unix seconds; null: the table has no retention.</param>
    /// <param name="proven">Where raw is right although it has fewer.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <returns>What is lost, in words; null: nothing.</returns>
    private async ValueTask<string?> FindLossAsync(
        string table, string shadow, int unit, long? expired, ProvenSpan? proven, CancellationToken cancellationToken)
    {
        var inRollup = $"{PartitionFunction(unit)}(ts) = {Text(unit)}";
        var stays = expired is { } before ? $"toUnixTimestamp(ts) >= {Text(before + (long)HorizonMargin.TotalSeconds)}" : "1";
        var fewer = await clickHouse.QueryRowsAsync(
            "SELECT count() FROM (SELECT ts, sum(held) AS h, sum(built) AS b FROM ("
            + $"SELECT ts, sum(n) AS held, toUInt64(0) AS built FROM {table} WHERE {inRollup} AND {FleetRows.OfSeries} GROUP BY ts UNION ALL "
            + $"SELECT ts, toUInt64(0) AS held, sum(n) AS built FROM {shadow} WHERE {FleetRows.OfSeries} GROUP BY ts) GROUP BY ts) "
            + $"WHERE b < h AND {stays} AND {Unproven(proven, GrainOf(table))} SETTINGS max_execution_time = 0",
            null,
            cancellationToken,
            QueryKind.Sink);
        if (fewer[0][0] != "0")
        {
            return $"readings of {fewer[0][0]} buckets";
        }

        var target = SinkTarget.Rollups.First(t => t.Table == table);
        var built = (await MarkersAsync(target, shadow, "1", cancellationToken)).GroupBy(m => m.Key)
            .ToDictionary(g => g.Key, g => new OffsetRanges(g.Select(m => (m.First, m.Last))));
        return (await MarkersAsync(target, table, inRollup, cancellationToken))
            .Any(m => built.GetValueOrDefault(m.Key, OffsetRanges.Empty).Uncovered(m.First, m.Last).Any())
            ? "markers"
            : null;
    }

    /// <summary>Up to when retention has removed buckets of this rollup or may do so at once, Unix seconds; null: it has none.</summary>
    private async ValueTask<long?> ExpiredAsync(string table, CancellationToken cancellationToken)
    {
        if (table != "readings_1m")
        {
            return null;
        }

        var rows = await clickHouse.QueryRowsAsync(
            "SELECT toString(toUnixTimestamp(now())), argMax(value, applied_at) FROM schema_settings WHERE name = 'minute_retention_seconds' HAVING count() > 0",
            null,
            cancellationToken);
        return rows.Count == 0
            ? null
            : long.Parse(rows[0][0], CultureInfo.InvariantCulture) - (long)double.Parse(rows[0][1], CultureInfo.InvariantCulture);
    }

    private static int GrainOf(string table) => table switch
    {
        "readings_1m" => 60,
        "readings_1h" => 3600,
        _ => 86_400,
    };

    private static string PartitionFunction(int unit) => unit < 10_000 ? "toYear" : "toYYYYMM";

    /// <summary>Condition on buckets: not whole within the span.</summary>
    private static string Unproven(ProvenSpan? proven, int grain) => proven is { } span
        ? string.Create(
            CultureInfo.InvariantCulture,
            $"NOT (toUnixTimestamp(ts) * 1000000 >= {span.FromMicroseconds} AND (toUnixTimestamp(ts) + {grain}) * 1000000 <= {span.ToMicroseconds})")
        : "1";

    /// <summary>
    /// Markers of the rollup for offsets of which raw has no marker any more: without them recovery would take those offsets for missing and
    /// count their readings a second time in the buckets that stay.
    /// </summary>
    private async ValueTask AddMarkersAsync(string table, string shadow, string inRaw, string inRollup, CancellationToken cancellationToken)
    {
        var raw = (await MarkersAsync(SinkTarget.Raw, SinkTarget.Raw.Table, inRaw, cancellationToken)).GroupBy(m => m.Key)
            .ToDictionary(g => g.Key, g => new OffsetRanges(g.Select(m => (m.First, m.Last))));
        var missing = (await MarkersAsync(SinkTarget.Rollups.First(t => t.Table == table), table, inRollup, cancellationToken)).GroupBy(m => m.Key)
            .SelectMany(g => new OffsetRanges(g.Select(m => (m.First, m.Last))).Pieces
                .SelectMany(r => raw.GetValueOrDefault(g.Key, OffsetRanges.Empty).Uncovered(r.First, r.Last))
                .Select(r => (Marker: $"{g.Key}/k{Text(r.First)}", Month: int.Parse(g.Key.Split('/')[1], CultureInfo.InvariantCulture), r.First, r.Last)))
            .ToList();
        if (missing.Count == 0)
        {
            return;
        }

        var (tag, guard) = claims.Rebuild();
        var (columns, head, tail) = await _builder.ViewAsync(table, cancellationToken);
        foreach (var chunk in missing.Chunk(MarkersPerInsert))
        {
            var rows = string.Join(", ", chunk.Select(m => string.Create(
                CultureInfo.InvariantCulture,
                $"('{m.Marker}', toUInt64({(Months.Bounds(m.Month).To / 1_000_000) - 1}), toUInt64({m.Last - m.First + 1}), toUInt64({m.Last}))")));
            await _builder.ExecuteAsync(
                $"INSERT INTO {shadow} ({columns}) {head} FROM (SELECT tupleElement(m, 1) AS sensor, '$sink' AS device, "
                + "toDateTime64(toDateTime(tupleElement(m, 2), 'UTC'), 6, 'UTC') AS event_time, toFloat64(tupleElement(m, 3)) AS value, "
                + $"toUInt8(0) AS quality, toUInt64(0) AS boot, tupleElement(m, 4) AS sequence FROM (SELECT arrayJoin([{rows}]) AS m)) "
                + $"WHERE {guard} {tail} SETTINGS log_comment = '{tag}', {_builder.Bounds}",
                null,
                cancellationToken);
        }
    }

    /// <summary>Key: <c>p{partition}/{yyyymm}</c>.</summary>
    private async ValueTask<IEnumerable<(string Key, long First, long Last)>> MarkersAsync(
        SinkTarget target, string table, string where, CancellationToken cancellationToken)
    {
        var rows = await clickHouse.QueryRowsAsync(
            $"SELECT {target.MarkerColumns} FROM {table} WHERE device = '$sink' AND {where} SETTINGS max_result_rows = 0, max_execution_time = 0",
            null,
            cancellationToken);
        return rows.Select(r => (
            r[0][..r[0].LastIndexOf('/')], long.Parse(r[1], CultureInfo.InvariantCulture), long.Parse(r[2], CultureInfo.InvariantCulture)));
    }

    private async ValueTask<bool> DaysBeforeAsync(long edge, CancellationToken cancellationToken) =>
        (await clickHouse.QueryRowsAsync(
            $"SELECT 1 FROM readings_1d WHERE device != '$sink' AND toUnixTimestamp(ts) < {Text(edge)} LIMIT 1", null, cancellationToken)).Count > 0;

    /// <summary>
    /// Raw no longer has every reading that was counted, the days do: counts and markers come from them; the latest values from what there
    /// is. A maximum counts nothing, so a reading found twice does no harm.
    /// </summary>
    private async ValueTask<long> FillLatestAsync(string shadow, CancellationToken cancellationToken)
    {
        const string Nothing = "(toDateTime64('1970-01-01 00:00:00', 6, 'UTC'), toUInt64(0), toFloat64(0), toUInt8(0))";
        var (tag, guard) = claims.Rebuild();
        foreach (var pass in await _builder.PassesAsync("readings_1d", "device != '$sink'", RollupBuilder.BucketBytes, cancellationToken))
        {
            var of = $"device != '$sink' AND {pass} GROUP BY sensor, device";
            await _builder.ExecuteAsync(
                $"INSERT INTO {shadow} (sensor, device, n, last, mark_lo, mark_hi) "
                + "SELECT sensor, device, sum(c), max(l), 0, 0 FROM ("
                + $"SELECT sensor, device, sum(n) AS c, {Nothing} AS l FROM readings_1d WHERE {of} UNION ALL "
                + $"SELECT sensor, device, toUInt64(0) AS c, max(last) AS l FROM readings_last WHERE {of} UNION ALL "
                + $"SELECT sensor, device, toUInt64(0) AS c, max((event_time, sequence, value, quality)) AS l FROM readings WHERE {of}) "
                + $"WHERE {guard} GROUP BY sensor, device SETTINGS log_comment = '{tag}', {_builder.Bounds}",
                null,
                cancellationToken);
        }

        await _builder.ExecuteAsync(
            $"INSERT INTO {shadow} (sensor, device, n, last, mark_lo, mark_hi) SELECT sensor, device, n, {Nothing}, mark_lo, mark_hi "
            + $"FROM readings_1d WHERE device = '$sink' AND {guard} SETTINGS log_comment = '{tag}', {_builder.Bounds}",
            null,
            cancellationToken);
        return 1;
    }

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);
}
