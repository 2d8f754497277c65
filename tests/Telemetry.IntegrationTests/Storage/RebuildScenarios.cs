using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Telemetry.Storage.ClickHouse;
using Telemetry.Storage.Ownership;
using Telemetry.Storage.Recovery;

namespace Telemetry.IntegrationTests.Storage;

/// <summary>Rollups of a month with more buckets than one statement's memory holds are built again, slice by slice.</summary>
internal static class RebuildScenarios
{
    private const long MemoryBytesMax = 96_000_000;
    private const int Series = 400;
    private const int Readings = 400_000;

    // The last whole month: minutes of it are within their retention.
    private static readonly DateTime Month = new DateTime(DateTime.UtcNow.Year, DateTime.UtcNow.Month, 1, 0, 0, 0, DateTimeKind.Utc).AddMonths(-1);

    public static async Task LargeMonthAsync(string directory)
    {
        await using var harness = await StorageHarness.OpenAsync(directory);
        var engine = harness.ClickHouse;

        // Hardly two readings in one minute; one device has so many that it is cut by time; markers at the beginning of the month, as the sink writes them.
        var start = Month.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);
        const string Columns = "(sensor, device, event_time, value, quality, boot, sequence)";
        await ExecuteAsync(
            engine,
            $"INSERT INTO readings {Columns} SELECT concat('s', toString(number % 4)), if(number % 3 = 0, 'many', concat('d', toString(number % {Series}))), "
            + $"toDateTime64('{start}', 6, 'UTC') + toIntervalSecond((number * 2003) % 2400000), if(number % 1000 = 7, nan, sin(number) * 100), 0, 1, number "
            + $"FROM numbers({Readings})");
        await ExecuteAsync(
            engine,
            $"INSERT INTO readings {Columns} SELECT concat('p0/{Unit("yyyyMM")}/k', toString(number * 10)), '$sink', toDateTime64('{start}', 6, 'UTC'), 10, 0, 0, "
            + "number * 10 + 9 FROM numbers(40000)");
        var rebuild = new RollupRebuild(
            engine,
            new SinkClaims(engine, "readings", FenceOptions.Of(StorageHarness.Options), NullLogger.Instance, TimeProvider.System),
            StorageHarness.Options,
            NullLogger.Instance,
            TimeProvider.System,
            MemoryBytesMax);

