namespace Telemetry.Streams;

/// <summary>Where a consumer starts in a partition without a committed offset.</summary>
public enum StartPosition
{
    Earliest,
    Latest,
}

/// <summary>How a consumer reads.</summary>
public sealed record ConsumerOptions
{
    /// <summary>Group; null reads by explicit <c>Assign</c> and commits nothing.</summary>
    public string? Group { get; init; }

    /// <summary>Topics subscribed to, with a group.</summary>
    public IReadOnlyList<string> Topics { get; init; } = [];

    /// <summary>Where to start without a committed offset. Default earliest.</summary>
    public StartPosition Start { get; init; } = StartPosition.Earliest;

    /// <summary>True (default): aborted and open transactions stay unseen.</summary>
    public bool ReadCommitted { get; init; } = true;

    /// <summary>Told of assignment changes, inside <c>PollAsync</c>.</summary>
    public IAssignmentListener? AssignmentListener { get; init; }
}

/// <summary>
/// Rebalance events. Called inside <c>PollAsync</c> (or <c>DisposeAsync</c>): while one runs, no records come, and the
/// partitions do not go to another member before <see cref="RevokedAsync"/> has returned.
/// </summary>
public interface IAssignmentListener
{
    /// <summary>New partitions. The listener may seek here.</summary>
    ValueTask AssignedAsync(IRecordConsumer consumer, IReadOnlyList<TopicPartition> partitions, CancellationToken cancellationToken);

    /// <summary>Partitions go away in good order: finish what is in flight and commit.</summary>
    ValueTask RevokedAsync(IRecordConsumer consumer, IReadOnlyList<TopicPartition> partitions, CancellationToken cancellationToken);

    /// <summary>Partitions are gone already (session timed out): drop their state, commit nothing.</summary>
    ValueTask LostAsync(IRecordConsumer consumer, IReadOnlyList<TopicPartition> partitions, CancellationToken cancellationToken);
}

/// <summary>Reads records. One thread at a time, as Kafka's consumer.</summary>
public interface IRecordConsumer : IAsyncDisposable
{
    IReadOnlyList<TopicPartition> Assignment { get; }

    /// <summary>Takes partitions by hand; only without a group's subscription.</summary>
    void Assign(IReadOnlyList<TopicPartition> partitions);

    /// <summary>
    /// Waits up to <paramref name="wait"/> for at least one record and returns up to <paramref name="recordsMax"/>, in
    /// offset order within each partition. Empty when there was none. The records are valid until the next call.
    /// </summary>
    ValueTask<IReadOnlyList<LogRecord>> PollAsync(int recordsMax, TimeSpan wait, CancellationToken cancellationToken);

    /// <summary>
    /// Next offset <c>PollAsync</c> will return from here on. It passes transaction markers and aborted records, also at
    /// the end of a partition: code that waits until all is read compares this, not the last record's offset.
    /// </summary>
    long Position(TopicPartition partition);

    void Seek(TopicPartition partition, long offset);

    /// <summary>Paused partitions stay assigned and keep their position, but return nothing. One that is taken away and given again is not paused any more.</summary>
    void Pause(IReadOnlyList<TopicPartition> partitions);

    void Resume(IReadOnlyList<TopicPartition> partitions);

    /// <summary>Commits for the group, durably.</summary>
    /// <exception cref="RecordLogException">A partition is not assigned any more, or the log failed.</exception>
    ValueTask CommitAsync(IReadOnlyDictionary<TopicPartition, CommittedOffset> offsets, CancellationToken cancellationToken);
}
