using System.Text;
using Telemetry.Storage.ClickHouse;
using Telemetry.Storage.Writing;
using Telemetry.Streams;

namespace Telemetry.IntegrationTests.Storage;

/// <summary>What a child process does to a log and a store.</summary>
internal static class StorageScenarios
{
    public const string ReadyFile = "ready";

    /// <summary>Recovers, then feeds and stores until the process is killed.</summary>
    public static async Task FeedUntilKilledAsync(string directory, int seed)
    {
        await using var harness = await StorageHarness.OpenAsync(directory);
        await using var sink = harness.Sink(seed % 2 == 0 ? StorageHarness.Options : StorageHarness.Unread);
        await File.WriteAllTextAsync(Path.Combine(directory, ReadyFile), "");
        await sink.StartAsync(CancellationToken.None);
        await using var feed = new ReadingFeed(harness.Log, seed);
        await using var events = new EventFeed(harness.Log, seed);
        var random = new Random(seed);
        while (true)
        {
            for (var i = random.Next(60); i >= 0; i--)
            {
                feed.Append();
                if (i % 4 == 0)
                {
                    events.Append();
                }
            }

            await feed.FlushAsync();
            await events.FlushAsync();
            await Task.Delay(random.Next(20));
        }
    }

    /// <summary>Stores all that is in the log, then proves the store equal to it.</summary>
    public static async Task VerifyAsync(string directory)
    {
        await using var harness = await StorageHarness.OpenAsync(directory);
        await RunToEndAsync(harness);
        (await StoreProof.FindDifferencesAsync(harness.Log, harness.ClickHouse)).ShouldBeEmpty();
    }

    /// <summary>
    /// Removes parts newer than the checkpoint at random, as a power cut may. The commit of the checkpoint fails (another
    /// producer has fenced the sink's), so the tables are ahead of it.
    /// </summary>
    public static async Task LosePartsAsync(string directory, int seed)
    {
        await using var harness = await StorageHarness.OpenAsync(directory);
        var random = new Random(seed);
        await using var feed = new ReadingFeed(harness.Log, seed);
        var lost = 0;
        for (var round = 0; round < 4; round++)
        {
            var old = await StoreWithoutCheckpointAsync(harness, feed, random);
            lost += await RemovePartsAsync(harness.ClickHouse, old, random);
            await RunToEndAsync(harness);
            (await StoreProof.FindDifferencesAsync(harness.Log, harness.ClickHouse)).ShouldBeEmpty($"round {round}, {lost} parts lost");
        }

        lost.ShouldBeGreaterThan(10);
    }

    /// <summary>A table refuses its rows for some time, each target in turn; the same process recovers.</summary>
    public static async Task FailingTargetAsync(string directory, int seed)
    {
        await using var harness = await StorageHarness.OpenAsync(directory);
        await using var feed = new ReadingFeed(harness.Log, seed);
        await using var sink = harness.Sink(StorageHarness.Options with { RetryMax = TimeSpan.FromMilliseconds(100) });
        await sink.StartAsync(CancellationToken.None);
        await sink.WaitUntilReadyAsync(CancellationToken.None);
        foreach (var target in SinkTarget.Rollups)
        {
            // A constraint is checked as the block is written, after other targets have been.
            await harness.ClickHouse.ExecuteAsync(
                new ClickHouseQuery($"ALTER TABLE {target.Table} ADD CONSTRAINT broken CHECK n = 0"), CancellationToken.None);
            for (var i = 0; i < 200; i++)
            {
                feed.Append();
            }

            await feed.FlushAsync();
            await UntilAsync(() => !sink.IsReady && sink.NotReadyReason!.Contains("broken", StringComparison.Ordinal));
            await harness.ClickHouse.ExecuteAsync(
                new ClickHouseQuery($"ALTER TABLE {target.Table} DROP CONSTRAINT broken"), CancellationToken.None);
            await UntilAsync(() => sink.IsReady);
        }

        await sink.StopAsync(CancellationToken.None);
        await RunToEndAsync(harness);
        (await StoreProof.FindDifferencesAsync(harness.Log, harness.ClickHouse)).ShouldBeEmpty();
    }

    /// <summary>Readings for buckets that were closed long ago correct them.</summary>
    public static async Task LateDataAsync(string directory, int seed)
    {
        await using var harness = await StorageHarness.OpenAsync(directory);
        for (var round = 0; round < 3; round++)
        {
            await using var feed = new ReadingFeed(harness.Log, seed + round);
            await using var events = new EventFeed(harness.Log, seed + round);
            for (var i = 0; i < 300; i++)
            {
                feed.Append();
                events.Append();
            }

            await feed.FlushAsync();
            await events.FlushAsync();
            await RunToEndAsync(harness);
            foreach (var target in SinkTarget.All)
            {
                await harness.ClickHouse.ExecuteAsync(new ClickHouseQuery($"OPTIMIZE TABLE {target.Table} FINAL"), CancellationToken.None);
            }
        }

        (await StoreProof.FindDifferencesAsync(harness.Log, harness.ClickHouse)).ShouldBeEmpty();
    }

