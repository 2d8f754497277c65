using Confluent.Kafka;
using Telemetry.Testing;

namespace Telemetry.IntegrationTests.Streams.Kafka;

/// <summary>
/// Three brokers, of which one after the other is killed and brought back for as long as tests run: the active controller
/// first, then each in turn. The next dies only when all replicas are in sync again: two losses at once are more than three
/// copies are made for.
/// </summary>
public sealed class DisturbedKafka : IKafkaFixture, IAsyncLifetime
{
    private const int Brokers = 3;

    /// <summary>Longer than the broker session below, so that leaders and coordinators move.</summary>
    private static readonly TimeSpan Downtime = TimeSpan.FromSeconds(4);

    /// <summary>
    /// Longer than a group session: a coordinator that has just taken over counts a member's silence anew, and one that died
    /// without a word must be found out before the next coordinator does.
    /// </summary>
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(12);

    private readonly SemaphoreSlim _turn = new(1);
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _gate = new();
    private KafkaCluster? _cluster;
    private Task _disturbing = Task.CompletedTask;
    private TaskCompletionSource _restarted = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>A few losses in a row, each in the way of the same call.</summary>
    public TimeSpan Patience => TimeSpan.FromMinutes(2);

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async Task<KafkaCluster> BeforeTestAsync()
    {
        Assert.SkipWhen(KafkaCluster.MissingReason(own: true) is not null, KafkaCluster.MissingReason(own: true) ?? "");
        await _turn.WaitAsync();
        try
        {
            if (_cluster is null)
            {
                // Members outlive the move of their coordinator.
                _cluster = await KafkaCluster.StartAsync(
                    Brokers, "broker.session.timeout.ms=3000", "broker.heartbeat.interval.ms=500",
                    "group.consumer.session.timeout.ms=10000");
                _disturbing = Task.Run(() => DisturbAsync(_cluster));
            }

            return _cluster;
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Returns when so many more brokers have been killed and are back.</summary>
    internal async Task WaitForRestartsAsync(int count, CancellationToken cancellationToken)
    {
        for (var i = 0; i < count; i++)
        {
            Task restarted;
            lock (_gate)
            {
                restarted = _restarted.Task;
            }

            await (await Task.WhenAny(restarted, _disturbing)).WaitAsync(cancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        try
        {
            await _disturbing;
        }
        finally
        {
            if (_cluster is not null)
            {
                await _cluster.DisposeAsync();
            }

            _stop.Dispose();
            _turn.Dispose();
        }
    }

    private async Task DisturbAsync(KafkaCluster cluster)
    {
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = cluster.BootstrapServers })
            .SetLogHandler(static (_, _) => { })
            .Build();
        try
        {
            for (var victim = await cluster.ControllerAsync(); ; victim = (victim % Brokers) + 1)
            {
                await cluster.KillBrokerAsync(victim);
                await Task.Delay(Downtime, _stop.Token);
                await cluster.StartBrokerAsync(victim);
                while (!IsInSync(admin))
                {
                    await Task.Delay(TimeSpan.FromMilliseconds(200), _stop.Token);
                }

                Restarted();
                await Task.Delay(Quiet, _stop.Token);
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            return;
        }
    }

    private void Restarted()
    {
        lock (_gate)
        {
            _restarted.SetResult();
            _restarted = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    private static bool IsInSync(IAdminClient admin)
    {
        try
        {
            var metadata = admin.GetMetadata(TimeSpan.FromSeconds(5));
            return metadata.Brokers.Count == Brokers
                && metadata.Topics.SelectMany(topic => topic.Partitions).All(p => p.InSyncReplicas.Length == p.Replicas.Length);
        }
        catch (KafkaException)
        {
            return false;
        }
    }
}

[CollectionDefinition(Name)]
public sealed class DisturbedKafkaCollection : ICollectionFixture<DisturbedKafka>
{
    public const string Name = "Kafka that loses brokers";
}
