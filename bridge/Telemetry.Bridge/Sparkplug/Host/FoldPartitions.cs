using Microsoft.Extensions.Logging;
using Telemetry.Bridge.Sparkplug.Fold;
using Telemetry.Contracts;
using Telemetry.Streams;
using Telemetry.Streams.State;

namespace Telemetry.Bridge.Sparkplug.Host;

/// <summary>
/// The partitions assigned, and the commits over all of them: readings, events, catalogue, state and offsets in one transaction. Whatever
/// fails in it is final for this object: its owner begins anew from what is committed, which settles also what is not known. Used by one loop.
/// </summary>
internal sealed class FoldPartitions(
    IRecordLog log, BridgeOptions options, ITransactionalProducer producer, ILogger logger, TimeProvider time) : IAssignmentListener
{
    private readonly Dictionary<TopicPartition, FoldPartition> _partitions = [];
    private readonly StateBatch _state = new();
    private long _committedAt = time.GetTimestamp();
    private bool _hasFailed;

    public IReadOnlyCollection<FoldPartition> All => _partitions.Values;

    /// <summary>True once the group has given partitions, perhaps none.</summary>
    public bool IsAssigned { get; private set; }

    /// <summary>True since the last time it was set false: other partitions are ours.</summary>
    public bool HasChanged { get; set; }

    public TimeSpan SinceCommit => time.GetElapsedTime(_committedAt);

    public bool Has(int partition) => _partitions.ContainsKey(new TopicPartition(LogTopics.Sparkplug, partition));

    public void Process(in LogRecord record)
    {
        if (_partitions.TryGetValue(new TopicPartition(record.Topic, record.Partition), out var partition))
        {
            partition.Process(record);
        }
    }

    /// <summary>Commits what was processed; nothing when that is nothing.</summary>
    /// <param name="consumer">Member of the group.</param>
    /// <param name="final">The partitions go away: write all state, so that the next owner replays nothing.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="RecordLogException">Not committed, or not known.</exception>
    public async ValueTask CommitAsync(IRecordConsumer consumer, bool final, CancellationToken cancellationToken)
    {
        var elapsed = final ? options.Sparkplug.State.SnapshotCycle : SinceCommit;
        _committedAt = time.GetTimestamp();
        var dirty = _partitions.Values.Where(static p => p.Uncommitted > 0 || p.Fold.Table.DirtyCount > 0).ToList();
        if (dirty.Count == 0)
        {
            return;
        }

        _hasFailed = true;
        producer.BeginTransaction();
        var offsets = new Dictionary<TopicPartition, CommittedOffset>();
        foreach (var partition in dirty)
        {
            foreach (var record in partition.Fold.Output.Take())
            {
                while (!record.TryAppend(producer, null))
                {
                    await producer.WaitForCapacityAsync(cancellationToken);
                }
            }

            _state.Clear();
            partition.Fold.Collect(_state, partition.Position, elapsed);
            await _state.AppendAsync(
                producer, LogTopics.SparkplugState, partition.Partition.Partition, partition.Fold.Table.TimeMs, cancellationToken);
            offsets[partition.Partition] = new CommittedOffset(partition.Position);
            partition.Uncommitted = 0;
        }

        await producer.SendOffsetsAsync(offsets, consumer, cancellationToken);
        await producer.CommitTransactionAsync(cancellationToken);
        _hasFailed = false;
    }

    public void UseOptions(BridgeOptions changed)
    {
        options = changed;
        foreach (var partition in _partitions.Values)
        {
            partition.Fold.Output.UseOptions(changed);
        }
    }

    public async ValueTask AssignedAsync(
        IRecordConsumer consumer, IReadOnlyList<TopicPartition> partitions, CancellationToken cancellationToken)
    {
        var committed = await log.QueryCommittedAsync(options.Sparkplug.Group, partitions, cancellationToken);
        foreach (var partition in partitions)
        {
            var fold = new SparkplugFold(options);
            var report = await StateRestorer.RestoreAsync(
                log,
                LogTopics.SparkplugState,
                partition,
                committed.TryGetValue(partition, out var offset) ? offset.Offset : null,
                fold.Table,
                _ => fold.RestorePartition(),
                record => fold.Process(record),
                cancellationToken);
            fold.Counts.Clear();
            fold.Output.Take();
            _partitions[partition] = new FoldPartition(partition, fold, report.Committed);
            Log.SparkplugRestored(logger, partition, fold.Table.Count, report.Committed, report.Replayed);
        }

        IsAssigned = HasChanged = true;
    }

    public async ValueTask RevokedAsync(
        IRecordConsumer consumer, IReadOnlyList<TopicPartition> partitions, CancellationToken cancellationToken)
    {
        if (!_hasFailed)
        {
            await CommitAsync(consumer, final: true, cancellationToken);
        }

        Forget(partitions);
    }

    public ValueTask LostAsync(IRecordConsumer consumer, IReadOnlyList<TopicPartition> partitions, CancellationToken cancellationToken)
    {
        Forget(partitions);
        return ValueTask.CompletedTask;
    }

    private void Forget(IReadOnlyList<TopicPartition> partitions)
    {
        foreach (var partition in partitions)
        {
            _partitions.Remove(partition);
        }

        HasChanged = true;
    }
}
