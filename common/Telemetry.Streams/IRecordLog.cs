namespace Telemetry.Streams;

/// <summary>
/// A durable, partitioned log with Kafka's semantics. Two implementations: the journal (one process, local files) and
/// Kafka. One contract suite holds both to the same behaviour.
/// </summary>
public interface IRecordLog : IAsyncDisposable
{
    /// <summary>Completes with the cause when the log cannot go on (a write failed, a client error is fatal): end the process.</summary>
    Task<Exception> Failed { get; }

    /// <summary>Creates what is missing; checks what exists.</summary>
    /// <exception cref="RecordLogException">A topic exists with other partitions, or cannot be created.</exception>
    ValueTask EnsureTopicsAsync(IReadOnlyList<TopicSpec> topics, CancellationToken cancellationToken);

    /// <summary>Number of partitions of a topic.</summary>
    /// <exception cref="RecordLogException">No such topic.</exception>
    ValueTask<int> QueryPartitionCountAsync(string topic, CancellationToken cancellationToken);

    /// <summary>An idempotent producer: each record lands once, in order within its partition.</summary>
    IRecordProducer CreateProducer(ProducerOptions options);

    /// <summary>
    /// A producer of transactions. Opening one with the same id fences the former: its next call fails with
    /// <see cref="RecordLogError.Fenced"/>, and what it had open is aborted.
    /// </summary>
    ValueTask<ITransactionalProducer> OpenTransactionalProducerAsync(
        string transactionalId, ProducerOptions options, CancellationToken cancellationToken);

    /// <summary>A consumer, in a group or by explicit assignment.</summary>
    IRecordConsumer CreateConsumer(ConsumerOptions options);

    /// <summary>
    /// First offset that is there and the offset the next record will get or pass. High counts transaction markers and may
    /// count open transactions (Kafka's high watermark); a read_committed reader's <see cref="IRecordConsumer.Position"/>
    /// reaches it once they have ended.
    /// </summary>
    ValueTask<OffsetRange> QueryOffsetsAsync(TopicPartition partition, CancellationToken cancellationToken);

    /// <summary>First offset whose record is stamped at or after <paramref name="time"/>; null when there is none.</summary>
    ValueTask<long?> QueryOffsetForTimeAsync(
        TopicPartition partition, DateTimeOffset time, CancellationToken cancellationToken);

    /// <summary>What a group has committed; partitions without a commit are absent.</summary>
    ValueTask<IReadOnlyDictionary<TopicPartition, CommittedOffset>> QueryCommittedAsync(
        string group, IReadOnlyList<TopicPartition> partitions, CancellationToken cancellationToken);

    /// <summary>How far a group is behind, partition by partition.</summary>
    ValueTask<IReadOnlyList<PartitionLag>> QueryLagAsync(
        string group, string topic, CancellationToken cancellationToken);

    /// <summary>The same for positions known otherwise than by commits, for example what a table holds.</summary>
    /// <param name="next">Next offset not done, by partition.</param>
    /// <param name="cancellationToken">Cancels.</param>
    ValueTask<IReadOnlyList<PartitionLag>> QueryLagAsync(
        IReadOnlyDictionary<TopicPartition, long> next, CancellationToken cancellationToken);
}

/// <summary>Offsets there are: [Low, High).</summary>
public readonly record struct OffsetRange(long Low, long High);

/// <summary>A group's position: the next offset to read, with the group's own note (Kafka's commit metadata).</summary>
public readonly record struct CommittedOffset(long Offset, string Metadata = "");

/// <summary>Lag of a group in one partition.</summary>
/// <param name="Partition">Partition.</param>
/// <param name="Records">
/// Offsets from the first visible record not committed to high; 0 when no visible record is left. Exact in a topic written without
/// transactions; a transaction's markers count.
/// </param>
/// <param name="Time">Age of the oldest record not committed; zero when there is none.</param>
public readonly record struct PartitionLag(TopicPartition Partition, long Records, TimeSpan Time);
