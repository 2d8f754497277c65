using System.Buffers.Binary;

namespace Telemetry.Contracts.Wire;

/// <summary>
/// Writes Protobuf tags and scalars into a span that is large enough.
/// Wire format: https://protobuf.dev/programming-guides/encoding/
/// </summary>
internal ref struct SpanWriter(Span<byte> span)
{
    private readonly Span<byte> _span = span;

    public int Position { get; private set; }

    public void Varint(ulong value)
    {
        while (value >= 0x80)
        {
            _span[Position++] = (byte)(value | 0x80);
            value >>= 7;
        }

        _span[Position++] = (byte)value;
    }

    public void Varint(int field, ulong value)
    {
        Varint((ulong)(field << 3) | (ulong)WireType.Varint);
        Varint(value);
    }

    public void Fixed64(ulong value)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(_span[Position..], value);
        Position += sizeof(ulong);
    }

    public void Fixed64(int field, ulong value)
    {
        Varint((ulong)(field << 3) | (ulong)WireType.Fixed64);
        Fixed64(value);
    }

    public void Fixed32(uint value)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(_span[Position..], value);
        Position += sizeof(uint);
    }

    public void Header(int field, int length)
    {
        Varint((ulong)(field << 3) | (ulong)WireType.LengthDelimited);
        Varint((uint)length);
    }

    public void Bytes(int field, ReadOnlySpan<byte> value)
    {
        Header(field, value.Length);
        value.CopyTo(_span[Position..]);
        Position += value.Length;
    }
}
