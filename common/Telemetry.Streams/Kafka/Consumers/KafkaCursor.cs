namespace Telemetry.Streams.Kafka.Consumers;

/// <summary>Where a consumer stands in one partition. Guarded by the consumer's lock.</summary>
internal sealed class KafkaCursor(TopicPartition id)
{
    /// <summary>No start known yet: neither sought, nor committed offset or end asked for.</summary>
    public const long Unknown = -1;

    public TopicPartition Id { get; } = id;

    public Confluent.Kafka.TopicPartition KafkaId { get; } = new(id.Topic, id.Partition);

    /// <summary>Next offset a poll returns.</summary>
    public long Next { get; private set; } = Unknown;

    /// <summary>Next offset the client gives us; ahead of <see cref="Next"/> by what is collected and not yet returned.</summary>
    public long Fetched { get; private set; } = Unknown;

    public bool Paused { get; set; }

    /// <summary>
    /// What the client was told last. True at first: librdkafka goes on holding a partition paused after it was taken away and given
    /// again, so it has to be told that it may read.
    /// </summary>
    public bool PausedInClient { get; set; } = true;

    /// <summary>The client is to be moved to <see cref="Fetched"/> before anything it gives counts.</summary>
    public bool MustSeek { get; set; }

    /// <summary>The client has stopped fetching and takes no seek: the partition has to be given to it again.</summary>
    public bool MustRestart { get; set; }

    public void SetStart(long offset) => Next = Fetched = offset;

    public void Seek(long offset)
    {
        Next = Fetched = offset;
        MustSeek = true;
    }

    /// <summary>What was collected is not to be returned: fetch it again.</summary>
    public void Rewind()
    {
        Fetched = Next;
        MustSeek = true;
    }

    public void Collected(long next) => Fetched = Math.Max(Fetched, next);

    /// <summary>What was collected is returned.</summary>
    public void Returned() => Next = Fetched;
}
