using Microsoft.Extensions.Logging;
using Telemetry.Alarms.Diagnostics;
using Telemetry.Alarms.Folding;
using Telemetry.Streams;

namespace Telemetry.Alarms.Running;

/// <summary>
/// The partitions assigned, and the commits over all of them: outputs, state and offsets in one transaction. Whatever fails in it is final for this
/// object: its owner begins anew from what is committed, which settles also what is not known.
/// </summary>
internal sealed class FoldPartitions<TFold>(
    IRecordLog log, FoldSpec<TFold> spec, ITransactionalProducer producer, ILogger logger, TimeProvider time) : IAssignmentListener
    where TFold : IPartitionFold
{
    private static readonly TimeSpan PollWait = TimeSpan.FromMilliseconds(100);

    private readonly Dictionary<TopicPartition, FoldPartition<TFold>> _partitions = [];
    private readonly FoldChanges _changes = new();
    private long _committedAt = time.GetTimestamp();
    private bool _hasFailed;

    public IReadOnlyCollection<FoldPartition<TFold>> All => _partitions.Values;

    /// <summary>True: something waits for a commit.</summary>
    public bool IsBusy => _partitions.Values.Any(static p => p.IsDirty);

    public bool IsCommitDue => IsBusy && time.GetElapsedTime(_committedAt) >= spec.CommitInterval;

    public void Process(in LogRecord record)
    {
        if (_partitions.TryGetValue(new TopicPartition(record.Topic, record.Partition), out var partition))
        {
            partition.Process(record);
        }
    }

    public void Refresh()
    {
        if (spec.Refresh is null)
        {
            return;
        }

        foreach (var partition in _partitions.Values)
        {
            spec.Refresh(partition.Fold, partition.Position);
        }
    }

    /// <exception cref="RecordLogException">Not committed, or not known.</exception>
    public async ValueTask CommitAsync(IRecordConsumer consumer, CancellationToken cancellationToken)
    {
        _committedAt = time.GetTimestamp();
        var dirty = _partitions.Values.Where(static p => p.IsDirty).ToList();
        if (dirty.Count == 0)
        {
            return;
        }

        _hasFailed = true;
        producer.BeginTransaction();
        var offsets = new Dictionary<TopicPartition, CommittedOffset>();
        foreach (var partition in dirty)
        {
            _changes.Clear();
            partition.Fold.Collect(_changes);
            await _changes.AppendAsync(producer, spec.StateTopic, partition.Partition.Partition, partition.TimeMs, cancellationToken);
            offsets[partition.Partition] = new CommittedOffset(partition.Position);
        }

        await producer.SendOffsetsAsync(offsets, consumer, cancellationToken);
        await producer.CommitTransactionAsync(cancellationToken);
        _hasFailed = false;
        foreach (var partition in dirty)
        {
            partition.IsUncommitted = false;
            spec.Committed?.Invoke(partition.Fold);
        }

        AlarmsMetrics.Committed(spec.Name, time.GetElapsedTime(_committedAt));
    }

    public async ValueTask AssignedAsync(
        IRecordConsumer consumer, IReadOnlyList<TopicPartition> partitions, CancellationToken cancellationToken)
    {
        if (spec.Prepare is { } prepare)
        {
            await prepare(cancellationToken);
        }

        var committed = await log.QueryCommittedAsync(spec.Group, partitions, cancellationToken);
        foreach (var partition in partitions)
        {
            var fold = spec.Create(partition);
            var entries = spec.StateTopic is null ? 0 : await RestoreAsync(partition with { Topic = spec.StateTopic }, fold, cancellationToken);
            fold.Loaded();
            var isKnown = committed.TryGetValue(partition, out var offset);
            var position = isKnown ? offset.Offset : await FirstAsync(partition, cancellationToken);
            if (!isKnown)
            {
                consumer.Seek(partition, position);
            }

            // Where it begins is committed at once, so that a partition without records does not begin elsewhere after a restart.
            _partitions[partition] = new FoldPartition<TFold>(partition, fold, position) { IsUncommitted = !isKnown };
            AlarmsLog.FoldRestored(logger, spec.Name, partition, entries, position);
        }
    }

    public async ValueTask RevokedAsync(
        IRecordConsumer consumer, IReadOnlyList<TopicPartition> partitions, CancellationToken cancellationToken)
    {
        if (!_hasFailed)
        {
            await CommitAsync(consumer, cancellationToken);
        }

        Forget(partitions);
    }

    public ValueTask LostAsync(IRecordConsumer consumer, IReadOnlyList<TopicPartition> partitions, CancellationToken cancellationToken)
    {
        Forget(partitions);
        return ValueTask.CompletedTask;
    }

    private async ValueTask<long> FirstAsync(TopicPartition partition, CancellationToken cancellationToken)
    {
        var range = await log.QueryOffsetsAsync(partition, cancellationToken);
        return spec.Start == StartPosition.Earliest ? range.Low : range.High;
    }

    private async ValueTask<long> RestoreAsync(TopicPartition state, TFold fold, CancellationToken cancellationToken)
    {
        var (low, high) = await log.QueryOffsetsAsync(state, cancellationToken);
        if (low >= high)
        {
            return 0;
        }

        var count = 0L;
        await using var reader = log.CreateConsumer(new ConsumerOptions());
        reader.Assign([state]);
        reader.Seek(state, low);
        while (reader.Position(state) < high)
        {
            foreach (var record in await reader.PollAsync(4096, PollWait, cancellationToken))
            {
                fold.Load(record.Key.Span, record.Value.Span);
                count++;
            }
        }

        return count;
    }

    private void Forget(IReadOnlyList<TopicPartition> partitions)
    {
        foreach (var partition in partitions)
        {
            if (_partitions.Remove(partition, out var gone))
            {
                spec.Released?.Invoke(gone.Fold);
            }
        }
    }
}
