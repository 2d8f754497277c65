using System.Text;
using Google.Protobuf;
using Microsoft.Extensions.Logging;
using Telemetry.Bridge.Sparkplug.Nodes;
using Telemetry.Bridge.Sparkplug.Wire;
using Telemetry.Contracts;
using Telemetry.Contracts.Sparkplug;
using Telemetry.Contracts.V1;
using Telemetry.Contracts.Wire;
using Telemetry.Streams;
using Telemetry.Streams.State;

namespace Telemetry.Bridge.Sparkplug.Host;

/// <summary>
/// The Sparkplug B host application: a member of a consumer group on the publishes of edge nodes. Folds each partition into what is known of
/// its nodes, and writes readings, device events, catalogue entries and dead letters. Exactly once: outputs, state and offsets are
/// committed in one transaction, and what comes out is a function of the log alone. Whatever fails, it begins again from what is committed.
/// </summary>
public sealed class SparkplugHost : IAsyncDisposable
{
    private static readonly TimeSpan Restart = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan IdleWait = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan BusyWait = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan SnapshotPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan EmptyAssignmentAfter = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan CommandLifetime = TimeSpan.FromSeconds(30);

    private readonly IRecordLog _log;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly SparkplugMetrics _metrics;
    private readonly RebirthRequests _requests;
    private readonly CancellationTokenSource _stop = new();
    private volatile BridgeOptions _options;
    private volatile SparkplugTotals _totals = new(0, 0, 0, 0, 0, 0);
    private volatile bool _isConsuming;
    private volatile string? _problem = "not started";
    private Task _loop = Task.CompletedTask;
    private long _refreshedMs;

    /// <param name="log">Publishes come from it, everything goes to it.</param>
    /// <param name="options">Bounds and pace in <see cref="BridgeOptions.Sparkplug"/>, schema ids, event times taken.</param>
    /// <param name="time">The clock of commits and requests; what comes out does not depend on it.</param>
    /// <param name="logger">Told of state changes.</param>
    public SparkplugHost(IRecordLog log, BridgeOptions options, TimeProvider time, ILogger<SparkplugHost> logger)
    {
        (_log, _options, _time, _logger) = (log, options, time, logger);
        _requests = new RebirthRequests(options.Sparkplug);
        _metrics = new SparkplugMetrics(() => _totals);
    }

    /// <summary>True while it takes what is on the log.</summary>
    public bool IsConsuming => _isConsuming;

    /// <summary>Why it does not get on, for people; null when it does.</summary>
    public string? NotReadyReason => _problem;

    /// <summary>Told when <see cref="IsConsuming"/> has changed, from the loop; must be quick.</summary>
    public event Action? ConsumingChanged;

    /// <summary>From now on, values carry the schema ids of <paramref name="ids"/>; nothing else of it is used.</summary>
    public void UseSchemaIds(BridgeOptions ids) => _options = _options with
    {
        ReadingBatchSchemaId = ids.ReadingBatchSchemaId,
        ReadingBatchV2SchemaId = ids.ReadingBatchV2SchemaId,
        DeadLetterSchemaId = ids.DeadLetterSchemaId,
        DeviceEventSchemaId = ids.DeviceEventSchemaId,
        DeviceCommandSchemaId = ids.DeviceCommandSchemaId,
        CatalogueSchemaId = ids.CatalogueSchemaId,
    };

    /// <summary>Begins; returns at once.</summary>
    public void Start() => _loop = Task.Factory.StartNew(
        RunAsync, CancellationToken.None, TaskCreationOptions.DenyChildAttach, TaskScheduler.Current).Unwrap();

