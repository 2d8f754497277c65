namespace Telemetry.IntegrationTests.Storage;

/// <summary>
/// Several sink processes over Kafka write one ClickHouse through HTTP, while one is stopped and its request held back on the wire, wakes
/// up as a zombie, and another is killed. Every reading and event ends up there once.
/// </summary>
public sealed class SharedStoreTests : IDisposable
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private readonly string _directory = Directory.CreateTempSubdirectory("telemetry-shared-").FullName;

    [Fact]
    public async Task Zombie_and_its_late_insert_change_nothing()
    {
        await using var store = await SharedStore.StartAsync(_directory);
        using var stop = new CancellationTokenSource();
        await using var readings = new ReadingFeed(store.Log, 21);
        await using var events = new EventFeed(store.Log, 21);
        var feeding = DamageScenarios.FlowAsync(readings, events, stop.Token);
        using var first = await store.JoinAsync(1, proxied: true, fenced: true);
        await store.CommittedAsync();
        using var second = await store.JoinAsync(2, proxied: false, fenced: true);
        await store.OwnsAsync(2, atLeast: 1);

        // The first stands still with an INSERT on the wire; the second takes over and fills in.
        store.HoldInsert();
        await store.HeldAsync();
        first.Pause();
        await store.OwnsAsync(2, atLeast: StorageHarness.Partitions);
        await store.CommittedAsync();
        (await store.ReleaseInsertAsync()).ShouldContain("395");

        // The first wakes up a zombie, and is let in again; then the second is killed.
        first.Resume();
        await store.OwnsAsync(1, atLeast: 1);
        await second.KillAsync(Token);
        await store.OwnsAsync(1, atLeast: StorageHarness.Partitions);
        await stop.CancelAsync();
        await feeding;
        await store.CommittedAsync();
        await first.KillAsync(Token);
        (await StoreProof.FindDifferencesAsync(store.Log, store.ClickHouse)).ShouldBeEmpty(first.Output);
    }

    /// <summary>
    /// Shows that the test above would notice. The first is not woken up: without claims it may not give up an INSERT that is on its way,
    /// and nobody answers this one.
    /// </summary>
    [Fact]
    public async Task Zombie_doubles_rows_without_claims()
    {
        await using var store = await SharedStore.StartAsync(_directory);
        await using var readings = new ReadingFeed(store.Log, 21);
        await using var events = new EventFeed(store.Log, 21);
        await FeedAsync(readings, events);
        using var first = await store.JoinAsync(1, proxied: true, fenced: false);
        await store.CommittedAsync();
        store.HoldInsert();
        await FeedAsync(readings, events);
        await store.HeldAsync();
        first.Pause();

        // The readings of the INSERT are behind no checkpoint: only a second sink that has taken over can commit them.
        using var second = await store.JoinAsync(2, proxied: false, fenced: false);
        await store.CommittedAsync();
        (await StoreProof.FindDifferencesAsync(store.Log, store.ClickHouse)).ShouldBeEmpty(second.Output);
        (await store.ReleaseInsertAsync()).ShouldStartWith("HTTP/1.1 200");
        (await StoreProof.FindDifferencesAsync(store.Log, store.ClickHouse)).ShouldContain(d => d.Contains("twice", StringComparison.Ordinal));
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private static async Task FeedAsync(ReadingFeed readings, EventFeed events)
    {
        DamageScenarios.Feed(readings, events, 100);
        await readings.FlushAsync();
        await events.FlushAsync();
    }
}
