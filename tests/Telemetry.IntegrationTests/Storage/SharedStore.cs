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
/// Kafka, the engine in a process that serves it, and a proxy before it that can hold an INSERT back; sink processes join.
/// </summary>
internal sealed class SharedStore : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(240);
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private readonly string _directory;
    private readonly ChildProcess _engine;
    private KafkaCluster _kafka = null!;
    private Uri _endpoint = null!;
    private HoldingProxy _proxy = null!;

    private SharedStore(string directory)
    {
        _directory = directory;
        _engine = ChildProcess.Start("serve", directory, 0);
    }

    public IRecordLog Log { get; private set; } = null!;

    public IClickHouse ClickHouse { get; private set; } = null!;

    /// <summary>Starts everything but the sinks, with topics and schema; skips the test where there is no Kafka.</summary>
    public static async Task<SharedStore> StartAsync(string directory)
    {
        Assert.SkipWhen(KafkaCluster.MissingReason(own: true) is not null, KafkaCluster.MissingReason(own: true) ?? "");
        var store = new SharedStore(directory);
        try
        {
            await store.StartAsync();
            return store;
        }
        catch (Exception)
        {
            await store.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts a sink process of the group.</summary>
    /// <param name="number">Tells it from others.</param>
    /// <param name="proxied">True: its way to the engine leads through the proxy.</param>
    /// <param name="fenced">False: it neither claims partitions nor checks claims.</param>
    public async Task<ChildProcess> JoinAsync(int number, bool proxied, bool fenced)
    {
        await SharedStoreScenarios.PublishAsync(
            Path.Combine(_directory, string.Create(CultureInfo.InvariantCulture, $"{SharedStoreScenarios.EndpointFile}-{number}")),
            proxied ? $"http://{_proxy.Address}" : _endpoint.ToString());
        return ChildProcess.Start(fenced ? "join" : "join-unfenced", _directory, number);
    }

    /// <summary>The next INSERT of readings that comes to the proxy is held back there.</summary>
    public void HoldInsert() => _proxy.Hold("INSERT+INTO+readings+");

    /// <summary>The INSERT is held, whole: nothing has come for a while.</summary>
    public async Task HeldAsync()
    {
        await UntilAsync(() => Task.FromResult(_proxy.HeldBytes > 0));
        for (var before = 0L; before != _proxy.HeldBytes;)
        {
            before = _proxy.HeldBytes;
            await Task.Delay(300, Token);
        }
    }

    /// <summary>Lets the INSERT go, and returns the engine's answer, which nobody else gets.</summary>
    public Task<string> ReleaseInsertAsync()
    {
        _proxy.Release();
        return _proxy.Answer.WaitAsync(Patience, Token);
    }

    /// <summary>Everything that is in the log now is behind the groups' checkpoints.</summary>
    public async Task CommittedAsync()
    {
        foreach (var (topic, group) in ((string, string)[])
            [
                (LogTopics.Readings, StorageHarness.Options.Group),
                (LogTopics.Anomalies, $"{StorageHarness.Options.Group}-anomalies"),
                (LogTopics.DeviceEvents, $"{StorageHarness.Options.Group}-device_events"),
                (LogTopics.Incidents, $"{StorageHarness.Options.Group}-incidents"),
                (LogTopics.Alarms, $"{StorageHarness.Options.Group}-alarms"),
                (LogTopics.Catalogue, $"{StorageHarness.Options.Group}-catalogue"),
            ])
        {
            var count = await Log.QueryPartitionCountAsync(topic, Token);
            for (var i = 0; i < count; i++)
            {
                var partition = new TopicPartition(topic, i);
                var high = (await Log.QueryOffsetsAsync(partition, Token)).High;
                await UntilAsync(async () => (await Log.QueryCommittedAsync(group, [partition], Token)).TryGetValue(partition, out var c) && c.Offset >= high);
            }
        }
    }

    /// <summary>The newest claims of at least so many partitions are this sink's.</summary>
    public Task OwnsAsync(int number, int atLeast) => UntilAsync(async () => int.Parse(
        (await ClickHouse.QueryRowsAsync(
            "SELECT countIf(startsWith(owner, {name:String})) FROM (SELECT max(claim).2 AS owner FROM sink_claims WHERE source = 'readings' GROUP BY partition)",
            [new("name", $"{SharedStoreScenarios.Name(number)}-")],
            Token))[0][0],
        CultureInfo.InvariantCulture) >= atLeast);

    public async ValueTask DisposeAsync()
    {
        await (_proxy?.DisposeAsync() ?? ValueTask.CompletedTask);
        await (ClickHouse?.DisposeAsync() ?? ValueTask.CompletedTask);
        _engine.Dispose();
        await (Log?.DisposeAsync() ?? ValueTask.CompletedTask);
        await (_kafka?.DisposeAsync() ?? ValueTask.CompletedTask);
    }

    private async Task StartAsync()
    {
        _kafka = await KafkaCluster.StartAsync(1);
        Log = KafkaHost.Open(_kafka);
        await Log.EnsureTopicsAsync(StorageHarness.Topics, Token);
        await SharedStoreScenarios.PublishAsync(Path.Combine(_directory, SharedStoreScenarios.KafkaFile), _kafka.BootstrapServers);
        var file = Path.Combine(_directory, SharedStoreScenarios.EndpointFile);
        await _engine.WaitForFileAsync(file, Token);
        _endpoint = new Uri(await File.ReadAllTextAsync(file, Token));
        _proxy = new HoldingProxy(IPEndPoint.Parse(_endpoint.Authority));
        ClickHouse = new ClickHouseHttp(new ClickHouseHttpOptions { Endpoint = _endpoint }, NullLoggerFactory.Instance);
        await SchemaMigrator.ApplyAsync(
            ClickHouse,
            new SchemaOptions { FreeDiskBytesMin = 0, RawRetention = TimeSpan.FromDays(36500), MinuteRetention = TimeSpan.FromDays(36500) },
            NullLoggerFactory.Instance,
            TimeProvider.System,
            Token);
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
