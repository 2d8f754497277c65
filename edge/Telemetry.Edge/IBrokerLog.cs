namespace Telemetry.Edge;

/// <summary>The topics in which a broker keeps what must survive it.</summary>
public enum BrokerTopic
{
    /// <summary>Sessions, subscriptions and what each session has been given; compacted.</summary>
    Sessions,

    /// <summary>The retained message of each topic name; compacted.</summary>
    Retained,

    /// <summary>Messages for persistent sessions and for other nodes, in the order of each publisher.</summary>
    Messages,
}

/// <summary>
/// A durable log as the broker needs it: its own words, so that the broker knows no other part of the platform. Safe for concurrent
/// use; records of one caller to one partition stay in order.
/// </summary>
public interface IBrokerLog
{
    /// <summary>True: other nodes write to it too, and what they write is followed.</summary>
    bool IsShared { get; }

    /// <summary>The name of this node among those that share the log.</summary>
    string Node { get; }

    /// <summary>Number of partitions of a topic, known after the first reading.</summary>
    int Partitions(BrokerTopic topic);

    /// <summary>The partition of whatever is named by this key.</summary>
    int PartitionOf(BrokerTopic topic, ReadOnlySpan<byte> key);

    /// <summary>Appends a record. All bytes are copied before it returns; never blocks.</summary>
    /// <param name="record">What to append.</param>
    /// <param name="completion">Told once, from any thread.</param>
    /// <param name="state">Handed to the completion.</param>
    /// <returns>False: no room, nothing was taken; await <see cref="WaitForCapacityAsync"/> and call again.</returns>
    /// <exception cref="BrokerLogException">The record is too large or the log is closed; the completion is not told.</exception>
    bool TryAppend(in BrokerRecord record, IBrokerLogCompletion completion, ulong state);

    /// <summary>Completes when an append is worth another try.</summary>
    ValueTask WaitForCapacityAsync(CancellationToken cancellationToken);

    /// <summary>Reads a topic from given offsets (its beginning where none is given) to its end as it is now.</summary>
    /// <returns>Completes when the end was read; the reader has been told every record by then.</returns>
    Task ReadAsync(BrokerTopic topic, Func<int, long> from, IBrokerLogReader reader, CancellationToken cancellationToken);

    /// <summary>
    /// Reads on in all topics from where <see cref="ReadAsync"/> ended, until cancelled; one record at a time, on one thread. What fails is
    /// tried again from the same place.
    /// </summary>
    Task FollowAsync(Func<BrokerTopic, IBrokerLogReader> readerOf, CancellationToken cancellationToken);

    /// <summary>Completes when <see cref="FollowAsync"/> has read everything that is in the topic now.</summary>
    /// <exception cref="BrokerLogException">The log does not say how far the topic goes.</exception>
    Task CatchUpAsync(BrokerTopic topic, CancellationToken cancellationToken);
}

/// <summary>A record to append.</summary>
public readonly ref struct BrokerRecord
{
    public required BrokerTopic Topic { get; init; }

    public required int Partition { get; init; }

    public required ReadOnlySpan<byte> Key { get; init; }

    /// <summary>Empty removes the key from a compacted topic.</summary>
    public required ReadOnlySpan<byte> Value { get; init; }
}

/// <summary>Told the fate of an append.</summary>
public interface IBrokerLogCompletion
{
    /// <summary>Must be quick and must not throw.</summary>
    /// <param name="offset">Where the record is; meaningless with an error.</param>
    /// <param name="error">Null: durable. Otherwise not acknowledged.</param>
    /// <param name="state">What was passed with the record.</param>
    void Appended(long offset, Exception? error, ulong state);
}

/// <summary>Told what was read, in the order of each partition.</summary>
public interface IBrokerLogReader
{
    /// <summary>One record; the bytes are valid until it returns.</summary>
    void Read(int partition, long offset, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value);

    /// <summary>Messages below this offset whose topic name begins so are deleted: what still waits of them goes to nobody.</summary>
    void Delete(int partition, long offset, ReadOnlySpan<byte> prefix);
}

/// <summary>The log did not take a record, or could not be read.</summary>
public sealed class BrokerLogException : Exception
{
    public BrokerLogException()
    {
    }

    public BrokerLogException(string message)
        : base(message)
    {
    }

    public BrokerLogException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>True: this record will never be taken; others may.</summary>
    public bool IsTooLarge { get; init; }
}
