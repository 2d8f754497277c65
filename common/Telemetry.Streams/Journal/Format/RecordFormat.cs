using System.Buffers.Binary;

namespace Telemetry.Streams.Journal.Format;

/// <summary>Where the parts of a record lie, relative to its first byte.</summary>
internal readonly record struct RecordView(
    int Length, int Partition, long Offset, long TimestampMs, int KeyLength, int HeadersLength)
{
    public int ValueStart => RecordFormat.HeaderSize + KeyLength + HeadersLength;

    public int ValueLength => Length - ValueStart;
}

/// <summary>
/// Layout, little endian: length i32 (of all), partition i32, offset i64, timestamp i64, key length i32, headers length
/// i32, key, headers, value.
/// </summary>
internal static class RecordFormat
{
    public const int HeaderSize = 32;

    public static int Write(Span<byte> target, in NewRecord record, int partition, long offset, int headersLength)
    {
        var length = HeaderSize + record.Key.Length + headersLength + record.Value.Length + record.ValueTail.Length;
        BinaryPrimitives.WriteInt32LittleEndian(target, length);
        BinaryPrimitives.WriteInt32LittleEndian(target[4..], partition);
        BinaryPrimitives.WriteInt64LittleEndian(target[8..], offset);
        BinaryPrimitives.WriteInt64LittleEndian(target[16..], record.TimestampMs);
        BinaryPrimitives.WriteInt32LittleEndian(target[24..], record.Key.Length);
        BinaryPrimitives.WriteInt32LittleEndian(target[28..], headersLength);
        record.Key.CopyTo(target[HeaderSize..]);
        var place = HeaderSize + record.Key.Length;
        if (headersLength > 0)
        {
            HeadersFormat.Write(target[place..], record.Headers!);
            place += headersLength;
        }

        record.Value.CopyTo(target[place..]);
        record.ValueTail.CopyTo(target[(place + record.Value.Length)..]);
        return length;
    }

    /// <summary>Where a record ends and whose it is, without the rest of its head. False when its length does not fit the bytes.</summary>
    public static bool TryReadPlace(ReadOnlySpan<byte> bytes, out int length, out int partition, out long offset)
    {
        (length, partition, offset) = (0, 0, 0);
        if (bytes.Length < HeaderSize)
        {
            return false;
        }

        length = BinaryPrimitives.ReadInt32LittleEndian(bytes);
        partition = BinaryPrimitives.ReadInt32LittleEndian(bytes[4..]);
        offset = BinaryPrimitives.ReadInt64LittleEndian(bytes[8..]);
        return length >= HeaderSize && length <= bytes.Length;
    }

    /// <summary>False when the lengths do not fit the bytes (a frame whose checksum holds but which we never wrote).</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out RecordView record)
    {
        record = default;
        if (!TryReadPlace(bytes, out var length, out var partition, out var offset))
        {
            return false;
        }

        record = new RecordView(
            length,
            partition,
            offset,
            BinaryPrimitives.ReadInt64LittleEndian(bytes[16..]),
            BinaryPrimitives.ReadInt32LittleEndian(bytes[24..]),
            BinaryPrimitives.ReadInt32LittleEndian(bytes[28..]));
        return record.KeyLength >= 0 && record.HeadersLength >= 0 && record.ValueLength >= 0;
    }
}
