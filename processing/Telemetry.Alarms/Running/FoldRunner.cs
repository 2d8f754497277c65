using Microsoft.Extensions.Logging;
using Telemetry.Alarms.Diagnostics;
using Telemetry.Alarms.Folding;
using Telemetry.Streams;

namespace Telemetry.Alarms.Running;

/// <summary>
/// A member of a consumer group that folds each of its partitions. Exactly once: outputs, state and offsets are committed in one transaction. Whatever
/// fails, it begins again from what is committed. Used by one loop.
/// </summary>
internal sealed class FoldRunner<TFold> : IAsyncDisposable
    where TFold : IPartitionFold
{
    private const int PollRecordsMax = 2000;
    private static readonly TimeSpan Restart = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan IdleWait = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan BusyWait = TimeSpan.FromMilliseconds(10);

    private readonly IRecordLog _log;
    private readonly FoldSpec<TFold> _spec;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stop = new();
    private volatile string? _problem = "not started";
    private Task _loop = Task.CompletedTask;

    public FoldRunner(IRecordLog log, FoldSpec<TFold> spec, TimeProvider time, ILogger logger) =>
        (_log, _spec, _time, _logger) = (log, spec, time, logger);

    /// <summary>Why it does not get on, for people; null when it does.</summary>
    public string? NotReadyReason => _problem;

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
        _stop.Dispose();
    }

    private Task RunAsync() => LogFollower.RunAsync(
        FollowAsync,
        (error, pause) =>
        {
            _problem = error.Message;
            AlarmsMetrics.Restarted(_spec.Name);
            AlarmsLog.FoldFailed(_logger, _spec.Name, pause, error);
        },
        Restart,
        _time,
        _stop.Token);

    private async Task FollowAsync(CancellationToken cancellationToken)
    {
        // First of all: ends what a former run left open, so that the committed offsets are final.
        await using var transactions = await _log.OpenTransactionalProducerAsync(_spec.TransactionalId, new ProducerOptions(), cancellationToken);
        await using var plain = _log.CreateProducer(new ProducerOptions { InFlightBytesMax = 1 << 20 });
        var partitions = new FoldPartitions<TFold>(_log, _spec, transactions, _logger, _time);
        await using var consumer = _log.CreateConsumer(new ConsumerOptions
        {
            Group = _spec.Group, Topics = [_spec.Topic], AssignmentListener = partitions, Start = _spec.Start,
        });
        while (!cancellationToken.IsCancellationRequested)
        {
            var records = await PollAsync(consumer, partitions, cancellationToken);
            partitions.Refresh();
            for (var i = 0; i < records.Count; i++)
            {
                partitions.Process(records[i]);
            }

            _problem = null;
            if (partitions.IsCommitDue)
            {
                await partitions.CommitAsync(consumer, cancellationToken);
            }

            Tick(partitions, plain);
        }

        // In good order: the listener commits when the consumer leaves.
    }

    private static async ValueTask<IReadOnlyList<LogRecord>> PollAsync(
        IRecordConsumer consumer, FoldPartitions<TFold> partitions, CancellationToken cancellationToken)
    {
        var wait = partitions.IsBusy ? BusyWait : IdleWait;
        try
        {
            return await consumer.PollAsync(PollRecordsMax, wait, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return [];
        }
    }

    /// <summary>A partition whose records stand still gets one that carries nothing but its time.</summary>
    private void Tick(FoldPartitions<TFold> partitions, IRecordProducer producer)
    {
        if (_spec.Tick is null)
        {
            return;
        }

        var nowMs = _time.GetUtcNow().ToUnixTimeMilliseconds();
        foreach (var partition in partitions.All)
        {
            if (partition.WantsTick(nowMs))
            {
                // No room now: it is wanted again in a moment.
                producer.TryAppend(
                    new NewRecord { Topic = _spec.Topic, Partition = partition.Partition.Partition, Value = _spec.Tick, TimestampMs = nowMs }, null, 0);
            }
        }
    }
}
