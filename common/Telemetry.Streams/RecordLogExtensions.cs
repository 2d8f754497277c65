namespace Telemetry.Streams;

/// <summary>What several readers of a log do alike.</summary>
public static class RecordLogExtensions
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(5);

    /// <summary>Waits until a reader has read everything that is in a partition now.</summary>
    /// <param name="log">The log.</param>
    /// <param name="partition">The partition.</param>
    /// <param name="position">Tells the next offset of the reader; asked again and again.</param>
    /// <param name="time">Clock of the pauses.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="RecordLogException">The log does not say how far the partition goes.</exception>
    public static async Task WaitUntilReadAsync(
        this IRecordLog log, TopicPartition partition, Func<long> position, TimeProvider time, CancellationToken cancellationToken)
    {
        var high = (await log.QueryOffsetsAsync(partition, cancellationToken)).High;
        while (position() < high)
        {
            await Task.Delay(LookAgain, time, cancellationToken);
        }
    }

    /// <summary>Assigns all partitions of some topics to a reader without a group, each from a moment on.</summary>
    /// <param name="log">The log.</param>
    /// <param name="consumer">The reader.</param>
    /// <param name="topics">Topics to read whole.</param>
    /// <param name="since">Record time of the first record; a partition without any so young begins at its end.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>The ends as they are now, to know when everything has been read.</returns>
    /// <exception cref="RecordLogException">A topic is not there, or the log does not answer.</exception>
    public static async Task<Dictionary<TopicPartition, long>> AssignSinceAsync(
        this IRecordLog log, IRecordConsumer consumer, IReadOnlyList<string> topics, DateTimeOffset since, CancellationToken cancellationToken)
    {
        var ends = new Dictionary<TopicPartition, long>();
        var starts = new Dictionary<TopicPartition, long>();
        foreach (var topic in topics)
        {
            var count = await log.QueryPartitionCountAsync(topic, cancellationToken);
            for (var i = 0; i < count; i++)
            {
                var partition = new TopicPartition(topic, i);
                ends[partition] = (await log.QueryOffsetsAsync(partition, cancellationToken)).High;
                starts[partition] = await log.QueryOffsetForTimeAsync(partition, since, cancellationToken) ?? ends[partition];
            }
        }

        consumer.Assign([.. ends.Keys]);
        foreach (var (partition, start) in starts)
        {
            consumer.Seek(partition, start);
        }

        return ends;
    }

    /// <summary>Assigns all partitions of a topic to a reader without a group, each from its first record.</summary>
    /// <param name="log">The log.</param>
    /// <param name="consumer">The reader.</param>
    /// <param name="topic">Topic to read whole.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>The ends as they are now, to know when everything has been read.</returns>
    /// <exception cref="RecordLogException">The topic is not there, or the log does not answer.</exception>
    public static async Task<Dictionary<TopicPartition, long>> AssignFromStartAsync(
        this IRecordLog log, IRecordConsumer consumer, string topic, CancellationToken cancellationToken)
    {
        var ranges = new Dictionary<TopicPartition, OffsetRange>();
        var count = await log.QueryPartitionCountAsync(topic, cancellationToken);
        for (var i = 0; i < count; i++)
        {
            var partition = new TopicPartition(topic, i);
            ranges[partition] = await log.QueryOffsetsAsync(partition, cancellationToken);
        }

        consumer.Assign([.. ranges.Keys]);
        foreach (var (partition, range) in ranges)
        {
            consumer.Seek(partition, range.Low);
        }

        return ranges.ToDictionary(r => r.Key, r => r.Value.High);
    }
}
