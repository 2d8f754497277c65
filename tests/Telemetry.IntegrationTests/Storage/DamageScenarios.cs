using Telemetry.Storage.ClickHouse;
using Telemetry.Storage.Sink;
using Telemetry.Storage.Writing;

namespace Telemetry.IntegrationTests.Storage;

/// <summary>What a child process does to a store whose files, markers, members or disk fail it.</summary>
internal static class DamageScenarios
{
    public const string PartsFile = "parts";

    /// <summary>Parts lose the end of their data file between INSERT and checkpoint, merged ones with old rows too.</summary>
    public static async Task DamagedPartsAsync(string directory, int seed)
    {
        await using var harness = await StorageHarness.OpenAsync(directory);
        await using var damaging = new DamagingClickHouse(harness.ClickHouse, seed);
        await using var readings = new ReadingFeed(harness.Log, seed);
        await using var events = new EventFeed(harness.Log, seed);
        await using (var sink = harness.Sink(StorageHarness.Options with { RetryMax = TimeSpan.FromMilliseconds(50) }, clickHouse: damaging))
        {
            await sink.StartAsync(CancellationToken.None);
            await sink.WaitUntilReadyAsync(CancellationToken.None);
            while (damaging.Damaged < 12 || damaging.DamagedMerged < 4)
            {
                damaging.Armed = true;
                var before = damaging.Damaged;
                await StorageScenarios.UntilAsync(() =>
                {
                    Feed(readings, events, 5);
                    return damaging.Damaged > before;
                });
                damaging.Armed = false;
                await Task.WhenAll(readings.FlushAsync().AsTask(), events.FlushAsync().AsTask());
                await StorageScenarios.UntilAsync(() => sink.IsReady);
            }

            await sink.StopAsync(CancellationToken.None);
        }

        await StorageScenarios.RunToEndAsync(harness);
        (await StoreProof.FindDifferencesAsync(harness.Log, harness.ClickHouse)).ShouldBeEmpty();
        (await CountAsync(harness, "SELECT uniqExact(table, part) FROM broken_parts WHERE partition = -1")).ShouldBeGreaterThan(6);
        (await CountAsync(harness, "SELECT uniqExactIf((table, part), NOT endsWith(part, '_0')) FROM broken_parts")).ShouldBeGreaterThan(0);
    }

    /// <summary>Stores some behind a checkpoint and some before one, and says where the parts are.</summary>
    public static async Task StoreAsync(string directory, int seed)
    {
        await using var harness = await StorageHarness.OpenAsync(directory);
        await using var readings = new ReadingFeed(harness.Log, seed);
        await using var events = new EventFeed(harness.Log, seed);
        for (var round = 0; round < 4; round++)
        {
            Feed(readings, events, 60);
            await readings.FlushAsync();
            await events.FlushAsync();
            await StorageScenarios.RunToEndAsync(harness);
        }

        await StorageScenarios.StoreWithoutCheckpointAsync(harness, readings, new Random(seed));
        var rows = await harness.ClickHouse.QueryRowsAsync(
            "SELECT path FROM system.parts WHERE active AND database = currentDatabase() "
            + "AND (table LIKE 'readings%' OR table IN ('anomalies', 'device_events', 'incidents', 'alarms')) ORDER BY table, name",
            null,
            CancellationToken.None);
        await File.WriteAllLinesAsync(Path.Combine(directory, PartsFile), rows.Select(r => r[0]));
    }

    /// <summary>Markers that a merge has joined across a hole.</summary>
    public static async Task HoleAsync(string directory, int seed)
    {
        await using var harness = await StorageHarness.OpenAsync(directory);
        await using var readings = new ReadingFeed(harness.Log, seed);
        await MakeHolesAsync(harness, readings, seed);
        await StorageScenarios.RunToEndAsync(harness);
        (await StoreProof.FindDifferencesAsync(harness.Log, harness.ClickHouse)).ShouldBeEmpty();
        Feed(readings, null, 200);
        await readings.FlushAsync();
        await StorageScenarios.RunToEndAsync(harness);
        (await StoreProof.FindDifferencesAsync(harness.Log, harness.ClickHouse)).ShouldBeEmpty();
    }

    internal static async Task MakeHolesAsync(StorageHarness harness, ReadingFeed readings, int seed)
    {
        Feed(readings, null, 200);
        await readings.FlushAsync();
        await StorageScenarios.RunToEndAsync(harness);
        var old = await StorageScenarios.StoreWithoutCheckpointAsync(harness, readings, new Random(seed));
        var kept = string.Join(", ", old.Where(p => p.StartsWith("readings\t", StringComparison.Ordinal)).Select(p => $"'{p.Split('\t')[1]}'"));
        foreach (var target in SinkTarget.Rollups)
        {
            // What came after the checkpoint is lost but for the first and last offset of each stretch, joined into one marker.
            var parts = await harness.ClickHouse.QueryRowsAsync(
                $"SELECT name FROM system.parts WHERE active AND database = currentDatabase() AND table = '{target.Table}'", null, CancellationToken.None);
            foreach (var part in parts.Where(p => !old.Contains($"{target.Table}\t{p[0]}")))
            {
                await ExecuteAsync(harness, $"ALTER TABLE {target.Table} DROP PART '{part[0]}'");
            }

            await ExecuteAsync(
                harness,
                $"INSERT INTO fix_{target.Table["readings_".Length..]} (sensor, device, event_time, value, quality, sequence) "
                + "SELECT sensor, device, event_time, 1, 0, arrayJoin([sequence - toUInt64(value) + 1, sequence]) FROM readings "
                + $"WHERE device = '$sink' AND value > 2 AND _part NOT IN ({kept}) SETTINGS async_insert = 0");
            (await CountAsync(harness, $"SELECT countIf(n != mark_hi - mark_lo + 1) FROM {target.Table} WHERE device = '$sink'"))
                .ShouldBeGreaterThan(0, target.Table);
        }
    }

