using Telemetry.IntegrationTests.Query;
using Telemetry.IntegrationTests.Storage;
using Telemetry.Streams;

namespace Telemetry.IntegrationTests.Console;

/// <summary>
/// <c>press-01</c> and <c>press-02</c> have a temperature every 5 s over the last day and a pressure; <c>press-01</c> three incidents,
/// <c>press-02</c> a vibration of which every tenth value is uncertain and every twentieth bad. <c>pump-9</c> has been silent for two hours.
/// <c>tiny-1</c> and <c>big-1</c> have values that differ little for their size. <c>fleet-00000</c> to <c>fleet-09999</c> have one value each;
/// and there are the silent devices of <see cref="QueryStore"/>.
/// </summary>
public sealed class ConsoleStage(EngineFixture engine) : BrowserStage(engine)
{
    public const int Fleet = 10_000;
    public const int VibrationCount = 100;

    internal TailLog Log { get; } = new();

    /// <summary>Event time of the newest incident, microseconds.</summary>
    public long IncidentTime { get; private set; }

    /// <summary>Says by a marker that the newest reading stored is that old.</summary>
    public Task StoredAsync(TimeSpan age)
    {
        var us = Now() - (age.Ticks / TimeSpan.TicksPerMicrosecond);
        return Store.RunAsync($"INSERT INTO readings VALUES ('p0/202601/0', '$sink', fromUnixTimestamp64Micro({Text(us)}, 'UTC'), 1, 0, 0, 1000)");
    }

    internal override Task<IRecordLog> OpenLogAsync() => Task.FromResult<IRecordLog>(Log);

    internal override Task CloseLogAsync() => Log.DisposeAsync().AsTask();

    internal override async Task FillAsync()
    {
        var now = Now();
        const int count = 24 * 720;
        foreach (var (device, level) in ((string, int)[])[("press-01", 60), ("press-02", 64)])
        {
            await Store.InsertAsync(QueryStore.Rows(
                device, "temperature", $"{Text(now - (count * 5_000_000L))} + number * 5000000", count, $"{level} + 5 * sin(number / 700) + number % 7 / 10"));
            await Store.InsertAsync(QueryStore.Rows(device, "pressure", $"{Text(now - (100 * 5_000_000L))} + number * 5000000", 100, "4 + number % 3 / 10"));
        }

        await Store.InsertAsync(
            "SELECT 'vibration' AS sensor, 'press-02' AS device, " + Text(now - (VibrationCount * 5_000_000L)) + " + number * 5000000 AS us, toFloat64(number % 5) AS value, "
            + $"toUInt8(multiIf(number % 20 = 0, 2, number % 10 = 0, 1, 0)) AS quality, number + 1 AS sequence FROM numbers({VibrationCount})");
        await Store.InsertAsync(QueryStore.Rows("pump-9", "temperature", $"{Text(now - (300 * 60_000_000L))} + number * 60000000", 180, "40 + number % 3"));
        await Store.InsertAsync(QueryStore.Rows("tiny-1", "flux", $"{Text(now - (100 * 5_000_000L))} + number * 5000000", 100, "2e-9 + number * 1e-12"));
        await Store.InsertAsync(QueryStore.Rows("big-1", "counter", $"{Text(now - (100 * 5_000_000L))} + number * 5000000", 100, "12345678900 + toFloat64(number)"));
        await Store.InsertAsync(
            $"SELECT 'level' AS sensor, concat('fleet-', leftPad(toString(number), 5, '0')) AS device, {Text(now - 30_000_000)} + number AS us, toFloat64(number) AS value, toUInt8(0) AS quality, number + 1 AS sequence FROM numbers({Fleet})");
        IncidentTime = now - 3_600_000_000;
        await IncidentAsync("press-01", "temperature", "level-shift", IncidentTime, isOpen: false, 3);
        await IncidentAsync("pump-9", "", "silent", now - (119 * 60_000_000L), isOpen: true, 1);
    }

    /// <summary>Incidents two hours apart, the newest at the time given.</summary>
    private Task IncidentAsync(string device, string sensor, string kind, long us, bool isOpen, int count) => Store.RunAsync(
        "INSERT INTO incidents (device, sensor, event_time, id, revision, kind, state, direction, severity, peak_time, last_time, end_time, value, "
        + "usual_low, usual_high, spreads, from_level, to_level, score, unit, text, sensors, parts, sensor_count, detectors, late, boot, sequence) "
        + $"SELECT '{device}', '{sensor}', start, concat(leftPad(lower(hex(toUInt64(toUnixTimestamp64Milli(start)))), 12, '0'), '-', leftPad(toString(number), 16, '0')), "
        + $"1, '{kind}', '{(isOpen ? "open" : "ended")}', 'up', 640, start, start + INTERVAL 30 SECOND, "
        + $"{(isOpen ? "fromUnixTimestamp64Micro(0, 'UTC')" : "start + INTERVAL 30 SECOND")}, 66, nan, nan, 6.1, 61, 66, 12, '', 'far above the usual', "
        + $"{(sensor.Length == 0 ? "[]" : $"['{sensor}']")}, '[]', 1, ['level'], 0, 7, number "
        + $"FROM (SELECT number, fromUnixTimestamp64Micro(toInt64({Text(us)} - number * 7200000000), 'UTC') AS start FROM numbers({count}))");
}
