using System.Buffers.Binary;
using System.Text;

namespace Telemetry.Query.Series;

/// <summary>Reads RowBinary results of series queries: fixed-width columns, little endian.</summary>
internal ref struct SeriesReader(ReadOnlySpan<byte> bytes)
{
    private ReadOnlySpan<byte> _rest = bytes;

    public readonly bool AtEnd => _rest.IsEmpty;

    public SeriesPoint ReadPoint() => new(
        ReadInt64(), ReadDouble(), ReadDouble(), ReadDouble(), ReadDouble(), ReadDouble(), (ulong)ReadInt64());

    public RawPoint ReadRaw()
    {
        var point = new RawPoint(ReadInt64(), ReadDouble(), _rest[0]);
        _rest = _rest[1..];
        return point;
    }

    /// <summary>A name: length as LEB128 (below 128 for legal names, but read in full), then UTF-8.</summary>
    public string ReadString()
    {
        var length = 0;
        for (var shift = 0; ; shift += 7)
        {
            var part = _rest[0];
            _rest = _rest[1..];
            length |= (part & 0x7F) << shift;
            if (part < 0x80)
            {
                break;
            }
        }

        var text = Encoding.UTF8.GetString(_rest[..length]);
        _rest = _rest[length..];
        return text;
    }

    public long ReadInt64()
    {
        var value = BinaryPrimitives.ReadInt64LittleEndian(_rest);
        _rest = _rest[sizeof(long)..];
        return value;
    }

    public double ReadDouble() => BitConverter.Int64BitsToDouble(ReadInt64());
}
