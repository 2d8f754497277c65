using System.Globalization;
using Telemetry.Contracts;
using Telemetry.IntegrationTests.Support;
using Telemetry.Storage.ClickHouse;
using Telemetry.Storage.Horizon;
using Telemetry.Storage.Sink;

namespace Telemetry.IntegrationTests.Storage;

/// <summary>What the sink writes later or not at all, and how readers fare with it.</summary>
internal static class UnreadScenarios
{
    private const string Readings = "SELECT count() FROM readings_data";

    /// <summary>Rows wait for an hour as long as nobody reads; a reader brings them.</summary>
    public static async Task ReadAgainAsync(string directory, int seed)
    {
        await using var harness = await StorageHarness.OpenAsync(directory);
        await using var feed = new ReadingFeed(harness.Log, seed);
        var hour = TimeSpan.FromHours(1);
        await using var sink = harness.Sink(StorageHarness.Options with
        {
            UnreadAfter = TimeSpan.FromMilliseconds(1),
            RawFlushIntervalUnread = hour,
            RollupIntervalUnread = hour,
        });
        await sink.StartAsync(CancellationToken.None);
        await sink.WaitUntilReadyAsync(CancellationToken.None);

        await FeedAsync(harness, feed, sink);
        await ReadUntilStoredAsync(harness, sink);
        var first = await CountAsync(harness, Readings, QueryKind.Sink);
        first.ShouldBeGreaterThan(0);

        await FeedAsync(harness, feed, sink);
        (await CountAsync(harness, Readings, QueryKind.Sink)).ShouldBe(first);
        sink.Progress.ShouldContain(p => p.RawNext < p.ConsumedNext);

        await ReadUntilStoredAsync(harness, sink);
        (await CountAsync(harness, Readings, QueryKind.Sink)).ShouldBeGreaterThan(first);
        await sink.StopAsync(CancellationToken.None);
        (await StoreProof.FindDifferencesAsync(harness.Log, harness.ClickHouse)).ShouldBeEmpty();
    }

    /// <summary>Minutes off: hours, days and latest values are whole, a start fills nothing in, and the horizon says from when on there are minutes.</summary>
    public static async Task WithoutMinutesAsync(string directory, int seed)
    {
        long readings;
        await using (var harness = await StorageHarness.OpenAsync(directory, minutes: TimeSpan.Zero))
        {
            await using var feed = new ReadingFeed(harness.Log, seed);
            DamageScenarios.Feed(feed, null, 400);
            await feed.FlushAsync();
            await StorageScenarios.RunToEndAsync(harness);

            readings = await CountAsync(harness, Readings, QueryKind.Sink);
            readings.ShouldBeGreaterThan(0);
            (await CountAsync(harness, "SELECT count() FROM readings_1m_data", QueryKind.Sink)).ShouldBe(0);
            foreach (var table in (string[])["readings_1h_data", "readings_1d_data", "readings_last_data"])
            {
                (await CountAsync(harness, $"SELECT sum(n) FROM {table}", QueryKind.Sink)).ShouldBe(readings, table);
            }

            var horizon = await new StoreHorizonReader(harness.ClickHouse, TimeProvider.System).ReadNowAsync(CancellationToken.None);
            horizon.Covers(StoreTable.Minute, horizon.AskedAt - TimeSpan.FromMinutes(1)).ShouldBeFalse();
        }

        await using (var harness = await StorageHarness.OpenAsync(directory, minutes: TimeSpan.FromDays(90)))
        {
            var logs = new LogEntries();
            await using (var sink = harness.Sink(loggers: logs))
            {
                await sink.RunToEndAsync(CancellationToken.None);
            }

            logs.All.ShouldNotContain(e => e.Id == 4020);
            (await CountAsync(harness, Readings, QueryKind.Sink)).ShouldBe(readings);
            var horizon = await new StoreHorizonReader(harness.ClickHouse, TimeProvider.System).ReadNowAsync(CancellationToken.None);
            horizon.Of(StoreTable.Minute).Cause.ShouldBe(HorizonCause.Former);
        }
    }

    /// <summary>A reader waits for what is held back, but not for long; a busy machine may need another.</summary>
    private static async Task ReadUntilStoredAsync(StorageHarness harness, StorageSink sink)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(5));
        while (!sink.Progress.All(p => p.RawNext == p.ConsumedNext))
        {
            await CountAsync(harness, Readings, QueryKind.Reader);
            await Task.Delay(10, deadline.Token);
        }
    }

    private static async Task FeedAsync(StorageHarness harness, ReadingFeed feed, StorageSink sink)
    {
        DamageScenarios.Feed(feed, null, 100);
        await feed.FlushAsync();
        for (var i = 0; i < sink.Progress.Count; i++)
        {
            var partition = sink.Progress[i].Partition;
            var end = (await harness.Log.QueryOffsetsAsync(new(LogTopics.Readings, partition), CancellationToken.None)).High;
            await StorageScenarios.UntilAsync(() => sink.Progress.Single(p => p.Partition == partition).ConsumedNext >= end);
        }
    }

    private static async Task<long> CountAsync(StorageHarness harness, string sql, QueryKind kind) =>
        long.Parse((await harness.ClickHouse.QueryRowsAsync(sql, null, CancellationToken.None, kind))[0][0], CultureInfo.InvariantCulture);
}
