using System.Buffers.Binary;
using System.Text;

namespace Telemetry.Edge.Messages;

/// <summary>Reads what <see cref="RecordWriter"/> wrote.</summary>
/// <exception cref="FormatException">By every method, when the bytes end too early: the record is not one of ours, or damaged.</exception>
internal ref struct RecordReader(ReadOnlySpan<byte> value)
{
    private ReadOnlySpan<byte> _rest = value;

    public readonly bool IsEmpty => _rest.IsEmpty;

    public ulong Number()
    {
        var value = 0UL;
        for (var i = 0; i < _rest.Length && i < 10; i++)
        {
            value |= (ulong)(_rest[i] & 0x7F) << (7 * i);
            if (_rest[i] < 0x80)
            {
                _rest = _rest[(i + 1)..];
                return value;
            }
        }

        throw Truncated();
    }

    public long Signed() => (long)Number();

    public int Int() => checked((int)Number());

    public byte Byte() => checked((byte)Number());

    public ulong Fixed()
    {
        if (_rest.Length < 8)
        {
            throw Truncated();
        }

        var value = BinaryPrimitives.ReadUInt64LittleEndian(_rest);
        _rest = _rest[8..];
        return value;
    }

    public ReadOnlySpan<byte> Bytes()
    {
        var length = Number();
        if (length > (ulong)_rest.Length)
        {
            throw Truncated();
        }

        var value = _rest[..(int)length];
        _rest = _rest[(int)length..];
        return value;
    }

    public string Text() => Encoding.UTF8.GetString(Bytes());

    private static FormatException Truncated() => new("The record ends before its fields do.");
}