    /// <summary>Commits what was taken, and leaves the group.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stop.CancelAsync();
        await _loop.WaitAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        _metrics.Dispose();
        _stop.Dispose();
    }

    private long NowMs => _time.GetUtcNow().ToUnixTimeMilliseconds();

    private Task RunAsync() => LogFollower.RunAsync(
        FollowAsync,
        (error, pause) =>
        {
            SetConsuming(false, error.Message);
            Log.SparkplugFailed(_logger, pause, error);
        },
        Restart,
        _time,
        _stop.Token);

    private async Task FollowAsync(CancellationToken cancellationToken)
    {
        var options = _options;
        var sparkplug = options.Sparkplug;

        // First of all: ends what a former run left open, so that the committed offsets are final.
        await using var transactions = await _log.OpenTransactionalProducerAsync(
            sparkplug.TransactionalId, new ProducerOptions(), cancellationToken);
        await using var plain = _log.CreateProducer(new ProducerOptions());
        var partitions = new FoldPartitions(_log, options, transactions, _logger, _time);
        await using var consumer = _log.CreateConsumer(
            new ConsumerOptions { Group = sparkplug.Group, Topics = [LogTopics.Sparkplug], AssignmentListener = partitions });
        var joinedAt = _time.GetTimestamp();
        while (!cancellationToken.IsCancellationRequested)
        {
            foreach (var record in await PollAsync(consumer, partitions, cancellationToken))
            {
                partitions.Process(record);
            }

            if (partitions.IsAssigned || _time.GetElapsedTime(joinedAt) >= EmptyAssignmentAfter)
            {
                SetConsuming(true, null);
            }

            if (!ReferenceEquals(options, _options))
            {
                options = _options;
                partitions.UseOptions(options);
            }

            if (IsCommitDue(partitions))
            {
                await partitions.CommitAsync(consumer, final: false, cancellationToken);
            }

            Tick(partitions, plain);
            AskForBirths(partitions, plain);
            Count(partitions);
        }

        // In good order: the listener commits when the consumer leaves.
    }

    private async ValueTask<IReadOnlyList<LogRecord>> PollAsync(
        IRecordConsumer consumer, FoldPartitions partitions, CancellationToken cancellationToken)
    {
        var sparkplug = _options.Sparkplug;
        var isBusy = partitions.All.Any(static p => p.Uncommitted > 0 || p.Fold.NextDueMs is not null) || _requests.Wanted > 0;
        var wait = isBusy ? (sparkplug.CommitInterval < BusyWait ? sparkplug.CommitInterval : BusyWait) : IdleWait;
        try
        {
            return await consumer.PollAsync(sparkplug.PollRecordsMax, wait, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return [];
        }
    }

    private bool IsCommitDue(FoldPartitions partitions)
    {
        var since = partitions.SinceCommit;
        return partitions.All.Any(p =>
            (p.Uncommitted > 0 && (since >= _options.Sparkplug.CommitInterval || p.Fold.Output.Bytes >= _options.Sparkplug.CommitBytesMax))
            || (p.Fold.Table.DirtyCount > 0 && since >= SnapshotPause));
    }

    /// <summary>A partition whose records stand still gets one that carries nothing but its time.</summary>
    private void Tick(FoldPartitions partitions, IRecordProducer producer)
    {
        var nowMs = NowMs;
        foreach (var partition in partitions.All)
        {
            if (partition.WantsTick(nowMs))
            {
                producer.TryAppend(
                    new NewRecord
                    {
                        Topic = LogTopics.Sparkplug, Partition = partition.Partition.Partition, Value = RawPublish.Tick, TimestampMs = nowMs,
                    },
                    null,
                    0);
            }
        }
    }

    private void AskForBirths(FoldPartitions partitions, IRecordProducer producer)
    {
        var nowMs = NowMs;
        foreach (var partition in partitions.All)
        {
            var changed = partitions.HasChanged ? partition.Fold.Table.Slots : partition.Fold.RebirthChanges;
            foreach (var slot in changed)
            {
                NoteWish(partition, slot, nowMs);
            }

            partition.Fold.RebirthChanges.Clear();
        }

        if (partitions.HasChanged)
        {
            partitions.HasChanged = false;
            _requests.Prune(partitions.Has, nowMs);
        }

        while (_options.Sparkplug.RequestRebirths && _requests.TryTake(nowMs, out var node))
        {
            Ask(node, nowMs, producer);
        }
    }

    private void NoteWish(FoldPartition partition, KeySlot<NodeState> slot, long nowMs)
    {
        if (slot.State is not { } state)
        {
            return;
        }

        var node = new EdgeNodeName(partition.Partition.Partition, state.GroupText, state.EdgeText);
        if (state.RebirthReason is { } reason)
        {
            _requests.Want(node, nowMs);
            Log.SparkplugRebirthWanted(_logger, state.GroupText, state.EdgeText, reason);
        }
        else
        {
            _requests.Settle(node, nowMs);
        }
    }

    /// <summary>
    /// The request goes over the log as a command, because the node may be connected to another edge process. It lives for 30 s: one that
    /// is not connected by then sends its births anyway when it connects.
    /// </summary>
    private void Ask(in EdgeNodeName node, long nowMs, IRecordProducer producer)
    {
        var device = SparkplugNames.Device(Encoding.UTF8.GetBytes(node.Group), Encoding.UTF8.GetBytes(node.Edge), []);
        var command = new DeviceCommand
        {
            Device = Encoding.ASCII.GetString(device),
            CommandId = Guid.NewGuid().ToString("n"),
            Name = "sparkplug-rebirth",
            Topic = RebirthCommand.Topic(node.Group, node.Edge),
            Payload = UnsafeByteOperations.UnsafeWrap(RebirthCommand.Payload(nowMs)),
            IssuedAtUs = nowMs * 1000,
            ExpiresAtUs = (nowMs + (long)CommandLifetime.TotalMilliseconds) * 1000,
            IssuedBy = "sparkplug-host",
        };

        // No room now: the next request of the node comes after its pause.
        if (producer.TryAppend(
            new NewRecord
            {
                Topic = LogTopics.Commands,
                Key = device,
                Value = FramedMessage.Write(command, _options.DeviceCommandSchemaId),
                TimestampMs = nowMs,
            },
            null,
            0))
        {
            _metrics.RebirthRequested();
        }
    }

    private void Count(FoldPartitions partitions)
    {
        foreach (var partition in partitions.All)
        {
            _metrics.Add(partition.Fold.Counts);
        }

        // Counted over all nodes, so not at every poll.
        var nowMs = NowMs;
        if (nowMs - _refreshedMs < 1000 && nowMs >= _refreshedMs)
        {
            return;
        }

        _refreshedMs = nowMs;
        _requests.Prune(partitions.Has, nowMs);
        var folds = partitions.All.Select(static p => p.Fold).ToList();
        _totals = new SparkplugTotals(
            folds.Sum(static f => (long)f.Table.Count),
            folds.Sum(static f => f.Table.Slots.LongCount(static slot => slot.State!.IsOnline)),
            folds.Sum(static f => f.Totals.Metrics),
            folds.Sum(static f => f.Totals.Bytes),
            folds.Sum(static f => f.Table.Evicted),
            _requests.Wanted);
    }

    private void SetConsuming(bool consuming, string? problem)
    {
        _problem = problem;
        if (_isConsuming != consuming)
        {
            _isConsuming = consuming;
            ConsumingChanged?.Invoke();
        }
    }
}
