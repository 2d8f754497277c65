using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Telemetry.Storage.Blocks;
using Telemetry.Storage.ClickHouse;
using Telemetry.Storage.ClickHouse.Embedded;
using Telemetry.Storage.Schema;

namespace Telemetry.Benchmarks.Storage;

/// <summary>
/// Fills a store through its engine with readings made by SQL: four fifths in the newest days, one each 30 s, and a fifth spread over two years; or the newest
/// hours alone. Rollups are made by the views that say what a row is. No log stands behind it, so it has no markers.
/// </summary>
internal static class QueryStore
{
    private const int IntervalSeconds = 30;
    private const int DevicesAtOnce = 50;
    private const long TwoYearsSeconds = 730L * 86_400;
    private const string RollupColumns = "sensor, device, event_time, value, quality, sequence";
    private const string Inserting = "max_insert_threads = 1, max_threads = 1, min_insert_block_size_rows = 1000000, max_partitions_per_insert_block = 1000, max_execution_time = 0";

    public static string Device(int number) => string.Create(CultureInfo.InvariantCulture, $"press-{number:D5}");

    /// <param name="to">Where progress goes.</param>
    /// <param name="folder">Data directory of the platform; empty.</param>
    /// <param name="readings">About so many.</param>
    /// <param name="devices">Devices.</param>
    /// <param name="sensors">Sensors of each.</param>
    /// <param name="hours">Only so many newest hours, whatever number of readings that is; 0: days and two years.</param>
    public static async Task FillAsync(TextWriter to, string folder, long readings, int devices, int sensors, int hours)
    {
        await using var clickHouse = await OpenAsync(folder);
        await SchemaMigrator.ApplyAsync(clickHouse, new SchemaOptions { FreeDiskBytesMin = 0 }, NullLoggerFactory.Instance, TimeProvider.System, CancellationToken.None);
        var series = (long)devices * sensors;
        var (recent, spread) = hours > 0 ? (hours * 3_600L / IntervalSeconds, 0)
            : (Math.Max(2_880, readings * 4 / 5 / series), Math.Max(730, readings / 5 / series));
        var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        to.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{series * (recent + spread):N0} readings of {devices:N0} devices with {sensors} sensors: {recent:N0} a series each {IntervalSeconds} s ({recent * IntervalSeconds / 86_400.0:F1} days), {spread:N0} over two years"));
        var began = TimeProvider.System.GetTimestamp();
        for (var first = 0; first < devices; first += DevicesAtOnce)
        {
            var count = Math.Min(DevicesAtOnce, devices - first);
            foreach (var (points, step, base0) in new[] { (recent, (double)IntervalSeconds, Math.Max(1, spread)), (spread, (TwoYearsSeconds - (recent * IntervalSeconds)) / (double)spread, 0L) })
            {
                if (points == 0)
                {
                    continue;
                }


                var end = base0 == 0 ? now - (recent * IntervalSeconds) : now;
                var select = Select(first, count, sensors, points, end - (points * step), step, base0);
                await RunAsync(clickHouse, $"INSERT INTO readings ({ReadingEncoder.Columns}) SELECT {ReadingEncoder.Columns} FROM ({select}) SETTINGS {Inserting}");
                await RunAsync(clickHouse, $"INSERT INTO rollup_in ({RollupColumns}) SELECT {RollupColumns} FROM ({select}) SETTINGS {Inserting}");
            }
        }

        to.WriteLine(string.Create(CultureInfo.InvariantCulture, $"filled in {TimeProvider.System.GetElapsedTime(began).TotalSeconds:F0} s"));
        await AlarmsAsync(clickHouse, devices, now);
        foreach (var table in new[] { "readings", "readings_1m", "readings_1h", "readings_1d", "readings_last", "alarms" })
        {
            await RunAsync(clickHouse, $"OPTIMIZE TABLE {table} FINAL SETTINGS max_execution_time = 0");
        }

        var sizes = await clickHouse.QueryRowsAsync(
            "SELECT table, sum(rows), sum(bytes_on_disk) FROM system.parts WHERE active AND database = currentDatabase() GROUP BY table HAVING sum(rows) > 0 ORDER BY table", null, CancellationToken.None);
        foreach (var row in sizes)
        {
            to.WriteLine($"{row[0]}: {row[1]} rows, {row[2]} bytes");
        }
    }

