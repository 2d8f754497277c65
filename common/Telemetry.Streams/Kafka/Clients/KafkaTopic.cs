namespace Telemetry.Streams.Kafka.Clients;

/// <summary>What is known of a topic, and how much went through it.</summary>
internal sealed class KafkaTopic
{
    /// <summary>Records without a key change partition after so many bytes, so that batches fill.</summary>
    private const int SpreadBytes = 16 << 10;

    private long _spread;
    private long _appendedRecords;
    private long _appendedBytes;
    private long _failedRecords;

    public KafkaTopic(string name, int partitions)
    {
        Name = name;
        Partitions = [.. Enumerable.Range(0, partitions).Select(i => new Confluent.Kafka.TopicPartition(name, i))];
        Any = new Confluent.Kafka.TopicPartition(name, Confluent.Kafka.Partition.Any);
    }

    public string Name { get; }

    /// <summary>Empty: not known yet; librdkafka places the record, by the same rule.</summary>
    public IReadOnlyList<Confluent.Kafka.TopicPartition> Partitions { get; }

    public Confluent.Kafka.TopicPartition Any { get; }

    public long AppendedRecords => Volatile.Read(ref _appendedRecords);

    public long AppendedBytes => Volatile.Read(ref _appendedBytes);

    public long FailedRecords => Volatile.Read(ref _failedRecords);

    /// <summary>Where a record goes.</summary>
    public Confluent.Kafka.TopicPartition Place(in NewRecord record, int size)
    {
        if (record.Partition is { } partition)
        {
            return Partitions.Count == 0
                ? new Confluent.Kafka.TopicPartition(Name, partition)
                : (uint)partition < (uint)Partitions.Count
                    ? Partitions[partition]
                    : throw new RecordLogException(
                        RecordLogError.UnknownTopic,
                        $"Topic '{Name}' has {Partitions.Count} partitions; there is no partition {partition}.");
        }

        return Partitions.Count == 0 ? Any
            : record.Key.Length > 0 ? Partitions[Partitioning.Murmur2.Partition(record.Key, Partitions.Count)]
            : Partitions[(int)(Interlocked.Add(ref _spread, size) / SpreadBytes % Partitions.Count)];
    }

    public void Appended(int bytes)
    {
        Interlocked.Increment(ref _appendedRecords);
        Interlocked.Add(ref _appendedBytes, bytes);
    }

    public void Failed() => Interlocked.Increment(ref _failedRecords);
}
