using Telemetry.Streams;

namespace Telemetry.Tests.Processing;

/// <summary>What the processor does to the log, and where it can be stopped.</summary>
internal enum LogStep
{
    Poll,
    Polled,
    QueryCommitted,
    QueryOffsets,
    OpenProducer,
    Begin,
    Append,
    SendOffsets,
    Commit,
    Committed,
    Abort,
}

/// <summary>
/// A real log with a hook before and after each step. A hook that throws is a fault of the log. After <see cref="Die"/>
/// nothing of the process reaches the log any more, as after kill -9.
/// </summary>
internal sealed class StepLog(IRecordLog inner, Action<LogStep> hook) : IRecordLog
{
    private volatile bool _isDead;
    private volatile TaskCompletionSource _commit = NewSignal();

    public Task<Exception> Failed => inner.Failed;

    public void Die() => _isDead = true;

    /// <summary>Completes with the next commit or the death.</summary>
    public Task NextCommit => _commit.Task;

    public ValueTask EnsureTopicsAsync(IReadOnlyList<TopicSpec> topics, CancellationToken cancellationToken) =>
        inner.EnsureTopicsAsync(topics, cancellationToken);

    public ValueTask<int> QueryPartitionCountAsync(string topic, CancellationToken cancellationToken) =>
        inner.QueryPartitionCountAsync(topic, cancellationToken);

    public IRecordProducer CreateProducer(ProducerOptions options) => inner.CreateProducer(options);

    public async ValueTask<ITransactionalProducer> OpenTransactionalProducerAsync(
        string transactionalId, ProducerOptions options, CancellationToken cancellationToken)
    {
        Step(LogStep.OpenProducer);
        return new StepProducer(this, await inner.OpenTransactionalProducerAsync(transactionalId, options, cancellationToken));
    }

    public IRecordConsumer CreateConsumer(ConsumerOptions options) => new StepConsumer(this, inner.CreateConsumer(options));

    public ValueTask<OffsetRange> QueryOffsetsAsync(TopicPartition partition, CancellationToken cancellationToken)
    {
        Step(LogStep.QueryOffsets);
        return inner.QueryOffsetsAsync(partition, cancellationToken);
    }

    public ValueTask<long?> QueryOffsetForTimeAsync(
        TopicPartition partition, DateTimeOffset time, CancellationToken cancellationToken) =>
        inner.QueryOffsetForTimeAsync(partition, time, cancellationToken);

    public ValueTask<IReadOnlyDictionary<TopicPartition, CommittedOffset>> QueryCommittedAsync(
        string group, IReadOnlyList<TopicPartition> partitions, CancellationToken cancellationToken)
    {
        Step(LogStep.QueryCommitted);
        return inner.QueryCommittedAsync(group, partitions, cancellationToken);
    }

    public ValueTask<IReadOnlyList<PartitionLag>> QueryLagAsync(string group, string topic, CancellationToken cancellationToken) =>
        inner.QueryLagAsync(group, topic, cancellationToken);

    public ValueTask<IReadOnlyList<PartitionLag>> QueryLagAsync(
        IReadOnlyDictionary<TopicPartition, long> next, CancellationToken cancellationToken) => inner.QueryLagAsync(next, cancellationToken);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private void Step(LogStep step)
    {
        Check();
        hook(step);
        Check();
    }

    private void Check()
    {
        if (_isDead)
        {
            Signal();
            throw new RecordLogException(RecordLogError.Closed, "The process is dead.");
        }
    }

    private void Signal()
    {
        var signal = _commit;
        _commit = NewSignal();
        signal.TrySetResult();
    }

    private sealed class StepProducer(StepLog log, ITransactionalProducer inner) : ITransactionalProducer
    {
        public bool TryAppend(in NewRecord record, IAppendCompletion? completion, ulong state)
        {
            log.Step(LogStep.Append);
            return inner.TryAppend(record, completion, state);
        }

        public ValueTask WaitForCapacityAsync(CancellationToken cancellationToken) => inner.WaitForCapacityAsync(cancellationToken);

        public ValueTask FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

        public void BeginTransaction()
        {
            log.Step(LogStep.Begin);
            inner.BeginTransaction();
        }

        public ValueTask SendOffsetsAsync(
            IReadOnlyDictionary<TopicPartition, CommittedOffset> offsets, IRecordConsumer consumer, CancellationToken cancellationToken)
        {
            log.Step(LogStep.SendOffsets);
            return inner.SendOffsetsAsync(offsets, (consumer as StepConsumer)?.Inner ?? consumer, cancellationToken);
        }

        public async ValueTask CommitTransactionAsync(CancellationToken cancellationToken)
        {
            log.Step(LogStep.Commit);
            await inner.CommitTransactionAsync(cancellationToken);
            try
            {
                log.Step(LogStep.Committed);
            }
            finally
            {
                log.Signal();
            }
        }

        public ValueTask AbortTransactionAsync(CancellationToken cancellationToken)
        {
            log.Step(LogStep.Abort);
            return inner.AbortTransactionAsync(cancellationToken);
        }

        /// <summary>A dead process leaves its transaction open; the next one with the id ends it.</summary>
        public ValueTask DisposeAsync() => log._isDead ? ValueTask.CompletedTask : inner.DisposeAsync();
    }

    private sealed class StepConsumer(StepLog log, IRecordConsumer inner) : IRecordConsumer
    {
        public IRecordConsumer Inner => inner;

        public IReadOnlyList<TopicPartition> Assignment => inner.Assignment;

        public void Assign(IReadOnlyList<TopicPartition> partitions) => inner.Assign(partitions);

        public async ValueTask<IReadOnlyList<LogRecord>> PollAsync(int recordsMax, TimeSpan wait, CancellationToken cancellationToken)
        {
            log.Step(LogStep.Poll);
            var records = await inner.PollAsync(recordsMax, wait, cancellationToken);
            if (records.Count > 0)
            {
                log.Step(LogStep.Polled);
            }

            return records;
        }

        public long Position(TopicPartition partition) => inner.Position(partition);

        public void Seek(TopicPartition partition, long offset) => inner.Seek(partition, offset);

        public void Pause(IReadOnlyList<TopicPartition> partitions) => inner.Pause(partitions);

        public void Resume(IReadOnlyList<TopicPartition> partitions) => inner.Resume(partitions);

        public ValueTask CommitAsync(
            IReadOnlyDictionary<TopicPartition, CommittedOffset> offsets, CancellationToken cancellationToken) =>
            inner.CommitAsync(offsets, cancellationToken);

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
