using Confluent.Kafka;
using Telemetry.Streams.Kafka.Clients;

namespace Telemetry.Streams.Kafka.Admin;

/// <summary>
/// Asks the leaders of partitions for offsets (ListOffsets, Kafka protocol key 2). Through consumers, one for each isolation level, and
/// not through the admin client: its ListOffsets fails an assertion and so ends the process when brokers come and go (librdkafka 2.16,
/// <c>rd_kafka_enq_once_del_source_return</c>), goes on naming an old leader epoch after its metadata were read again, and calls it a success
/// when a leader did not answer. The consumers' call forgets a leader that was wrong and asks for it anew.
/// </summary>
internal sealed class OffsetLister(KafkaContext log) : IAsyncDisposable
{
    /// <summary>In place of a time: the next offset that is visible at the isolation level.</summary>
    public const long Latest = -1;

    /// <summary>In place of a time: the first offset there is.</summary>
    public const long Earliest = -2;

    /// <summary>Beyond every offset, and as a time in milliseconds the year 1973.</summary>
    private const long LargestOffset = 100_000_000_000;

    private readonly QuestionClients<IsolationLevel> _clients =
        new(log, isolation => new ConsumerOptions { ReadCommitted = isolation == IsolationLevel.ReadCommitted });

    /// <summary>One try, which blocks a thread of its own.</summary>
    /// <param name="partitions">Partitions that exist.</param>
    /// <param name="time"><see cref="Latest"/>, <see cref="Earliest"/>, or milliseconds since 1970: the first offset from that time on.</param>
    /// <param name="isolation">Whether records of open transactions count for <see cref="Latest"/>.</param>
    /// <param name="timeout">For all leaders together.</param>
    /// <returns>Offsets; -1 for a time after which there is no record.</returns>
    /// <exception cref="KafkaException">A leader is not known, did not answer or answered with an error.</exception>
    /// <exception cref="RecordLogException">
    /// <see cref="RecordLogError.TimedOut"/>: an answer left a partition out. <see cref="RecordLogError.Unavailable"/>: the leader is not known
    /// or another by now; its name was asked for.
    /// </exception>
    public Task<Dictionary<TopicPartition, long>> ListAsync(
        IReadOnlyCollection<TopicPartition> partitions, long time, IsolationLevel isolation, TimeSpan timeout) =>
        BlockingCall.RunAsync(() =>
        {
            var asked = partitions.Select(p => new TopicPartitionTimestamp(p.Topic, p.Partition, new Timestamp(time, TimestampType.CreateTime)));
            var client = _clients[isolation];
            Dictionary<TopicPartition, long> found;
            try
            {
                found = client.OffsetsForTimes(asked, timeout).ToDictionary(
                    answer => new TopicPartition(answer.Topic, answer.Partition.Value), answer => answer.Offset.Value);
            }
            catch (KafkaException error) when (IsAboutMetadata(error))
            {
                Learn(client, partitions, timeout);
                throw new RecordLogException(
                    RecordLogError.Unavailable, $"Could not ask for offsets of {partitions.First()}: {error.Message.TrimEnd('.')}.", error);
            }
            catch (KafkaException error) when (error.Error.Code.IsTransient())
            {
                // The leader that was asked may be gone for long, and another in its place.
                Learn(client, partitions, timeout);
                throw;
            }

            TopicPartition[] missing = [.. partitions.Where(p => IsMissing(found.GetValueOrDefault(p, time), time))];
            if (missing.Length > 0)
            {
                Learn(client, missing, timeout);
                throw new RecordLogException(RecordLogError.TimedOut, $"Could not ask for offsets: the leader of {missing[0]} did not answer.");
            }

            return found;
        });

    public ValueTask DisposeAsync() => _clients.DisposeAsync();

    /// <summary>
    /// librdkafka leaves what was asked in place of an offset that nobody answered. No offset is below 0, but for the -1 that answers a time;
    /// and none is as large as a time of today.
    /// </summary>
    private static bool IsMissing(long offset, long time) =>
        time < 0 ? offset < 0 : offset < -1 || (offset == time && time > LargestOffset);

    /// <summary>The client judges by what it was told of the topic before: while it was created, or by a leader that is gone.</summary>
    private static bool IsAboutMetadata(KafkaException error) =>
        IsAboutMetadata(error.Error.Code)
        || (error is TopicPartitionOffsetException partial && partial.Results.Any(r => IsAboutMetadata(r.Error.Code)));

    private static bool IsAboutMetadata(ErrorCode code) => code is
        ErrorCode.Local_UnknownPartition or ErrorCode.Local_UnknownTopic or ErrorCode.Local_NoEnt or ErrorCode.UnknownTopicOrPart
        or ErrorCode.LeaderNotAvailable or ErrorCode.NotLeaderForPartition or ErrorCode.FencedLeaderEpoch or ErrorCode.UnknownLeaderEpoch;

    /// <summary>What the client knows of a topic it keeps for minutes, right or wrong; this has it ask now.</summary>
    private void Learn(IConsumer<byte[]?, byte[]?> client, IReadOnlyCollection<TopicPartition> partitions, TimeSpan timeout)
    {
        using var admin = new DependentAdminClientBuilder(client.Handle).Build();
        foreach (var topic in partitions.Select(p => p.Topic).Distinct())
        {
            try
            {
                admin.GetMetadata(topic, timeout);
            }
            catch (KafkaException error)
            {
                log.Logger.ClientError(error.Error.Code, error.Error.Reason);
            }
        }
    }
}
