using System.Diagnostics;
using Confluent.Kafka;
using Telemetry.Streams.Kafka.Clients;
using Telemetry.Streams.Kafka.Native;

namespace Telemetry.Streams.Kafka.Consumers;

/// <summary>Where a member begins in a partition: at the group's commit, else at the start position. All calls block.</summary>
/// <param name="log">For messages.</param>
/// <param name="options">Group and start position.</param>
/// <param name="kafka">How long is waited.</param>
/// <param name="client">The client of the moment.</param>
internal sealed class StartOffsets(
    KafkaContext log, ConsumerOptions options, KafkaOptions kafka, Func<IConsumer<byte[]?, byte[]?>> client)
{
    /// <summary>Time between two tries.</summary>
    public static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(200);

    private static readonly TimeSpan QueryTimeout = TimeSpan.FromSeconds(5);

    /// <summary>
    /// The first try while partitions are assigned: librdkafka may wait in vain for a coordinator it does not know at the
    /// moment, and members wait for each other. Later tries get twice as long each.
    /// </summary>
    private static readonly TimeSpan FirstQueryTimeout = TimeSpan.FromMilliseconds(500);

    /// <summary>One partition, one try.</summary>
    /// <exception cref="RecordLogException">The cluster does not answer.</exception>
    public long Find(TopicPartition partition) => Find([partition], QueryTimeout)[partition];

    /// <summary>One partition, through the loss of a broker too.</summary>
    /// <exception cref="RecordLogException">The cluster does not answer.</exception>
    public long FindThroughLosses(TopicPartition partition)
    {
        var started = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                return Find(partition);
            }
            catch (RecordLogException error) when (error.IsTransient && Stopwatch.GetElapsedTime(started) < kafka.RequestTimeout)
            {
                log.Logger.StartUnknown(options.Group, error);
                Thread.Sleep(RetryDelay);
            }
        }
    }

    /// <summary>For as long as a member may be silent; then <see cref="KafkaCursor.Unknown"/>, asked for again before the first record is taken.</summary>
    /// <param name="partitions">What is being assigned.</param>
    /// <param name="isHurried">True: somebody waits for this member to end; no second try.</param>
    public Dictionary<TopicPartition, long> FindPatiently(List<TopicPartition> partitions, Func<bool> isHurried)
    {
        var started = Stopwatch.GetTimestamp();
        for (var timeout = FirstQueryTimeout; ; timeout = timeout < QueryTimeout ? timeout * 2 : timeout)
        {
            try
            {
                return Find(partitions, timeout);
            }
            catch (RecordLogException error)
            {
                log.Logger.StartUnknown(options.Group, error);
                if (isHurried() || Stopwatch.GetElapsedTime(started) > kafka.MaxPollInterval / 2)
                {
                    return partitions.ToDictionary(p => p, _ => KafkaCursor.Unknown);
                }

                Thread.Sleep(RetryDelay);
            }
        }
    }

    /// <summary>The start position itself: first or next offset of a partition.</summary>
    /// <exception cref="KafkaException">The cluster does not answer.</exception>
    public long FindEnd(TopicPartition partition) => FindEnd(partition, QueryTimeout);

    /// <summary>The offset after the last one this consumer may be given: with read-committed, of finished transactions only. From any thread.</summary>
    /// <exception cref="KafkaException">The cluster does not answer.</exception>
    public long End(TopicPartition partition, TimeSpan timeout) => QueryEnds(partition, timeout).High.Value;

    private long FindEnd(TopicPartition partition, TimeSpan timeout)
    {
        var ends = QueryEnds(partition, timeout);
        return options.Start == StartPosition.Earliest ? ends.Low.Value : ends.High.Value;
    }

    private WatermarkOffsets QueryEnds(TopicPartition partition, TimeSpan timeout) =>
        client().QueryWatermarkOffsets(new Confluent.Kafka.TopicPartition(partition.Topic, partition.Partition), timeout);

    private Dictionary<TopicPartition, long> Find(List<TopicPartition> partitions, TimeSpan timeout)
    {
        var starts = new Dictionary<TopicPartition, long>(partitions.Count);
        if (options.Group is not null)
        {
            var error = NativeCalls.Committed(client(), partitions, timeout, out var committed);
            if (error != ErrorCode.NoError)
            {
                throw new Error(error).ToException($"Could not read the committed offsets of group '{options.Group}'");
            }

            foreach (var (partition, offset) in committed)
            {
                starts[partition] = offset.Offset;
            }
        }

        foreach (var partition in partitions.Where(p => !starts.ContainsKey(p)))
        {
            try
            {
                starts[partition] = FindEnd(partition, timeout);
            }
            catch (KafkaException error)
            {
                throw error.ToException($"Could not find the ends of {partition}");
            }
        }

        return starts;
    }
}
