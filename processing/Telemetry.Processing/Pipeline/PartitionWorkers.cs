using Microsoft.Extensions.Logging;
using Telemetry.Contracts.Readings;
using Telemetry.Processing.Profiles;
using Telemetry.Processing.Settings;
using Telemetry.Streams;

namespace Telemetry.Processing.Pipeline;

/// <summary>
/// The workers of the partitions assigned, and the commits over all of them. Called by the one loop that owns the consumer,
/// and by the consumer inside its poll.
/// </summary>
internal sealed class PartitionWorkers(
    IRecordLog log,
    ProcessingOptions options,
    TransactionCommitter committer,
    ProcessingMetrics metrics,
    ILogger logger,
    TimeProvider time,
    IReadingSchemas? schemas = null,
    SettingsFeed? settings = null,
    ISensorProfiles? profiles = null,
    SemaphoreSlim? restores = null) : IAssignmentListener
{
    private readonly Dictionary<TopicPartition, PartitionWorker> _workers = [];
    private readonly Dictionary<TopicPartition, RecordBlock> _blocks = [];

    private readonly Dictionary<TopicPartition, PartitionFault> _faults = [];

    /// <summary>Cuts of a commit that failed; nothing else is committed before them.</summary>
    private List<Cut> _held = [];

    private volatile PartitionWorker[] _snapshot = [];
    private int _failures;
    private volatile string? _problem;

    /// <summary>Status of each assigned partition; from any thread.</summary>
    public IEnumerable<PartitionStatus> Status => _snapshot.Select(static worker => worker.Status);

    /// <summary>Why commits fail, or that partitions are being restored; null when all is well. From any thread.</summary>
    public string? Problem => _problem ?? (_snapshot.Any(static worker => !worker.IsReady) ? "partitions are being restored" : null);

    /// <summary>The workers; for the owner of the consumer.</summary>
    public IReadOnlyList<PartitionWorker> All => _snapshot;

    public bool WantsCommit => _workers.Values.Any(static worker => worker.WantsCut);

    public bool IsFull => _workers.Values.Any(static worker => worker.IsPaused && worker.Fault is null);

    /// <summary>Pause before the next try; zero when nothing has failed.</summary>
    public TimeSpan RetryDelay => _failures == 0 ? TimeSpan.Zero : Backoff(_failures);

    /// <summary>Gives each partition's records to its worker as one block, and pauses partitions without room.</summary>
    public void Dispatch(IRecordConsumer consumer, IReadOnlyList<LogRecord> records)
    {
        foreach (var record in records)
        {
            var partition = new TopicPartition(record.Topic, record.Partition);
            if (!_blocks.TryGetValue(partition, out var block))
            {
                _blocks.Add(partition, block = new RecordBlock(partition));
            }

            block.Add(record);
        }

        foreach (var (partition, block) in _blocks)
        {
            if (_workers.TryGetValue(partition, out var worker) && worker.Fault is null)
            {
                worker.Dispatch(block);
            }
            else
            {
                // Its worker starts again from the committed offset and reads these once more.
                block.Return();
            }
        }

        _blocks.Clear();
        foreach (var worker in _workers.Values)
        {
            SetPause(consumer, worker);
        }
    }

    /// <summary>One transaction over all partitions; or, after a failure, the same transaction again.</summary>
    /// <returns>False when it failed and is to be tried again after <see cref="RetryDelay"/>.</returns>
    /// <exception cref="RecordLogException">It failed for good.</exception>
    public async ValueTask<bool> TryCommitAsync(IRecordConsumer consumer, bool final, CancellationToken cancellationToken)
    {
        var isRetry = _held.Count > 0;
        if (!isRetry)
        {
            await RestartFailedAsync(consumer, cancellationToken);
            await CollectCutsAsync(_workers.Values, final, cancellationToken);
        }

        if (_held.Count == 0)
        {
            return true;
        }

        var started = time.GetTimestamp();
        try
        {
            await (isRetry
                ? committer.RetryAsync(_held, consumer, cancellationToken)
                : committer.CommitAsync(_held, consumer, cancellationToken));
        }
        catch (RecordLogException fault) when (fault.IsTransient)
        {
            Failed(fault);
            return false;
        }
        catch (RecordLogException fault) when (fault.Error == RecordLogError.NotAssigned)
        {
            // The group has moved on without us. What we hold is not ours to commit: start again from what is committed.
            Failed(fault);
            await TryRestartAsync(consumer, [.. _workers.Keys], cancellationToken);
            return false;
        }

        metrics.Committed(time.GetElapsedTime(started));
        Released();
        return true;
    }

    public async ValueTask AssignedAsync(
        IRecordConsumer consumer, IReadOnlyList<TopicPartition> partitions, CancellationToken cancellationToken)
    {
        ProcessingLog.AssignmentChanged(logger, partitions.Count, 0, 0);
        await StartAsync(consumer, partitions, cancellationToken);
    }

    public async ValueTask RevokedAsync(
        IRecordConsumer consumer, IReadOnlyList<TopicPartition> partitions, CancellationToken cancellationToken)
    {
        ProcessingLog.AssignmentChanged(logger, 0, partitions.Count, 0);
        try
        {
            if (_held.Count == 0 || await TryCommitAsync(consumer, false, cancellationToken))
            {
                await CollectCutsAsync(
                    partitions.Where(_workers.ContainsKey).Select(p => _workers[p]), final: true, cancellationToken);
                if (_held.Count > 0)
                {
                    await committer.CommitAsync(_held, consumer, cancellationToken);
                    Released();
                }
            }
        }
        catch (RecordLogException fault) when (fault.Error != RecordLogError.Fenced)
        {
            ProcessingLog.RevokeUncommitted(logger, fault);
        }

        await StopAsync(partitions);
    }

    public async ValueTask LostAsync(
        IRecordConsumer consumer, IReadOnlyList<TopicPartition> partitions, CancellationToken cancellationToken)
    {
        ProcessingLog.AssignmentChanged(logger, 0, 0, partitions.Count);
        await StopAsync(partitions);
    }

    /// <summary>Ends all workers without finishing.</summary>
    public ValueTask StopAllAsync() => StopAsync([.. _workers.Keys]);

    private async ValueTask CollectCutsAsync(
        IEnumerable<PartitionWorker> workers, bool final, CancellationToken cancellationToken)
    {
        var cuts = workers
            .Where(static worker => worker.IsReady && worker.Fault is null)
            .Select(worker => TryCutAsync(worker, final, cancellationToken))
            .ToArray();
        foreach (var cut in await Task.WhenAll(cuts))
        {
            if (cut is not null)
            {
                _held.Add(cut);
            }
        }
    }

    private static async Task<Cut?> TryCutAsync(PartitionWorker worker, bool final, CancellationToken cancellationToken)
    {
        try
        {
            return await worker.CutAsync(final, cancellationToken);
        }
        catch (Exception) when (worker.Fault is not null)
        {
            // Logged by the worker; it is started again before the next commit.
            return null;
        }
    }

    private void Failed(RecordLogException fault)
    {
        _failures++;
        _problem = fault.Message;
        metrics.CommitFailed(fault.Error);
        ProcessingLog.CommitFailed(logger, fault, _held.Count, fault.Error, RetryDelay.TotalMilliseconds);
    }

    private void Released()
    {
        foreach (var cut in _held)
        {
            cut.Worker.Recycle(cut);
            _faults.Remove(cut.Partition);
        }

        _held.Clear();
        _problem = null;
        if (_failures > 0)
        {
            ProcessingLog.CommitRecovered(logger, _failures);
            _failures = 0;
        }
    }

    private static void SetPause(IRecordConsumer consumer, PartitionWorker worker)
    {
        if (worker.Fault is not null)
        {
            return;
        }

        worker.DispatchWaiting();
        if (worker.HasRoom == worker.IsPaused)
        {
            worker.IsPaused = !worker.HasRoom;
            if (worker.IsPaused)
            {
                consumer.Pause([worker.Partition]);
            }
            else
            {
                consumer.Resume([worker.Partition]);
            }
        }
    }

    /// <summary>A worker for each, and the consumer where that worker begins.</summary>
    private async ValueTask StartAsync(
        IRecordConsumer consumer, IReadOnlyList<TopicPartition> partitions, CancellationToken cancellationToken)
    {
        // Everything that may fail comes first: a worker whose records begin elsewhere would leave some out.
        var committed = await log.QueryCommittedAsync(options.Group, partitions, cancellationToken);
        var starts = new long[partitions.Count];
        for (var i = 0; i < starts.Length; i++)
        {
            var low = (await log.QueryOffsetsAsync(partitions[i], cancellationToken)).Low;
            starts[i] = committed.TryGetValue(partitions[i], out var commit) ? Math.Max(commit.Offset, low) : low;
        }

        // When this is told again after a failure, some have a worker already.
        await StopAsync(partitions);
        for (var i = 0; i < starts.Length; i++)
        {
            var partition = partitions[i];
            long? offset = committed.TryGetValue(partition, out var value) ? value.Offset : null;
            _workers[partition] = new PartitionWorker(
                log, options, partition, offset, metrics, logger, time, schemas, settings, profiles, restores);
            if (consumer.Position(partition) != starts[i])
            {
                consumer.Seek(partition, starts[i]);
            }
        }

        _snapshot = [.. _workers.Values];
    }

    private async ValueTask StopAsync(IReadOnlyList<TopicPartition> partitions)
    {
        _held = [.. _held.Where(cut => !partitions.Contains(cut.Partition))];
        foreach (var partition in partitions)
        {
            if (_workers.Remove(partition, out var worker))
            {
                await worker.DisposeAsync();
            }
        }

        _snapshot = [.. _workers.Values];
    }

    /// <summary>Starts failed partitions again, each after a pause that grows until it commits once more; the others go on meanwhile.</summary>
    private async ValueTask RestartFailedAsync(IRecordConsumer consumer, CancellationToken cancellationToken)
    {
        var due = new List<TopicPartition>();
        foreach (var worker in _workers.Values.Where(static w => w.Fault is not null))
        {
            var fault = _faults.GetValueOrDefault(worker.Partition);
            if (fault.Worker != worker)
            {
                fault = new PartitionFault(worker, fault.Count + 1, time.GetTimestamp());
                _faults[worker.Partition] = fault;
                worker.IsPaused = true;
                consumer.Pause([worker.Partition]);
            }

            if (time.GetElapsedTime(fault.At) >= Backoff(fault.Count))
            {
                due.Add(worker.Partition);
            }
        }

        if (due.Count > 0 && !await TryRestartAsync(consumer, [.. due], cancellationToken))
        {
            foreach (var partition in due)
            {
                var fault = _faults[partition];
                _faults[partition] = fault with { Count = fault.Count + 1, At = time.GetTimestamp() };
            }
        }
    }

    private TimeSpan Backoff(int failures) =>
        TimeSpan.FromTicks(Math.Min(options.RetryDelayMax.Ticks, options.RetryDelay.Ticks << Math.Min(failures - 1, 16)));

    /// <summary>Starts partitions again from what is committed. When that is not known at the moment, everything stays as it was.</summary>
    private async ValueTask<bool> TryRestartAsync(
        IRecordConsumer consumer, TopicPartition[] partitions, CancellationToken cancellationToken)
    {
        try
        {
            TopicPartition[] ours = [.. partitions.Intersect(consumer.Assignment)];
            await StartAsync(consumer, ours, cancellationToken);
            await StopAsync([.. partitions.Except(ours)]);
            consumer.Resume(ours);
            Array.ForEach(ours, _ => metrics.Restarted());
            return true;
        }
        catch (RecordLogException fault) when (fault.IsTransient)
        {
            ProcessingLog.RestartFailed(logger, fault, partitions.Length, fault.Error);
            return false;
        }
    }

    /// <summary>A worker that failed, how often its partition has since the last commit, and when it was seen.</summary>
    private readonly record struct PartitionFault(PartitionWorker Worker, int Count, long At);
}
