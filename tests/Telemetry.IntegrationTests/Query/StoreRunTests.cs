using System.Globalization;
using Telemetry.IntegrationTests.Storage;
using Telemetry.Operations.Scoring;

namespace Telemetry.IntegrationTests.Query;

/// <summary>What is scored of a running platform: which faults count, and until when a device is watched.</summary>
[Collection(EngineFixture.Collection)]
public sealed class StoreRunTests(EngineFixture engine) : IAsyncLifetime
{
    private const long Second = 1_000_000;
    private const long Hour = 3600 * Second;

    private readonly QueryStore _store = new(engine);
    private readonly string _labels = Path.GetTempFileName();

    public ValueTask InitializeAsync() => _store.InitializeAsync();

    public async ValueTask DisposeAsync()
    {
        File.Delete(_labels);
        await _store.DisposeAsync();
    }

    [Fact]
    public async Task Silence_that_goes_on_at_the_end_is_a_fault_and_is_found_only_by_an_incident()
    {
        // Of two devices with a reading a second for two hours one falls silent after half an hour.
        var start = _store.Now + (2 * Hour);
        await _store.InsertAsync(QueryStore.Rows("lasts", "flow", $"{Text(start)} + number * 1000000", 7200, "toFloat64(1)"), rollups: false);
        await _store.InsertAsync(QueryStore.Rows("quiet", "flow", $"{Text(start)} + number * 1000000", 1800, "toFloat64(1)"), rollups: false);
        await File.WriteAllLinesAsync(
            _labels,
            [
                Dropout("quiet", start + (1800 * Second), start + (1900 * Second)),

                // Before its first reading, and after the last one of all: nobody could have seen them.
                Dropout("quiet", start - (60 * Second), start - (30 * Second)),
                Dropout("quiet", start + (7300 * Second), start + (7400 * Second)),
            ],
            QueryStore.Token);

        var missed = await ScoreAsync(start);
        missed.Devices.ShouldBe(1);
        missed.CleanDevices.ShouldBe(1);
        missed.CleanDays.ShouldBe(7199 / 86_400.0, 1e-9);
        missed.Readings.ShouldBe(9000);
        var row = missed.ByKind.ShouldHaveSingleItem();
        (row.Name, row.Faults, row.Found).ShouldBe(("dropout", 1, 0));

        await SilentAsync("quiet", start + (1807 * Second));
        var found = (await ScoreAsync(start)).ByKind.ShouldHaveSingleItem();
        (found.Name, found.Faults, found.Found).ShouldBe(("dropout", 1, 1));
        found.MedianDelaySeconds.ShouldBe(7);
    }

    private Task<ScoreReport> ScoreAsync(long start) => StoreRun.RunAsync(
        _store.ClickHouse, _labels, Time(start - Hour), Time(start + (3 * Hour)), TimeSpan.FromSeconds(1), QueryStore.Token);

    private Task SilentAsync(string device, long toldUs) => _store.RunAsync(
        "INSERT INTO incidents (device, sensor, event_time, id, revision, kind, state, last_time, score, text, sensors) SELECT "
        + $"'{device}', '', at, '{device}-1', 1, 'silent', 'open', at, 300, 'was not heard', emptyArrayString() FROM "
        + $"(SELECT fromUnixTimestamp64Micro(toInt64({Text(toldUs)}), 'UTC') AS at)");

    private static string Dropout(string device, long startUs, long endUs) =>
        $$"""{"device":"{{device}}","kind":"dropout","start_us":{{Text(startUs)}},"end_us":{{Text(endUs)}}}""";

    private static DateTimeOffset Time(long us) => DateTimeOffset.UnixEpoch.AddTicks(us * TimeSpan.TicksPerMicrosecond);

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);
}
