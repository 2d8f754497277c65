using System.Buffers.Binary;

namespace Telemetry.Testing.Faults;

/// <summary>The answer to a ConsumerGroupHeartbeat (KIP-848), versions 0 and 1, as far as it tells of an assignment.</summary>
/// <param name="ErrorCode">0: none.</param>
/// <param name="MemberEpoch">The member's epoch from now on.</param>
/// <param name="Partitions">How many partitions the member shall have; null: no assignment is named, all stays as it is.</param>
public readonly record struct HeartbeatAnswer(short ErrorCode, int MemberEpoch, int? Partitions)
{
    public const short ApiKey = 68;

    /// <summary>
    /// TAG_BUFFER throttle_time_ms:INT32 error_code:INT16 error_message:COMPACT_NULLABLE_STRING member_id:COMPACT_NULLABLE_STRING
    /// member_epoch:INT32 heartbeat_interval_ms:INT32 assignment:(-1 or 1):INT8 [topic_id:UUID [partition:INT32] TAG_BUFFER] ...
    /// </summary>
    public static HeartbeatAnswer Parse(ReadOnlySpan<byte> body)
    {
        SkipTags(ref body);
        body = body[sizeof(int)..];
        var error = BinaryPrimitives.ReadInt16BigEndian(Take(ref body, sizeof(short)));
        Take(ref body, ReadLength(ref body)); // error_message
        Take(ref body, ReadLength(ref body)); // member_id
        var epoch = BinaryPrimitives.ReadInt32BigEndian(Take(ref body, sizeof(int)));
        Take(ref body, sizeof(int)); // heartbeat_interval_ms
        return new HeartbeatAnswer(error, epoch, (sbyte)Take(ref body, 1)[0] < 0 ? null : CountPartitions(ref body));
    }

    private static int CountPartitions(ref ReadOnlySpan<byte> body)
    {
        const int topicIdBytes = 16;
        var count = 0;
        for (var topics = ReadLength(ref body); topics > 0; topics--)
        {
            Take(ref body, topicIdBytes);
            var partitions = ReadLength(ref body);
            Take(ref body, partitions * sizeof(int));
            SkipTags(ref body);
            count += partitions;
        }

        return count;
    }

    private static void SkipTags(ref ReadOnlySpan<byte> body)
    {
        for (var tags = ReadVarint(ref body); tags > 0; tags--)
        {
            ReadVarint(ref body);
            Take(ref body, ReadVarint(ref body));
        }
    }

    /// <summary>Of a compact string or array, which is stored plus one; null counts as empty.</summary>
    private static int ReadLength(ref ReadOnlySpan<byte> body) => Math.Max(0, ReadVarint(ref body) - 1);

    private static int ReadVarint(ref ReadOnlySpan<byte> body)
    {
        var value = 0;
        for (var shift = 0; ; shift += 7)
        {
            var next = Take(ref body, 1)[0];
            value |= (next & 0x7f) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }
    }

    private static ReadOnlySpan<byte> Take(ref ReadOnlySpan<byte> body, int bytes)
    {
        var taken = body[..bytes];
        body = body[bytes..];
        return taken;
    }
}
