using System.Buffers.Binary;

namespace Telemetry.Streams.State;

/// <summary>Reads what <see cref="StateWriter"/> wrote. Every method throws <see cref="FormatException"/> when bytes are missing.</summary>
public ref struct StateReader(ReadOnlySpan<byte> bytes)
{
    private ReadOnlySpan<byte> _rest = bytes;

    /// <summary>Bytes not read yet.</summary>
    public readonly ReadOnlySpan<byte> Rest => _rest;

    public readonly bool AtEnd => _rest.IsEmpty;

    public ulong Varint()
    {
        var value = 0UL;
        for (var i = 0; i < 10; i++)
        {
            if (i >= _rest.Length)
            {
                throw CutOff();
            }

            value |= (ulong)(_rest[i] & 0x7F) << (7 * i);
            if (_rest[i] < 0x80)
            {
                _rest = _rest[(i + 1)..];
                return value;
            }
        }

        throw new FormatException("A variable-length integer of the state is longer than ten bytes.");
    }

    public long ZigZag()
    {
        var value = Varint();
        return (long)(value >> 1) ^ -(long)(value & 1);
    }

    public ulong Fixed64()
    {
        var value = BinaryPrimitives.ReadUInt64LittleEndian(Take(sizeof(ulong)));
        return value;
    }

    public byte Byte() => Take(1)[0];

    public ReadOnlySpan<byte> Bytes() => Take(Count(1));

    public ReadOnlySpan<byte> Raw(int length) => Take(length);

    /// <summary>A number of items of at least <paramref name="itemBytesMin"/> each, checked against what is left.</summary>
    public int Count(int itemBytesMin)
    {
        var count = Varint();
        return count <= (ulong)(_rest.Length / itemBytesMin)
            ? (int)count
            : throw new FormatException($"The state announces {count} items, more than its {_rest.Length} bytes can hold.");
    }

    private ReadOnlySpan<byte> Take(int length)
    {
        if (length > _rest.Length)
        {
            throw CutOff();
        }

        var taken = _rest[..length];
        _rest = _rest[length..];
        return taken;
    }

    private static FormatException CutOff() => new("The state is cut off.");
}