    /// <summary>A second sink joins the group while data flows, then the first leaves; and again.</summary>
    public static async Task TwoSinksAsync(string directory, int seed)
    {
        await using var harness = await StorageHarness.OpenAsync(directory);
        await using var readings = new ReadingFeed(harness.Log, seed);
        await using var events = new EventFeed(harness.Log, seed);
        using var stop = new CancellationTokenSource();
        var feeding = FlowAsync(readings, events, stop.Token);
        var current = Member(harness, 0);
        await current.StartAsync(CancellationToken.None);
        await StorageScenarios.UntilAsync(() => current.Progress.Count == StorageHarness.Partitions);
        for (var round = 1; round <= 3; round++)
        {
            var next = Member(harness, round);
            await next.StartAsync(CancellationToken.None);
            await StorageScenarios.UntilAsync(() => next.Progress.Count > 0 && current.Progress.Count > 0
                && next.Progress.Count + current.Progress.Count == StorageHarness.Partitions && next.IsReady);
            var leaving = current;
            current = next;
            await leaving.StopAsync(CancellationToken.None);
            await leaving.DisposeAsync();
            await StorageScenarios.UntilAsync(() => current.Progress.Count == StorageHarness.Partitions && current.IsReady);
        }

        await stop.CancelAsync();
        await feeding;
        await current.StopAsync(CancellationToken.None);
        await current.DisposeAsync();
        await StorageScenarios.RunToEndAsync(harness);
        (await StoreProof.FindDifferencesAsync(harness.Log, harness.ClickHouse)).ShouldBeEmpty();
    }

    /// <summary>Free disk falls below the floor (a small mount, filled by the parent's file) and comes back.</summary>
    public static async Task DiskFloorAsync(string directory, int seed)
    {
        await using var harness = await StorageHarness.OpenAsync(directory, store: Path.Combine(directory, "mount", "store"));
        await using var readings = new ReadingFeed(harness.Log, seed);
        await using var events = new EventFeed(harness.Log, seed);
        await using var sink = harness.Sink(StorageHarness.Options with
        {
            FreeDiskBytesMin = 70_000_000,
            FreeDiskInterval = TimeSpan.FromMilliseconds(20),
        });
        await sink.StartAsync(CancellationToken.None);
        await sink.WaitUntilReadyAsync(CancellationToken.None);
        var ballast = Path.Combine(directory, "mount", "ballast");
        for (var round = 0; round < 2; round++)
        {
            await File.WriteAllBytesAsync(ballast, new byte[100 << 20]);
            await StorageScenarios.UntilAsync(() => !sink.IsReady);
            sink.NotReadyReason.ShouldNotBeNull().ShouldContain("bytes free");
            await StorageScenarios.UntilAsync(() => sink.Progress.All(p => p.CheckpointNext == p.ConsumedNext));
            var consumed = sink.Progress.Sum(p => p.ConsumedNext);
            const string Events = "SELECT (SELECT count() FROM anomalies_data) + (SELECT count() FROM device_events_data)";
            var stored = await CountAsync(harness, Events);
            Feed(readings, events, 300);
            await readings.FlushAsync();
            await events.FlushAsync();

            // Many turns of the loop, each of which looks at the disk.
            await Task.Delay(500);
            sink.IsReady.ShouldBeFalse();
            sink.Progress.Sum(p => p.ConsumedNext).ShouldBe(consumed);
            (await CountAsync(harness, Events)).ShouldBe(stored);
            File.Delete(ballast);
            await StorageScenarios.UntilAsync(() => sink.IsReady && sink.Progress.Sum(p => p.RawNext) > consumed);
            while (await CountAsync(harness, Events) == stored)
            {
                await Task.Delay(20);
            }
        }

        await sink.StopAsync(CancellationToken.None);
        await StorageScenarios.RunToEndAsync(harness);
        (await StoreProof.FindDifferencesAsync(harness.Log, harness.ClickHouse)).ShouldBeEmpty();
    }

    internal static StorageSink Member(StorageHarness harness, int number) =>
        harness.Sink(StorageHarness.Options with { TransactionalId = $"member-{number}", RetryMax = TimeSpan.FromMilliseconds(200) });

    internal static async Task FlowAsync(ReadingFeed readings, EventFeed? events, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            Feed(readings, events, 5);
            await readings.FlushAsync();
            await (events?.FlushAsync() ?? ValueTask.CompletedTask);
            await Task.Delay(10, CancellationToken.None);
        }
    }

    internal static void Feed(ReadingFeed readings, EventFeed? events, int count)
    {
        for (var i = 0; i < count; i++)
        {
            readings.Append();
            events?.Append();
        }
    }

    private static ValueTask ExecuteAsync(StorageHarness harness, string sql) =>
        harness.ClickHouse.ExecuteAsync(new ClickHouseQuery(sql), CancellationToken.None);

    private static async Task<long> CountAsync(StorageHarness harness, string sql) => long.Parse(
        (await harness.ClickHouse.QueryRowsAsync(sql, null, CancellationToken.None))[0][0], System.Globalization.CultureInfo.InvariantCulture);
}
