using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Telemetry.IntegrationTests.Storage;
using Telemetry.Storage.ClickHouse;
using Telemetry.Storage.Schema;

namespace Telemetry.IntegrationTests.Query;

/// <summary>
/// The real schema in a database of its own, filled with readings whose every figure can be worked out by hand.
/// "Now" stands still at half past an hour. Device <c>press-07</c>, sensor <c>temperature</c>: one reading a second over
/// the last 3 hours, value = seconds since their start; the rollups have not seen the last 4 seconds yet.
/// </summary>
public sealed class QueryStore(EngineFixture engine) : IAsyncLifetime
{
    public const int Seconds = 3 * 3600;
    public const int Lag = 4;

    private readonly string _database = $"q_{Guid.NewGuid():N}";

    /// <summary>The time that is now for the tests, in microseconds.</summary>
    public long Now { get; private set; }

    public long Start => Now - (Seconds * 1_000_000L);

    internal DatabaseScope ClickHouse { get; private set; } = null!;

    internal ManualTime Time { get; private set; } = null!;

    internal EngineFixture Engine => engine;

    internal static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        var hour = DateTimeOffset.UtcNow.Ticks / TimeSpan.TicksPerHour * TimeSpan.TicksPerHour;
        var now = new DateTimeOffset(hour, TimeSpan.Zero).AddMinutes(-30);

        // Never in the first hour of a day: tests of how rollups follow each other want an hour of this day that is over.
        now = now.Hour == 0 ? now.AddHours(-1) : now;
        Now = now.ToUnixTimeMilliseconds() * 1000;
        Time = new ManualTime(now);
        await engine.Engine.ExecuteAsync(new ClickHouseQuery($"CREATE DATABASE {_database}"), CancellationToken.None);
        ClickHouse = new DatabaseScope(engine.Engine, _database);
        await SchemaMigrator.ApplyAsync(
            ClickHouse, new SchemaOptions { FreeDiskBytesMin = 0 }, NullLoggerFactory.Instance, TimeProvider.System, CancellationToken.None);
        await FillAsync();
    }

    public async ValueTask DisposeAsync() =>
        await engine.Engine.ExecuteAsync(new ClickHouseQuery($"DROP DATABASE {_database}"), CancellationToken.None);

    /// <summary>Inserts readings into raw, and into the rollups unless told otherwise.</summary>
    public async Task InsertAsync(string rows, bool raw = true, bool rollups = true)
    {
        if (raw)
        {
            await RunAsync($"INSERT INTO readings SELECT sensor, device, fromUnixTimestamp64Micro(toInt64(us), 'UTC'), value, quality, 7, sequence FROM ({rows})");
        }

        if (rollups)
        {
            await RunAsync($"INSERT INTO rollup_in SELECT sensor, device, fromUnixTimestamp64Micro(toInt64(us), 'UTC'), value, quality, sequence FROM ({rows})");
        }
    }

    public async Task RunAsync(string sql) => await ClickHouse.ExecuteAsync(new ClickHouseQuery(sql), CancellationToken.None);

    private async Task FillAsync()
    {
        await InsertAsync(Second("press-07", "temperature", 0, Seconds, "toFloat64(number)"), rollups: false);
        await InsertAsync(Second("press-07", "temperature", 0, Seconds - Lag, "toFloat64(number)"), raw: false);
        await InsertAsync(Second("press-08", "temperature", 0, 600, "toFloat64(1000 + number)"));
        await InsertAsync(Second("press-07", "odd", 0, 60, "multiIf(number = 1, nan, number = 2, inf, number = 3, -inf, toFloat64(number))"));
        await InsertAsync(Second("press-07", "void", 0, 90, "nan"));

        // Hourly readings over 40 days, for the day rollup.
        await InsertAsync(Rows("old-1", "level", $"{Text(Now - (40 * 24 * 3_600_000_000L))} + number * 3600000000", 960, "toFloat64(number % 24)"));

        // The sink's markers: partition 0 holds offsets 0 to 99 in raw.
        await RunAsync($"INSERT INTO readings VALUES ('p0/202601/0', '$sink', fromUnixTimestamp64Micro({Text(Now - 1_000_000)}, 'UTC'), 100, 0, 0, 99)");
        await RunAsync(
            "INSERT INTO anomalies SELECT 'press-07', 'temperature', "
            + $"fromUnixTimestamp64Micro(toInt64({Text(Start)} + number * 60000000), 'UTC'), number, if(number % 2 = 0, 'spike', 'change-point'), "
            + "'iid-spike', 'compatible', 9.5, 0.001, 0, 7, number, 'far above the usual' FROM numbers(100)");

        // 20 incidents of two records each: opened, then ended (even ones) or updated.
        await RunAsync(
            "INSERT INTO incidents (device, sensor, event_time, id, revision, kind, state, direction, severity, peak_time, last_time, end_time, value, "
            + "usual_low, usual_high, spreads, from_level, to_level, score, unit, text, sensors, parts, sensor_count, detectors, late, boot, sequence) "
            + "SELECT 'press-07', 'temperature', start, concat(leftPad(lower(hex(toUInt64(toUnixTimestamp64Milli(start)))), 12, '0'), '-', leftPad(toString(number % 20), 16, '0')), "
            + "1 + intDiv(number, 20), if(number < 20, 'spike', 'level-shift'), multiIf(number < 20, 'open', number % 2 = 0, 'ended', 'updated'), 'up', "
            + "10 * (number % 20), start, start + INTERVAL 30 SECOND, if(number >= 20 AND number % 2 = 0, start + INTERVAL 30 SECOND, fromUnixTimestamp64Micro(0, 'UTC')), "
            + "23.5, nan, nan, 6.1, 21.4, 23.1, 12, 'degC', 'level moved from 21.4 to 23.1 degC', ['temperature', 'pressure'], "
            + "'[{\"sensor\":\"temperature\",\"kind\":\"level-shift\",\"direction\":\"up\",\"start\":1,\"peak\":2,\"last\":3,\"value\":23.5,\"severity\":7,\"text\":\"moved\"}]', "
            + "2, ['level'], 0, 7, number FROM (SELECT number, "
            + $"fromUnixTimestamp64Micro(toInt64({Text(Start)} + (number % 20) * 60000000), 'UTC') AS start FROM numbers(40))");
        await RunAsync(
            $"INSERT INTO device_events VALUES ('press-07', '', fromUnixTimestamp64Micro({Text(Start)}, 'UTC'), 'booted', 0, 7, 1, 'first seen')");
    }

    private string Second(string device, string sensor, int first, int count, string value) => Rows(
        device, sensor, $"{Text(Start + (first * 1_000_000L))} + number * 1000000", count, value);

    public static string Rows(string device, string sensor, string us, int count, string value) =>
        $"SELECT '{sensor}' AS sensor, '{device}' AS device, {us} AS us, {value} AS value, toUInt8(0) AS quality, number + 1 AS sequence FROM numbers({count})";

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);
}