    /// <summary>The store's file system (mounted by the parent, small) fills up, and has room again.</summary>
    public static async Task FullDiskAsync(string directory, int seed)
    {
        await using var harness = await StorageHarness.OpenAsync(directory, store: Path.Combine(directory, "mount", "store"));
        await using var feed = new ReadingFeed(harness.Log, seed);
        await using var sink = harness.Sink(StorageHarness.Options with { RetryMax = TimeSpan.FromMilliseconds(200) });
        await sink.StartAsync(CancellationToken.None);
        await sink.WaitUntilReadyAsync(CancellationToken.None);
        var ballast = Path.Combine(directory, "mount", "ballast");
        for (var round = 0; round < 3; round++)
        {
            await FillAsync(ballast);
            for (var i = 0; i < 300; i++)
            {
                feed.Append();
            }

            await feed.FlushAsync();
            await UntilAsync(() => !sink.IsReady);
            File.Delete(ballast);
            await UntilAsync(() => sink.IsReady);
        }

        await sink.StopAsync(CancellationToken.None);
        await RunToEndAsync(harness);
        (await StoreProof.FindDifferencesAsync(harness.Log, harness.ClickHouse)).ShouldBeEmpty();
    }

    private static async Task FillAsync(string ballast)
    {
        await using var file = new FileStream(ballast, FileMode.Create);
        var block = new byte[64 << 10];
        try
        {
            while (true)
            {
                await file.WriteAsync(block);
                await file.FlushAsync();
            }
        }
        catch (IOException)
        {
            // Full: that is what it is for.
            file.SetLength(file.Length);
        }
    }

    internal static async Task<IReadOnlySet<string>> StoreWithoutCheckpointAsync(StorageHarness harness, ReadingFeed feed, Random random)
    {
        await using var sink = harness.Sink(StorageHarness.Options with { RetryMin = TimeSpan.FromMinutes(5), RetryMax = TimeSpan.FromMinutes(5) });
        await sink.StartAsync(CancellationToken.None);
        await sink.WaitUntilReadyAsync(CancellationToken.None);
        foreach (var target in SinkTarget.All)
        {
            // A merge would put rows below the checkpoint into a part that is to be lost.
            await harness.ClickHouse.ExecuteAsync(new ClickHouseQuery($"SYSTEM STOP MERGES {target.Table}"), CancellationToken.None);
        }

        // One that was under way may still put rows of before into a part with a new name.
        while ((await harness.ClickHouse.QueryRowsAsync("SELECT count() FROM system.merges", null, CancellationToken.None))[0][0] != "0")
        {
            await Task.Delay(10);
        }

        var old = await PartsAsync(harness.ClickHouse);
        await using var fence = await harness.Log.OpenTransactionalProducerAsync(
            StorageHarness.Options.TransactionalId, new ProducerOptions(), CancellationToken.None);
        while (sink.IsReady)
        {
            for (var i = 0; i < random.Next(1, 40); i++)
            {
                feed.Append();
            }

            await feed.FlushAsync();
            await Task.Delay(20);
        }

        sink.NotReadyReason.ShouldNotBeNull();
        return old;
    }

    private static async Task<int> RemovePartsAsync(IClickHouse clickHouse, IReadOnlySet<string> old, Random random)
    {
        var lost = 0;
        foreach (var part in await PartsAsync(clickHouse))
        {
            if (!old.Contains(part) && random.Next(10) < 3)
            {
                var (table, name) = (part.Split('\t')[0], part.Split('\t')[1]);
                await clickHouse.ExecuteAsync(new ClickHouseQuery($"ALTER TABLE {table} DROP PART '{name}'"), CancellationToken.None);
                lost++;
            }
        }

        return lost;
    }

    private static async Task<IReadOnlySet<string>> PartsAsync(IClickHouse clickHouse)
    {
        var result = await clickHouse.QueryAsync(
            new ClickHouseQuery("SELECT table, name FROM system.parts WHERE active AND table LIKE 'readings%'", Format: "TabSeparated"),
            CancellationToken.None);
        return Encoding.UTF8.GetString(result.Body.Span).Split('\n', StringSplitOptions.RemoveEmptyEntries).ToHashSet();
    }

    internal static async Task RunToEndAsync(StorageHarness harness)
    {
        await using var sink = harness.Sink();
        using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(8));
        await sink.RunToEndAsync(deadline.Token);
    }

    internal static async Task UntilAsync(Func<bool> condition)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(5));
        while (!condition())
        {
            await Task.Delay(10, deadline.Token);
        }
    }
}
