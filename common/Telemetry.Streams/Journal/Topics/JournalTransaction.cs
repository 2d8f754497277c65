namespace Telemetry.Streams.Journal.Topics;

/// <summary>One transaction of a producer, from its first append on.</summary>
internal sealed class JournalTransaction(long id)
{
    private RecordLogException? _failure;
    private volatile bool _committed;

    public long Id { get; } = id;

    /// <summary>Why it cannot be committed any more.</summary>
    public RecordLogException? Failure => Volatile.Read(ref _failure);

    /// <summary>Partitions it wrote to; changed under each topic's lock, by the producer's one thread.</summary>
    public HashSet<(JournalTopic Topic, int Partition)> Partitions { get; } = [];

    /// <summary>True once its frame is durable; it cannot be aborted any more.</summary>
    public bool IsCommitted => _committed;

    public void MarkCommitted() => _committed = true;

    public void Fail(RecordLogException error) => Interlocked.CompareExchange(ref _failure, error, null);
}
