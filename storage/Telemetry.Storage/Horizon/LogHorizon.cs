using Telemetry.Streams;

namespace Telemetry.Storage.Horizon;

/// <summary>What a topic of the log still holds of one partition.</summary>
/// <param name="Partition">Partition.</param>
/// <param name="Offsets">Offsets there are.</param>
/// <param name="OldestRecord">When the oldest record was taken. Null: nothing was ever removed. The moment of asking when all was removed.</param>
public readonly record struct PartitionHorizon(int Partition, OffsetRange Offsets, DateTimeOffset? OldestRecord);

/// <summary>From when on a topic of the log is complete; apart from the store's tables, because its retention is days, theirs years.</summary>
/// <param name="Partitions">By partition.</param>
public sealed record LogHorizon(IReadOnlyList<PartitionHorizon> Partitions)
{
    private static readonly TimeSpan PollWait = TimeSpan.FromMilliseconds(250);

    /// <summary>Every record taken from this moment on is there. 1970-01-01 when nothing was ever removed.</summary>
    public DateTimeOffset RecordsFrom => Partitions.Select(p => p.OldestRecord ?? DateTimeOffset.UnixEpoch).DefaultIfEmpty(DateTimeOffset.UnixEpoch).Max();

    /// <summary>Every record whose event time is at or after this moment is there.</summary>
    /// <param name="futureMax">How far an event time may be ahead of the time its record was taken.</param>
    public DateTimeOffset EventsFrom(TimeSpan futureMax) => RecordsFrom == DateTimeOffset.UnixEpoch ? RecordsFrom : RecordsFrom + futureMax;

    /// <summary>Asks the log: reads the first record of each partition that has lost some.</summary>
    /// <exception cref="RecordLogException">The log cannot be asked.</exception>
    public static async ValueTask<LogHorizon> ReadAsync(IRecordLog log, string topic, TimeProvider time, CancellationToken cancellationToken)
    {
        var count = await log.QueryPartitionCountAsync(topic, cancellationToken);
        var partitions = new List<PartitionHorizon>(count);
        for (var i = 0; i < count; i++)
        {
            var partition = new TopicPartition(topic, i);
            var offsets = await log.QueryOffsetsAsync(partition, cancellationToken);
            partitions.Add(new PartitionHorizon(
                i, offsets, offsets.Low == 0 ? null : await OldestAsync(log, partition, offsets, time, cancellationToken)));
        }

        return new LogHorizon(partitions);
    }

    private static async ValueTask<DateTimeOffset> OldestAsync(
        IRecordLog log, TopicPartition partition, OffsetRange offsets, TimeProvider time, CancellationToken cancellationToken)
    {
        var asked = time.GetUtcNow();
        await using var consumer = log.CreateConsumer(new ConsumerOptions());
        consumer.Assign([partition]);
        consumer.Seek(partition, offsets.Low);
        while (consumer.Position(partition) < offsets.High)
        {
            foreach (var record in await consumer.PollAsync(1, PollWait, cancellationToken))
            {
                return DateTimeOffset.FromUnixTimeMilliseconds(record.TimestampMs);
            }
        }

        return asked;
    }
}
