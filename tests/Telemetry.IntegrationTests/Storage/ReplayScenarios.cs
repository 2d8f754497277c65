using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Telemetry.Contracts.Readings;
using Telemetry.Storage.Audit;
using Telemetry.Storage.ClickHouse;
using Telemetry.Storage.Replay;

namespace Telemetry.IntegrationTests.Storage;

/// <summary>What a child process does to a store that is to be mended from the log.</summary>
internal static class ReplayScenarios
{
    private static readonly DateTimeOffset From = new(2026, 1, 31, 23, 55, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset To = new(2026, 2, 1, 0, 10, 0, TimeSpan.Zero);

    /// <summary>Readings of a span over the turn of a month are lost, doubled and falsified; the log puts them right, and sinks go on.</summary>
    public static async Task MendAsync(string directory, int seed)
    {
        await using var harness = await StorageHarness.OpenAsync(directory);
        await using var readings = new ReadingFeed(harness.Log, seed);
        await StoreAsync(harness, readings, 3);
        (await ReplayAsync(harness, apply: true)).ShouldSatisfyAllConditions(
            report => report.IsClean.ShouldBeTrue(),
            report => report.LogIsComplete.ShouldBeTrue(),
            report => report.Log.ShouldBeGreaterThan(200),
            report => report.Swapped.ShouldBeEmpty());

        var (lost, doubled, falsified) = await DamageAsync(harness);
        var found = await ReplayAsync(harness, apply: false);
        (found.Missing, found.Surplus, found.Different).ShouldBe((lost, doubled, falsified));
        found.RollupBuckets.ShouldBeGreaterThan(0);
        (await StoreProof.FindDifferencesAsync(harness.Log, harness.ClickHouse)).ShouldNotBeEmpty();

        var mended = await ReplayAsync(harness, apply: true);
        mended.IsClean.ShouldBeTrue();
        mended.Swapped.ShouldBe([202601, 202602]);
        mended.Skipped.ShouldBeEmpty();
        (await StoreProof.FindDifferencesAsync(harness.Log, harness.ClickHouse)).ShouldBeEmpty();
        (await CountAsync(harness, "SELECT count() FROM system.tables WHERE database = currentDatabase() AND position(name, '_rebuild_') > 0")).ShouldBe(0);

        // The markers are where they were: the next sink neither refills nor leaves out.
        await StoreAsync(harness, readings, 1);
        (await StoreProof.FindDifferencesAsync(harness.Log, harness.ClickHouse)).ShouldBeEmpty();
    }

    private static async Task StoreAsync(StorageHarness harness, ReadingFeed readings, int rounds)
    {
        for (var round = 0; round < rounds; round++)
        {
            for (var i = 0; i < 300; i++)
            {
                readings.Append();
            }

            await readings.FlushAsync();
            await StorageScenarios.RunToEndAsync(harness);
        }
    }

    private static async Task<(long Lost, long Doubled, long Falsified)> DamageAsync(StorageHarness harness)
    {
        const string Span = "event_time >= '2026-01-31 23:55:00' AND event_time < '2026-02-01 00:10:00'";
        const string Lost = $"device IN ('device-3', 'device-4') AND {Span}";
        const string Doubled = $"device = 'device-5' AND {Span}";
        const string Falsified = $"device = 'device-7' AND isFinite(value) AND abs(value) < 1e6 AND {Span}";
        var counts = (
            await CountAsync(harness, $"SELECT count() FROM readings WHERE {Lost}"),
            await CountAsync(harness, $"SELECT count() FROM readings WHERE {Doubled}"),
            await CountAsync(harness, $"SELECT count() FROM readings WHERE {Falsified}"));
        Math.Min(counts.Item1, Math.Min(counts.Item2, counts.Item3)).ShouldBeGreaterThan(0);
        foreach (var sql in (string[])
                 [
                     $"INSERT INTO readings SELECT * FROM readings WHERE {Doubled}",
                     $"ALTER TABLE readings DELETE WHERE {Lost} SETTINGS mutations_sync = 2",
                     $"ALTER TABLE readings UPDATE value = value + 1 WHERE {Falsified} SETTINGS mutations_sync = 2",
                     "ALTER TABLE readings_1h DELETE WHERE device = 'device-9' AND toYYYYMM(ts) IN (202601, 202602) SETTINGS mutations_sync = 2",
                 ])
        {
            await harness.ClickHouse.ExecuteAsync(new ClickHouseQuery(sql), CancellationToken.None);
        }

        return counts;
    }

    private static Task<SpanReplayReport> ReplayAsync(StorageHarness harness, bool apply) =>
        new SpanReplay(
                harness.Log, harness.ClickHouse, StorageHarness.Options, AuditWindow.Everything, NullLoggerFactory.Instance, TimeProvider.System, ReleasedReadingSchemas.Instance)
            .RunAsync(new SpanReplayRequest(From, To, apply, TimeSpan.FromDays(1)), null, CancellationToken.None);

    private static async Task<long> CountAsync(StorageHarness harness, string sql) => long.Parse(
        (await harness.ClickHouse.QueryRowsAsync(sql, null, CancellationToken.None))[0][0], CultureInfo.InvariantCulture);
}
