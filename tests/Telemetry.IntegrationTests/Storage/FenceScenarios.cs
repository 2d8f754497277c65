using Telemetry.Storage.ClickHouse;
using Telemetry.Storage.Sink;

namespace Telemetry.IntegrationTests.Storage;

/// <summary>What a child process does to a store that others write as well.</summary>
internal static class FenceScenarios
{
    private static readonly string[] Targets = ["readings", "readings_1m", "readings_1h", "readings_1d", "readings_last", "anomalies", "device_events", "incidents", "alarms", "catalogue"];

    /// <summary>
    /// An INSERT is lost on the way, the sink recovers and fills in what it held, and then the INSERT arrives. With each target, and once
    /// with another sink as the one that takes over.
    /// </summary>
    public static async Task LateInsertsAsync(string directory, int seed)
    {
        await using var harness = await StorageHarness.OpenAsync(directory);
        await using var readings = new ReadingFeed(harness.Log, seed);
        await using var events = new EventFeed(harness.Log, seed);
        foreach (var other in (bool[])[false, true])
        {
            foreach (var target in Targets)
            {
                await using var wire = new LateClickHouse(harness.ClickHouse);
                var options = StorageHarness.Options with { RetryMax = TimeSpan.FromMilliseconds(100), TransactionalId = $"member-{target}" };
                await using (var sink = harness.Sink(options, clickHouse: wire))
                {
                    await sink.StartAsync(CancellationToken.None);
                    await sink.WaitUntilReadyAsync(CancellationToken.None);
                    wire.Hold(target);
                    await StorageScenarios.UntilAsync(() =>
                    {
                        DamageScenarios.Feed(readings, events, 5);
                        return wire.Held > 0;
                    });
                    await Task.WhenAll(readings.FlushAsync().AsTask(), events.FlushAsync().AsTask());
                    if (!other)
                    {
                        await DrainAsync(sink);
                        (await wire.ReleaseAsync()).ShouldBe(0, target);
                    }
                }

                if (other)
                {
                    await using var next = harness.Sink(
                        options with { TransactionalId = "next" }, clickHouse: new LateClickHouse(harness.ClickHouse));
                    await next.StartAsync(CancellationToken.None);
                    await DrainAsync(next);
                    (await wire.ReleaseAsync()).ShouldBe(0, target);
                }

                (await StoreProof.FindDifferencesAsync(harness.Log, harness.ClickHouse)).ShouldBeEmpty($"{target}, {(other ? "another" : "same")} sink");
            }
        }
    }

    /// <summary>What the claims are for: without them the INSERT that arrives late is taken, and rows are there twice.</summary>
    public static async Task LateInsertWithoutClaimsAsync(string directory, int seed)
    {
        await using var harness = await StorageHarness.OpenAsync(directory);
        await using var readings = new ReadingFeed(harness.Log, seed);
        await using var wire = new LateClickHouse(harness.ClickHouse, isShared: false);
        await using var sink = harness.Sink(StorageHarness.Options, clickHouse: wire);
        await sink.StartAsync(CancellationToken.None);
        await sink.WaitUntilReadyAsync(CancellationToken.None);
        wire.Hold(Targets[0]);
        await StorageScenarios.UntilAsync(() =>
        {
            DamageScenarios.Feed(readings, null, 5);
            return wire.Held > 0;
        });
        await readings.FlushAsync();
        await DrainAsync(sink);
        (await wire.ReleaseAsync()).ShouldBe(1);
        (await StoreProof.FindDifferencesAsync(harness.Log, harness.ClickHouse)).ShouldContain(d => d.Contains("twice", StringComparison.Ordinal));
    }

    /// <summary>Two sinks share a store when one finds markers that span a hole: it builds the months again while the other is kept out.</summary>
    public static async Task SharedRebuildAsync(string directory, int seed)
    {
        await using var harness = await StorageHarness.OpenAsync(directory);
        await using var readings = new ReadingFeed(harness.Log, seed);
        await DamageScenarios.MakeHolesAsync(harness, readings, seed);
        using var stop = new CancellationTokenSource();
        var feeding = DamageScenarios.FlowAsync(readings, null, stop.Token);
        await using var first = DamageScenarios.Member(harness, 1);
        await using var second = DamageScenarios.Member(harness, 2);
        await first.StartAsync(CancellationToken.None);
        await second.StartAsync(CancellationToken.None);
        await StorageScenarios.UntilAsync(() => first.IsReady && second.IsReady && first.Progress.Count > 0 && second.Progress.Count > 0);
        await stop.CancelAsync();
        await feeding;
        await first.StopAsync(CancellationToken.None);
        await second.StopAsync(CancellationToken.None);
        await StorageScenarios.RunToEndAsync(harness);
        (await StoreProof.FindDifferencesAsync(harness.Log, harness.ClickHouse)).ShouldBeEmpty();
        (await harness.ClickHouse.QueryRowsAsync(
            "SELECT name FROM system.tables WHERE position(name, '_rebuild_') > 0", null, CancellationToken.None)).ShouldBeEmpty();
    }

    private static async Task DrainAsync(StorageSink sink)
    {
        for (var drained = false; !drained;)
        {
            try
            {
                await sink.DrainAsync(CancellationToken.None);
                drained = true;
            }
            catch (OperationCanceledException)
            {
                await StorageScenarios.UntilAsync(() => sink.IsReady);
            }
        }
    }
}
