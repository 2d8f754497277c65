using Microsoft.Extensions.Logging.Abstractions;
using Telemetry.Contracts;
using Telemetry.Storage.ClickHouse;
using Telemetry.Storage.Horizon;
using Telemetry.Storage.Schema;

namespace Telemetry.IntegrationTests.Storage;

/// <summary>What a child process asks a store and a log about how far back they are complete.</summary>
internal static class HorizonScenarios
{
    private static readonly DateTimeOffset February = new(2026, 2, 1, 0, 0, 0, TimeSpan.Zero);

    public static async Task FollowAsync(string directory, int seed)
    {
        await using var harness = await StorageHarness.OpenAsync(directory);
        await using var readings = new ReadingFeed(harness.Log, seed);
        DamageScenarios.Feed(readings, null, 400);
        await readings.FlushAsync();
        await StorageScenarios.RunToEndAsync(harness);
        var reader = new StoreHorizonReader(harness.ClickHouse, TimeProvider.System, TimeSpan.FromDays(1));

        // Retention of a hundred years reaches behind 1970.
        var fresh = await reader.ReadAsync(CancellationToken.None);
        foreach (var table in StoreTables.All)
        {
            fresh.Of(table).ShouldBe(TableHorizon.Always, table.ToString());
        }

        // One answer serves for a while; a decision asks anew.
        await ApplyAsync(harness, raw: 30, minute: 10);
        (await reader.ReadAsync(CancellationToken.None)).ShouldBeSameAs(fresh);
        var shorter = await reader.ReadNowAsync(CancellationToken.None);
        foreach (var (table, days) in new[] { (StoreTable.Raw, 30), (StoreTable.Minute, 10), (StoreTable.Anomalies, 30), (StoreTable.DeviceEvents, 30) })
        {
            shorter.CompleteFrom(table).ShouldBe(shorter.AskedAt - TimeSpan.FromDays(days), TimeSpan.FromSeconds(1), table.ToString());
            shorter.Covers(table, shorter.AskedAt - TimeSpan.FromDays(days - 1)).ShouldBeTrue();
            shorter.Covers(table, shorter.AskedAt - TimeSpan.FromDays(days + 1)).ShouldBeFalse();
        }

        shorter.Of(StoreTable.Hour).ShouldBe(TableHorizon.Always);
        shorter.Of(StoreTable.Day).ShouldBe(TableHorizon.Always);

        // What the short retention took does not come back with a longer one.
        await ApplyAsync(harness, raw: 730, minute: 90);
        var longer = await reader.ReadNowAsync(CancellationToken.None);
        longer.Of(StoreTable.Raw).Cause.ShouldBe(HorizonCause.Former);
        longer.CompleteFrom(StoreTable.Raw).ShouldBe(shorter.CompleteFrom(StoreTable.Raw), TimeSpan.FromMinutes(2));
        longer.CompleteFrom(StoreTable.Minute).ShouldBe(shorter.CompleteFrom(StoreTable.Minute), TimeSpan.FromMinutes(2));
    }

    public static async Task GonePartitionAsync(string directory, int seed)
    {
        await using var harness = await StorageHarness.OpenAsync(directory);
        await using var readings = new ReadingFeed(harness.Log, seed);
        DamageScenarios.Feed(readings, null, 400);
        await readings.FlushAsync();
        await StorageScenarios.RunToEndAsync(harness);
        var reader = new StoreHorizonReader(harness.ClickHouse, TimeProvider.System);
        await harness.ClickHouse.ExecuteAsync(new ClickHouseQuery("ALTER TABLE readings DROP PARTITION 202601"), CancellationToken.None);

        var horizon = await reader.ReadNowAsync(CancellationToken.None);

        horizon.Of(StoreTable.Raw).ShouldBe(new TableHorizon(February, HorizonCause.PartitionGone));
        horizon.Of(StoreTable.Hour).ShouldBe(TableHorizon.Always);

        // A late reading brings the month back; what was dropped is not in it.
        await StorageScenarios.RunToEndAsync(harness);
        await harness.ClickHouse.ExecuteAsync(
            new ClickHouseQuery("INSERT INTO readings (sensor, device, event_time) VALUES ('temp', 'late', '2026-01-05 00:00:00')"), CancellationToken.None);
        (await reader.ReadNowAsync(CancellationToken.None)).Of(StoreTable.Raw).ShouldBe(new TableHorizon(February, HorizonCause.Former));
    }

    public static async Task LogAsync(string directory, int seed)
    {
        await using var harness = await StorageHarness.OpenAsync(directory);
        await using var readings = new ReadingFeed(harness.Log, seed);
        DamageScenarios.Feed(readings, null, 100);
        await readings.FlushAsync();

        var horizon = await LogHorizon.ReadAsync(harness.Log, LogTopics.Readings, TimeProvider.System, CancellationToken.None);

        horizon.RecordsFrom.ShouldBe(DateTimeOffset.UnixEpoch);
        horizon.EventsFrom(TimeSpan.FromDays(1)).ShouldBe(DateTimeOffset.UnixEpoch);
        horizon.Partitions.Sum(p => p.Offsets.High).ShouldBeGreaterThan(0);
        var cut = horizon with { Partitions = [.. horizon.Partitions, new(9, new(5, 9), February)] };
        cut.RecordsFrom.ShouldBe(February);
        cut.EventsFrom(TimeSpan.FromDays(1)).ShouldBe(February.AddDays(1));
    }

    private static ValueTask ApplyAsync(StorageHarness harness, int raw, int minute) => SchemaMigrator.ApplyAsync(
        harness.ClickHouse,
        new SchemaOptions { FreeDiskBytesMin = 0, RawRetention = TimeSpan.FromDays(raw), MinuteRetention = TimeSpan.FromDays(minute) },
        NullLoggerFactory.Instance,
        TimeProvider.System,
        CancellationToken.None);
}
