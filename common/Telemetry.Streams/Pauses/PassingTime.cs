using System.Buffers.Binary;

namespace Telemetry.Streams.Pauses;

/// <summary>
/// A record without a value in the topic of readings: it says that time has passed there, and in a header since when its writer has been reading the
/// partition (8 bytes, big-endian, milliseconds since 1970). One without the header is taken for one of a writer that has always been.
/// </summary>
public static class PassingTime
{
    /// <summary>Name of the header.</summary>
    public const string Header = "telemetry-watched-since";

    /// <summary>Such a record.</summary>
    /// <param name="partition">Where to.</param>
    /// <param name="nowMs">Partition time.</param>
    /// <param name="watchedSinceMs">Since when the writer has been reading, by the partition's clock.</param>
    public static NewRecord Record(TopicPartition partition, long nowMs, long watchedSinceMs)
    {
        var value = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(value, watchedSinceMs);
        return new NewRecord
        {
            Topic = partition.Topic,
            Partition = partition.Partition,
            TimestampMs = nowMs,
            Headers = new RecordHeaders([KeyValuePair.Create(Header, (ReadOnlyMemory<byte>)value)]),
        };
    }

    /// <summary>Since when the writer has been reading, milliseconds since 1970; 0 when the record does not say.</summary>
    public static long WatchedSince(RecordHeaders headers) =>
        headers.TryGet(Header, out var value) && value.Length == 8 ? Math.Max(0, BinaryPrimitives.ReadInt64BigEndian(value.Span)) : 0;
}
