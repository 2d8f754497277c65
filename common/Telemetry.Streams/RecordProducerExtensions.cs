namespace Telemetry.Streams;

/// <summary>What several writers to a log do alike.</summary>
public static class RecordProducerExtensions
{
    /// <summary>Appends one record: waits for room, then until it is durable.</summary>
    /// <param name="producer">The producer.</param>
    /// <param name="topic">Topic.</param>
    /// <param name="partition">Partition; null: that of the key.</param>
    /// <param name="key">Key.</param>
    /// <param name="value">Value; empty: a deletion on a compacted topic.</param>
    /// <param name="timestampMs">Milliseconds since 1970-01-01T00:00:00Z.</param>
    /// <param name="cancellationToken">Gives up waiting; it may have been written.</param>
    /// <exception cref="RecordLogException">The log did not take it.</exception>
    public static async Task AppendAsync(
        this IRecordProducer producer,
        string topic,
        int? partition,
        ReadOnlyMemory<byte> key,
        ReadOnlyMemory<byte> value,
        long timestampMs,
        CancellationToken cancellationToken)
    {
        var appended = new AppendTask();
        while (!producer.TryAppend(
            new NewRecord { Topic = topic, Partition = partition, Key = key.Span, Value = value.Span, TimestampMs = timestampMs }, appended, 0))
        {
            await producer.WaitForCapacityAsync(cancellationToken);
        }

        await appended.Task.WaitAsync(cancellationToken);
    }
}
