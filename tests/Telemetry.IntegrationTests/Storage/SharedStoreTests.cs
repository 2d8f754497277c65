using System.Globalization;
using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Telemetry.Contracts;
using Telemetry.IntegrationTests.Streams.Kafka;
using Telemetry.Storage.ClickHouse;
using Telemetry.Storage.ClickHouse.Http;
using Telemetry.Storage.Schema;
using Telemetry.Streams;
using Telemetry.Testing;

namespace Telemetry.IntegrationTests.Storage;

/// <summary>
/// Several sink processes over Kafka write one ClickHouse through HTTP, while one is stopped and its request held back on the wire, wakes
/// up as a zombie, and another is killed. Every reading and event ends up there once.
/// </summary>
public sealed class SharedStoreTests : IDisposable
{
    private const int Partitions = 3;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private readonly string _directory = Directory.CreateTempSubdirectory("telemetry-shared-").FullName;

    [Fact]
    public Task Zombie_and_its_late_insert_change_nothing() => RunAsync(fenced: true);

    /// <summary>Shows that the test above would notice.</summary>
    [Fact(Explicit = true)]
    public Task Zombie_doubles_rows_without_claims() => RunAsync(fenced: false);

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private async Task RunAsync(bool fenced)
    {
        Assert.SkipWhen(KafkaCluster.MissingReason(own: true) is not null, KafkaCluster.MissingReason(own: true) ?? "");
        await using var kafka = await KafkaCluster.StartAsync(1);
        await using var log = KafkaHost.Open(kafka);
        await log.EnsureTopicsAsync(
            [
                new TopicSpec(KafkaTopics.Readings, Partitions),
                new TopicSpec(KafkaTopics.SinkState, Partitions, Compacted: true),
                new TopicSpec(KafkaTopics.Anomalies, 1),
                new TopicSpec(KafkaTopics.DeviceEvents, 1),
                new TopicSpec(KafkaTopics.DeadLetters, 1),
            ],
            Token);
        await SharedStoreScenarios.PublishAsync(Path.Combine(_directory, SharedStoreScenarios.KafkaFile), kafka.BootstrapServers);
        using var engine = ChildProcess.Start("serve", _directory, 0);
        var file = Path.Combine(_directory, SharedStoreScenarios.EndpointFile);
        await engine.WaitForFileAsync(file, Token);
        var endpoint = new Uri(await File.ReadAllTextAsync(file, Token));
        await using var clickHouse = new ClickHouseHttp(new ClickHouseHttpOptions { Endpoint = endpoint }, NullLoggerFactory.Instance);
        await SchemaMigrator.ApplyAsync(
            clickHouse,
            new SchemaOptions { FreeDiskBytesMin = 0, RawRetention = TimeSpan.FromDays(36500), MinuteRetention = TimeSpan.FromDays(36500) },
            NullLoggerFactory.Instance,
            TimeProvider.System,
            Token);
        await using var proxy = new HoldingProxy(IPEndPoint.Parse(endpoint.Authority));

        using var stop = new CancellationTokenSource();
        await using var readings = new ReadingFeed(log, 21);
        await using var events = new EventFeed(log, 21);
        var feeding = DamageScenarios.FlowAsync(readings, events, stop.Token);
        using var first = await JoinAsync(1, $"http://{proxy.Address}", fenced);
        await CommittedAsync(log);
        using var second = await JoinAsync(2, endpoint.ToString(), fenced);
        await OwnsAsync(clickHouse, fenced, 2, atLeast: 1);

        // The first stands still with an INSERT on the wire; the second takes over and fills in.
        proxy.Hold("INSERT%20INTO%20readings%20");
        await HeldAsync(proxy);
        first.Pause();
        await OwnsAsync(clickHouse, fenced, 2, atLeast: Partitions);
        await CommittedAsync(log);
        proxy.Release();
        var answer = await proxy.Answer.WaitAsync(Patience, Token);
        if (fenced)
        {
            answer.ShouldContain("395");
        }

        // The first wakes up a zombie, and is let in again; then the second is killed.
        first.Resume();
        await OwnsAsync(clickHouse, fenced, 1, atLeast: 1);
        await second.KillAsync(Token);
        await OwnsAsync(clickHouse, fenced, 1, atLeast: Partitions);
        await stop.CancelAsync();
        await feeding;
        await CommittedAsync(log);
        await first.KillAsync(Token);

        var differences = await StoreProof.FindDifferencesAsync(log, clickHouse);
        if (fenced)
        {
            differences.ShouldBeEmpty(first.Output);
        }
        else
        {
            differences.ShouldContain(d => d.Contains("twice", StringComparison.Ordinal));
        }

        await engine.KillAsync(Token);
    }

    private async Task<ChildProcess> JoinAsync(int number, string endpoint, bool fenced)
    {
        await SharedStoreScenarios.PublishAsync(
            Path.Combine(_directory, string.Create(CultureInfo.InvariantCulture, $"{SharedStoreScenarios.EndpointFile}-{number}")), endpoint);
        return ChildProcess.Start(fenced ? "join" : "join-unfenced", _directory, number);
    }

    /// <summary>Everything that is in the log now is behind the groups' checkpoints.</summary>
    private static async Task CommittedAsync(IRecordLog log)
    {
        foreach (var (topic, group) in ((string, string)[])
            [
                (KafkaTopics.Readings, StorageHarness.Options.Group),
                (KafkaTopics.Anomalies, $"{StorageHarness.Options.Group}-anomalies"),
                (KafkaTopics.DeviceEvents, $"{StorageHarness.Options.Group}-device_events"),
            ])
        {
            var count = await log.QueryPartitionCountAsync(topic, Token);
            for (var i = 0; i < count; i++)
            {
                var partition = new TopicPartition(topic, i);
                var high = (await log.QueryOffsetsAsync(partition, Token)).High;
                await UntilAsync(async () => (await log.QueryCommittedAsync(group, [partition], Token)).TryGetValue(partition, out var c) && c.Offset >= high);
            }
        }
    }

    /// <summary>The claims tell the owners; without them a member's silence has to be waited out.</summary>
    private static async Task OwnsAsync(IClickHouse clickHouse, bool fenced, int number, int atLeast)
    {
        if (!fenced)
        {
            await Task.Delay(TimeSpan.FromSeconds(12), Token);
            return;
        }

        await UntilAsync(async () => int.Parse(
            (await clickHouse.QueryRowsAsync(
                "SELECT countIf(startsWith(owner, {name:String})) FROM (SELECT max(claim).2 AS owner FROM sink_claims WHERE source = 'readings' GROUP BY partition)",
                [new("name", $"{SharedStoreScenarios.Name(number)}-")],
                Token))[0][0],
            CultureInfo.InvariantCulture) >= atLeast);
    }

    /// <summary>A whole request is held: nothing has come for a while.</summary>
    private static async Task HeldAsync(HoldingProxy proxy)
    {
        await UntilAsync(() => Task.FromResult(proxy.HeldBytes > 0));
        for (var before = 0L; before != proxy.HeldBytes;)
        {
            before = proxy.HeldBytes;
            await Task.Delay(300, Token);
        }
    }

    private static async Task UntilAsync(Func<Task<bool>> condition)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Token);
        deadline.CancelAfter(Patience);
        while (!await condition())
        {
            await Task.Delay(50, deadline.Token);
        }
    }
}
