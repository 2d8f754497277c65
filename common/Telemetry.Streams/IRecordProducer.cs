namespace Telemetry.Streams;

/// <summary>Bounds of a producer.</summary>
public sealed record ProducerOptions
{
    /// <summary>Bytes appended and not yet durable that a producer may hold before <c>TryAppend</c> says no. Default 64 MiB.</summary>
    public long InFlightBytesMax { get; init; } = 64L << 20;

    /// <summary>
    /// Kafka: how long a record may stay unacknowledged before it is answered with an error; zero: for ever. Null (default): the log's setting.
    /// </summary>
    public TimeSpan? DeliveryTimeout { get; init; }
}

/// <summary>Told once for each append, from any thread; must be quick and must not throw.</summary>
public interface IAppendCompletion
{
    /// <param name="offset">Where the record is; meaningless when <paramref name="error"/> is set.</param>
    /// <param name="error">
    /// Null: durable. Otherwise not acknowledged. With the journal it is not there and never will be, except after
    /// <see cref="RecordLogError.WriteFailed"/>: then only the next start knows. With Kafka it may be there all the same (the
    /// answer got lost). Who sends it again must be known for duplicates downstream.
    /// </param>
    /// <param name="state">What was passed to <c>TryAppend</c>.</param>
    void Appended(long offset, RecordLogException? error, ulong state);
}

/// <summary>Appends records. Safe for concurrent use; records of one caller to one key stay in order.</summary>
public interface IRecordProducer : IAsyncDisposable
{
    /// <summary>
    /// Appends a record to the partition of its key (murmur2 as Kafka's default partitioner). All bytes are copied
    /// before it returns. Never blocks.
    /// </summary>
    /// <returns>
    /// False: the bound is reached, nothing was taken; await <see cref="WaitForCapacityAsync"/> and call again.
    /// </returns>
    /// <exception cref="RecordLogException">The log has failed for good, the topic is unknown, or the record is too large.</exception>
    bool TryAppend(in NewRecord record, IAppendCompletion? completion, ulong state);

    /// <summary>Completes when an append is worth another try.</summary>
    ValueTask WaitForCapacityAsync(CancellationToken cancellationToken);

    /// <summary>Completes when everything appended before is durable or has failed, and its completions have been told.</summary>
    ValueTask FlushAsync(CancellationToken cancellationToken);
}

/// <summary>A record to append.</summary>
public readonly ref struct NewRecord
{
    public required string Topic { get; init; }

    /// <summary>Null: by key. Otherwise this partition.</summary>
    public int? Partition { get; init; }

    public ReadOnlySpan<byte> Key { get; init; }

    /// <summary>The value is <see cref="Value"/> followed by <see cref="ValueTail"/>, so that a frame header needs no copy.</summary>
    public ReadOnlySpan<byte> Value { get; init; }

    public ReadOnlySpan<byte> ValueTail { get; init; }

    /// <summary>Null or empty: none.</summary>
    public RecordHeaders? Headers { get; init; }

    /// <summary>Milliseconds since 1970-01-01T00:00:00Z.</summary>
    public required long TimestampMs { get; init; }
}

/// <summary>
/// Appends in transactions: what was appended between begin and commit, and the offsets sent with it, become visible to
/// read_committed consumers together or not at all. One transaction at a time; not safe for concurrent use.
/// </summary>
public interface ITransactionalProducer : IRecordProducer
{
    void BeginTransaction();

    /// <summary>Commits the group's offsets with this transaction. The consumer proves that it is still a member.</summary>
    ValueTask SendOffsetsAsync(
        IReadOnlyDictionary<TopicPartition, CommittedOffset> offsets, IRecordConsumer consumer, CancellationToken cancellationToken);

    /// <exception cref="RecordLogException">
    /// <see cref="RecordLogError.Fenced"/>: another one took over, stop. Otherwise, if transient: abort and do it again.
    /// </exception>
    ValueTask CommitTransactionAsync(CancellationToken cancellationToken);

    ValueTask AbortTransactionAsync(CancellationToken cancellationToken);
}
