using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace Telemetry.Storage.Blocks;

/// <summary>
/// Writes one block in ClickHouse's Native format into a pooled buffer: number of columns, number of rows, then each
/// column with name, type and values. LowCardinality(String) columns may be sent as String.
/// Source: https://clickhouse.com/docs/interfaces/formats/Native
/// </summary>
internal sealed class NativeWriter : IDisposable
{
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(64 * 1024);
    private int _position;

    public ReadOnlyMemory<byte> Written => _buffer.AsMemory(0, _position);

    public void Begin(int columns, int rows)
    {
        _position = 0;
        Varint((ulong)columns);
        Varint((ulong)rows);
    }

    public void Column(string name, string type)
    {
        String(name);
        String(type);
    }

    public void Bytes(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(Reserve(bytes.Length));
        _position += bytes.Length;
    }

    /// <summary>Values as they lie in memory; ClickHouse's are little endian.</summary>
    public void Values<T>(ReadOnlySpan<T> values)
        where T : unmanaged => Bytes(MemoryMarshal.AsBytes(values));

    /// <summary>Room for values of a column, to be filled by the caller; good until the next call.</summary>
    public Span<T> Take<T>(int count)
        where T : unmanaged
    {
        var length = checked(count * Unsafe.SizeOf<T>());
        var span = MemoryMarshal.Cast<byte, T>(Reserve(length)[..length]);
        _position += length;
        return span;
    }

    public void Int64(long value)
    {
        BinaryPrimitives.WriteInt64LittleEndian(Reserve(sizeof(long)), value);
        _position += sizeof(long);
    }

    public void UInt64(ulong value) => Int64((long)value);

    public void Float64(double value) => Int64(BitConverter.DoubleToInt64Bits(value));

    public void Byte(byte value) => Reserve(1)[0] = Advance(value);

    public void String(string value)
    {
        var length = Encoding.UTF8.GetByteCount(value);
        Varint((ulong)length);
        Encoding.UTF8.GetBytes(value, Reserve(length));
        _position += length;
    }

    /// <summary>
    /// Values of a LowCardinality(String) column: each name once, then a number a row. Version 1 (a dictionary of the block's own), then flags: 2, numbers of 32 bits;
    /// 0x200, names follow; 0x400, the dictionary is new. Source: ClickHouse, SerializationLowCardinality.cpp.
    /// </summary>
    /// <param name="names">Names, a length byte in front of each.</param>
    /// <param name="rows">Rows.</param>
    /// <returns>Room for the rows' indexes into the names, to be filled by the caller; good until the next call.</returns>
    public Span<int> LowCardinality(IReadOnlyList<byte[]> names, int rows)
    {
        const long Version = 1;
        const long Flags = 2 | 0x200 | 0x400;
        Int64(Version);
        if (rows == 0)
        {
            return [];
        }

        Int64(Flags);
        Int64(names.Count);
        for (var i = 0; i < names.Count; i++)
        {
            Bytes(names[i]);
        }

        Int64(rows);
        return Take<int>(rows);
    }

    /// <summary>A String column of interned names.</summary>
    public void Names(NameTable names, ReadOnlySpan<int> ids)
    {
        const int EncodedMax = 65;
        var span = Reserve(ids.Length * EncodedMax);
        var at = 0;
        foreach (var id in ids)
        {
            var name = names.Encoded(id);
            name.CopyTo(span[at..]);
            at += name.Length;
        }

        _position += at;
    }

    public void Varint(ulong value)
    {
        var span = Reserve(10);
        var at = 0;
        while (value >= 0x80)
        {
            span[at++] = (byte)(value | 0x80);
            value >>= 7;
        }

        span[at++] = (byte)value;
        _position += at;
    }

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
        _position = 0;
    }

    private byte Advance(byte value)
    {
        _position++;
        return value;
    }

    private Span<byte> Reserve(int length)
    {
        if (_buffer.Length - _position < length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(_buffer.Length * 2, _position + length));
            _buffer.AsSpan(0, _position).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = larger;
        }

        return _buffer.AsSpan(_position);
    }
}
