using System.Buffers.Binary;
using Telemetry.Streams.Journal.Files;

namespace Telemetry.Streams.Journal.Format;

/// <summary>What stands at a place of a file.</summary>
internal enum FrameCheck
{
    Valid,

    /// <summary>The bytes end before the frame does.</summary>
    Incomplete,

    Bad,
}

/// <summary>Head of a frame.</summary>
/// <param name="Length">Bytes with head and padding, a multiple of 8.</param>
/// <param name="Count">Records in it, or the kind of a frame of the commit file.</param>
/// <param name="Transaction">Transaction it belongs to; 0 none; -1 the first frame of a segment.</param>
/// <param name="DurableThrough">
/// The file was durable up to here when this frame was written. It proves that what lies before was acknowledged: damage
/// there is loss, damage behind the last such place is a torn write.
/// </param>
internal readonly record struct FrameHeader(int Length, int Count, long Transaction, long DurableThrough);

/// <summary>
/// Layout, little endian: magic u32, CRC-32C u32, length u32, count u32, transaction i64, durable-through i64, body, zeros
/// up to a multiple of 8. The checksum starts from the segment's number and the frame's position, so bytes that were
/// written elsewhere never pass, and covers all that follows it.
/// </summary>
internal static class FrameFormat
{
    public const int HeaderSize = 32;
    public const int Alignment = 8;
    public const long SegmentStart = -1;
    private const uint Magic = 0x314a4c54; // "TLJ1"
    private const int ChecksumStart = 8;

    public static int Align(int length) => (length + Alignment - 1) & -Alignment;

    /// <summary>Leaves length, count and transaction; <see cref="Seal"/> adds what is known only when it is written.</summary>
    public static void WriteDraft(Span<byte> frame, int length, int count, long transaction)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(frame, Magic);
        BinaryPrimitives.WriteInt32LittleEndian(frame[8..], length);
        BinaryPrimitives.WriteInt32LittleEndian(frame[12..], count);
        BinaryPrimitives.WriteInt64LittleEndian(frame[16..], transaction);
    }

    public static int DraftLength(ReadOnlySpan<byte> frame) => BinaryPrimitives.ReadInt32LittleEndian(frame[8..]);

    public static void Seal(Span<byte> frame, long segment, long position, long durableThrough)
    {
        BinaryPrimitives.WriteInt64LittleEndian(frame[24..], durableThrough);
        BinaryPrimitives.WriteUInt32LittleEndian(frame[4..], Checksum(frame, segment, position));
    }

    public static FrameCheck TryRead(ReadOnlySpan<byte> bytes, long segment, long position, out FrameHeader header)
    {
        header = default;
        if (bytes.Length < HeaderSize)
        {
            return FrameCheck.Incomplete;
        }

        var length = BinaryPrimitives.ReadInt32LittleEndian(bytes[8..]);
        if (BinaryPrimitives.ReadUInt32LittleEndian(bytes) != Magic
            || length < HeaderSize || length % Alignment != 0)
        {
            return FrameCheck.Bad;
        }

        header = new FrameHeader(
            length,
            BinaryPrimitives.ReadInt32LittleEndian(bytes[12..]),
            BinaryPrimitives.ReadInt64LittleEndian(bytes[16..]),
            BinaryPrimitives.ReadInt64LittleEndian(bytes[24..]));
        if (bytes.Length < length)
        {
            return FrameCheck.Incomplete;
        }

        return BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]) == Checksum(bytes[..length], segment, position)
            ? FrameCheck.Valid
            : FrameCheck.Bad;
    }

    private static uint Checksum(ReadOnlySpan<byte> frame, long segment, long position)
    {
        var crc = Crc32C.Append(Crc32C.Append(uint.MaxValue, segment), position);
        return ~Crc32C.Append(crc, frame[ChecksumStart..]);
    }
}
