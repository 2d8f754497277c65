using System.Buffers.Binary;
using System.Numerics;

namespace Telemetry.Contracts.Wire;

/// <summary>
/// Reads Protobuf tags and scalars from a span; no allocation, no exception for bad bytes.
/// Wire format: https://protobuf.dev/programming-guides/encoding/
/// </summary>
public ref struct ProtobufReader(ReadOnlySpan<byte> bytes)
{
    private readonly ReadOnlySpan<byte> _bytes = bytes;

    public int Position { get; private set; }

    public readonly bool AtEnd => Position >= _bytes.Length;

    /// <summary>
    /// Field number and wire type; false for field 0 and a cut tag. A tag has 32 bits: more are dropped, as
    /// Google.Protobuf does, so that both see the same fields in the same bytes.
    /// </summary>
    public bool TryReadTag(out int field, out WireType type)
    {
        field = 0;
        type = default;
        if (!TryReadVarint(out var tag))
        {
            return false;
        }

        field = (int)((uint)tag >> 3);
        type = (WireType)(tag & 7);
        return field != 0;
    }

    /// <summary>At most ten bytes; bits past 64 are dropped, as Google.Protobuf does.</summary>
    public bool TryReadVarint(out ulong value)
    {
        var position = Position;
        if (position < _bytes.Length && _bytes[position] < 0x80)
        {
            value = _bytes[position];
            Position = position + 1;
            return true;
        }

        return TryReadLongVarint(out value);
    }

    public bool TryReadFixed32(out uint value)
    {
        if (!BinaryPrimitives.TryReadUInt32LittleEndian(_bytes[Position..], out value))
        {
            return false;
        }

        Position += sizeof(uint);
        return true;
    }

    public bool TryReadFixed64(out ulong value)
    {
        if (!BinaryPrimitives.TryReadUInt64LittleEndian(_bytes[Position..], out value))
        {
            return false;
        }

        Position += sizeof(ulong);
        return true;
    }

    /// <summary>
    /// A length (32 bits, as <see cref="TryReadTag"/>) and that many bytes; the length is checked against what is there
    /// before anything is taken.
    /// </summary>
    public bool TryReadBytes(out ReadOnlySpan<byte> value)
    {
        value = default;
        if (!TryReadVarint(out var bits) || (uint)bits > (uint)(_bytes.Length - Position))
        {
            return false;
        }

        var length = (int)(uint)bits;
        value = _bytes.Slice(Position, length);
        Position += length;
        return true;
    }

    /// <summary>Passes over an unknown field, groups included (to a depth of 100, as Google.Protobuf).</summary>
    public bool TrySkip(int field, WireType type) => TrySkip(field, type, 100);

    public static long ZigZag(ulong value) => (long)(value >> 1) ^ -(long)(value & 1);

    public static ulong ZigZag(long value) => ((ulong)value << 1) ^ (ulong)(value >> 63);

    /// <summary>Bytes that a varint takes: 1 to 10.</summary>
    public static int VarintSize(ulong value) => (((63 - BitOperations.LeadingZeroCount(value | 1)) * 9) + 73) / 64;

    private bool TryReadLongVarint(out ulong value)
    {
        value = 0;
        for (var shift = 0; shift < 70; shift += 7)
        {
            if (Position >= _bytes.Length)
            {
                return false;
            }

            var b = _bytes[Position++];
            value |= shift < 64 ? (ulong)(b & 0x7F) << shift : 0;
            if (b < 0x80)
            {
                return true;
            }
        }

        return false;
    }

    private bool TrySkip(int field, WireType type, int depth)
    {
        switch (type)
        {
            case WireType.Varint:
                return TryReadVarint(out _);
            case WireType.Fixed64:
                return TryReadFixed64(out _);
            case WireType.LengthDelimited:
                return TryReadBytes(out _);
            case WireType.Fixed32:
                Position += sizeof(uint);
                return Position <= _bytes.Length;
            case WireType.StartGroup:
                return depth > 0 && TrySkipGroup(field, depth - 1);
            default:
                return false;
        }
    }

    private bool TrySkipGroup(int group, int depth)
    {
        while (TryReadTag(out var field, out var type))
        {
            if (type == WireType.EndGroup)
            {
                return field == group;
            }

            if (!TrySkip(field, type, depth))
            {
                return false;
            }
        }

        return false;
    }
}