    /// <summary>All readings as sensor, device, microseconds and value, in the order of their times, as they would arrive.</summary>
    public static async Task WriteCsvAsync(string folder, string file)
    {
        await using var clickHouse = await OpenAsync(folder);
        await using var stream = File.Create(file);
        await clickHouse.StreamAsync(
            new ClickHouseQuery(
                "SELECT sensor, device, toUnixTimestamp64Micro(event_time), value FROM readings_data ORDER BY event_time "
                + "SETTINGS max_execution_time = 0, max_result_rows = 0, max_bytes_before_external_sort = 300000000, max_threads = 2",
                Format: "CSV",
                Kind: QueryKind.Batch),
            stream,
            CancellationToken.None);
    }

    /// <summary>Readings of some devices: values with two decimals that follow a slow wave, with noise of their own.</summary>
    private static string Select(int first, int count, int sensors, long points, double fromSeconds, double stepSeconds, long sequence) => string.Create(
        CultureInfo.InvariantCulture,
        $"""
        SELECT concat('sensor-', toString(s)) AS sensor, concat('press-', leftPad(toString(d), 5, '0')) AS device,
               fromUnixTimestamp64Micro(toInt64({fromSeconds:F0} * 1000000 + k * {stepSeconds * 1e6:F0} + cityHash64(d, s) % 30000000), 'UTC') AS event_time,
               round(50 + 10 * sin(k / 50 + d) + s + (cityHash64(k, d, s) % 1000) / 1000, 2) AS value, toUInt8(0) AS quality, toUInt64(d + 1) AS boot, toUInt64(s * 100000000 + {sequence} + k + 1) AS sequence
        FROM (SELECT intDiv(number, {sensors * points}) + {first} AS d, intDiv(number, {points}) % {sensors} AS s, number % {points} AS k FROM numbers({count * sensors * points}))
        """);

    /// <summary>One alarm a device and three days, over two years: raised and cleared.</summary>
    private static Task AlarmsAsync(IClickHouse clickHouse, int devices, long now) => RunAsync(clickHouse, string.Create(
        CultureInfo.InvariantCulture,
        $"""
        INSERT INTO alarms (device, sensor, event_time, id, change, transition, status, previous, source, kind, priority, severity, raised_time, active, value, text, occurrences, sequence)
        SELECT concat('press-', leftPad(toString(number % {devices}), 5, '0')), 'sensor-1', fromUnixTimestamp64Micro(toInt64({now} - intDiv(number, {devices}) * 129600 - number % 86400) * 1000000, 'UTC'),
               hex(cityHash64(intDiv(number, 2))), hex(cityHash64(number, 1)), if(number % 2 = 0, 'raised', 'cleared'), if(number % 2 = 0, 'unacknowledged-active', 'normal'), 'normal', 'incident', 'level-shift', 'high', 500,
               fromUnixTimestamp64Micro(toInt64({now} - intDiv(number, {devices}) * 129600) * 1000000, 'UTC'), number % 2 = 0, 1.5, 'The level rose', 1, number
        FROM numbers({devices * 486L})
        SETTINGS {Inserting}
        """));

    /// <summary>With memory for blocks of a million readings, each a day of its own with a sketch.</summary>
    private static ValueTask<EmbeddedClickHouse> OpenAsync(string folder) => EmbeddedClickHouse.OpenAsync(
        new EmbeddedClickHouseOptions
        {
            DataDirectory = Path.Combine(folder, "clickhouse"), QueryTimeMax = TimeSpan.FromHours(4), MemoryBytesMax = 6L << 30, QueryMemoryBytesMax = 4L << 30,
        },
        NullLoggerFactory.Instance,
        CancellationToken.None);

    private static async Task RunAsync(IClickHouse clickHouse, string sql) =>
        await clickHouse.ExecuteAsync(new ClickHouseQuery(sql, Kind: QueryKind.Batch), CancellationToken.None);
}