        foreach (var (table, unit, bucket) in new[]
                 {
                     ("readings_1m", Unit("yyyyMM"), "toStartOfMinute(event_time)"),
                     ("readings_1h", Unit("yyyyMM"), "toStartOfHour(event_time)"),
                     ("readings_1d", Unit("yyyy"), "toStartOfDay(event_time)"),
                     ("readings_last", 0, "0"),
                 })
        {
            // In one statement it does not fit, so that what follows says something.
            if (table is "readings_1m" or "readings_1h")
            {
                var view = (await engine.QueryRowsAsync(
                    $"SELECT as_select FROM system.tables WHERE database = currentDatabase() AND name = 'mv_{table["readings_".Length..]}'", null, CancellationToken.None))[0][0];
                var from = view.LastIndexOf("FROM ", StringComparison.Ordinal);
                var error = await Should.ThrowAsync<ClickHouseException>(async () => await engine.QueryRowsAsync(
                    $"SELECT count(), sum(ignore(*)) FROM ({view[..from]} FROM readings {view[view.IndexOf("GROUP BY", from, StringComparison.Ordinal)..]}) "
                    + $"SETTINGS max_threads = 2, max_bytes_before_external_group_by = 200000000, max_memory_usage = {MemoryBytesMax}",
                    null,
                    CancellationToken.None));
                error.Code.ShouldBe(ClickHouseErrors.MemoryLimitExceeded, table);
            }

            (await rebuild.RebuildAsync(table, unit, CancellationToken.None)).ShouldBe(0, table);

            // Markers get another time, so that they stay as long as the month does.
            var ts = table == "readings_last" ? "0" : "if(device = '$sink', 0, toUnixTimestamp(ts))";
            var differences = await engine.QueryRowsAsync(
                "SELECT count(), countIf(n != m OR device = '$sink' AND (lo != l OR hi != h)) FROM "
                + $"(SELECT sensor, device, {ts} AS t, sum(n) AS n, min(mark_lo) AS lo, max(mark_hi) AS hi FROM {table} WHERE device != '$fleet' GROUP BY sensor, device, t) AS found FULL JOIN "
                + $"(SELECT sensor, device, if(device = '$sink', 0, toUnixTimestamp({bucket})) AS t, sum(if(device = '$sink', toUInt64(value), 1)) AS m, "
                + "min(if(device = '$sink', sequence - toUInt64(value) + 1, 0)) AS l, max(sequence) AS h FROM readings GROUP BY sensor, device, t) AS raw USING (sensor, device, t)",
                null,
                CancellationToken.None);
            differences[0][1].ShouldBe("0", table);
            long.Parse(differences[0][0], CultureInfo.InvariantCulture).ShouldBeGreaterThan(40_000, table);
            if (table is "readings_1m" or "readings_1h")
            {
                // All devices of a sensor: as many readings, and the first and last of them.
                const string Of = "sum(n), sum(n_finite), min(vmin), max(vmax), min(first_reading), max(last_reading)";
                var fleets = await engine.QueryRowsAsync(
                    $"SELECT count(), countIf((f.2) != (s.2)) FROM (SELECT (sensor, ts) AS k, (k, ({Of})) AS f FROM {table} WHERE device = '$fleet' GROUP BY sensor, ts) AS a FULL JOIN "
                    + $"(SELECT (sensor, ts) AS k, (k, ({Of})) AS s FROM {table} WHERE device NOT IN ('$sink', '$fleet') GROUP BY sensor, ts) AS b USING k",
                    null,
                    CancellationToken.None);
                fleets[0][1].ShouldBe("0", table);
                long.Parse(fleets[0][0], CultureInfo.InvariantCulture).ShouldBeGreaterThan(1_000, table);
            }
        }
    }

    /// <summary>
    /// Minutes are kept for a shorter time than the month has lasted: what is within it stays whole, markers included, though the engine
    /// removes a part of expired rows as it is written.
    /// </summary>
    public static async Task ExpiredDaysAsync(string directory)
    {
        // Half of the last whole month is within retention, whatever day it is.
        var half = Month.AddDays(15);
        await using var harness = await StorageHarness.OpenAsync(directory, minutes: DateTime.UtcNow - half);
        var engine = harness.ClickHouse;
        var start = Month.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);

        // In one part, as the sink writes a month: the days that have expired stay until all have. One device has more minutes than a slice holds.
        foreach (var (table, boot) in new[] { ("readings", ", 1 AS boot"), ("rollup_in", "") })
        {
            await ExecuteAsync(
                engine,
                $"INSERT INTO {table} (sensor, device, event_time, value, quality{(boot.Length > 0 ? ", boot" : "")}, sequence) "
                + "SELECT 's' AS sensor, if(number % 2 = 0, 'a', 'b') AS device, "
                + $"toDateTime64('{start}', 6, 'UTC') + toIntervalSecond(number * 30) AS event_time, 1 AS value, 0 AS quality{boot}, number AS sequence FROM numbers(80000) "
                + $"UNION ALL SELECT 'p0/{Unit("yyyyMM")}/k', '$sink', toDateTime64('{start}', 6, 'UTC'), 80000, 0{boot}, 79999 "
                + "SETTINGS max_insert_block_size = 1000000, min_insert_block_size_rows = 1000000, max_block_size = 1000000");
        }

        var rebuild = new RollupRebuild(
            engine,
            new SinkClaims(engine, "readings", FenceOptions.Of(StorageHarness.Options), NullLogger.Instance, TimeProvider.System),
            StorageHarness.Options,
            NullLogger.Instance,
            TimeProvider.System,
            memoryBytesMax: 64_000_000);
        var kept = $"toUnixTimestamp(ts) >= {((DateTimeOffset)half.AddDays(1)).ToUnixTimeSeconds()}";
        var before = await engine.QueryRowsAsync($"SELECT sum(n) FROM readings_1m WHERE device NOT IN ('$sink', '$fleet') AND {kept}", null, CancellationToken.None);
        long.Parse(before[0][0], CultureInfo.InvariantCulture).ShouldBeGreaterThan(30_000);

        await rebuild.RebuildAsync("readings_1m", Unit("yyyyMM"), CancellationToken.None);

        (await engine.QueryRowsAsync($"SELECT sum(n) FROM readings_1m WHERE device NOT IN ('$sink', '$fleet') AND {kept}", null, CancellationToken.None))[0][0].ShouldBe(before[0][0]);
        (await engine.QueryRowsAsync("SELECT min(mark_lo), max(mark_hi), sum(n) FROM readings_1m WHERE device = '$sink'", null, CancellationToken.None))[0]
            .ShouldBe(["0", "79999", "80000"]);
    }

    private static int Unit(string format) => int.Parse(Month.ToString(format, CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);

    private static async Task ExecuteAsync(IClickHouse engine, string sql) => await engine.ExecuteAsync(new ClickHouseQuery(sql), CancellationToken.None);
}
