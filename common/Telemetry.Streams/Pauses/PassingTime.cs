using System.Buffers.Binary;

namespace Telemetry.Streams.Pauses;

/// <summary>
/// A record without a value in the topic of readings: it says that time has passed there, and in a header since when its writer has been reading the
/// partition (8 bytes, big-endian, milliseconds since 1970). The release before wrote it without any header.
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

    /// <summary>
    /// Since when the writer of a record without a value has been reading, milliseconds since 1970; 0: always, in a record without headers. Records of other
    /// kinds (profiles, an order to delete) say nothing of that: since now.
    /// </summary>
    /// <param name="headers">Headers of the record.</param>
    /// <param name="nowMs">Partition time with the record.</param>
    public static long WatchedSince(RecordHeaders headers, long nowMs) =>
        headers.TryGet(Header, out var value) && value.Length == sizeof(long) ? Math.Max(0, BinaryPrimitives.ReadInt64BigEndian(value.Span))
        : headers.Count == 0 ? 0 : nowMs;
}
