using System.Text;
using Telemetry.Contracts.Readings;
using Telemetry.Contracts.Wire;

namespace Telemetry.Bridge.Sparkplug.Wire;

/// <summary>A metric's properties: keys and values in two lists of equal length. Keys are compared without regard to case.</summary>
internal readonly ref struct PropertySet(ReadOnlySpan<byte> bytes)
{
    private const int GoodCode = 192;
    private const int StaleCode = 500;

    private readonly ReadOnlySpan<byte> _bytes = bytes;

    /// <summary>
    /// 192 or no such property: good. 500 (STALE), a last value that is not known to hold still: uncertain. 0 (BAD) and every number the
    /// specification does not name: bad. [tck-id-payloads-propertyset-quality-value-value]
    /// </summary>
    public Quality Quality => !TryGet("Quality"u8, out var value) ? Quality.Good : value.AsDouble() switch
    {
        GoodCode => Quality.Good,
        StaleCode => Quality.Uncertain,
        _ => Quality.Bad,
    };

    /// <summary>The value of a key; false when there is none, or when it is null.</summary>
    public bool TryGet(ReadOnlySpan<byte> key, out PropertyView value)
    {
        value = default;
        return !_bytes.IsEmpty && IndexOf(key) is var index and >= 0 && TryGetValue(index, out value) && !value.IsNull;
    }

    /// <summary>A property as text; null when it is not there or no text.</summary>
    public string? Text(ReadOnlySpan<byte> key) => TryGet(key, out var value) ? value.AsText() : null;

    /// <summary>A property as a number; null when it is not there or none.</summary>
    public double? Number(ReadOnlySpan<byte> key) => TryGet(key, out var value) && value.AsDouble() is var number && double.IsFinite(number) ? number : null;

    private int IndexOf(ReadOnlySpan<byte> key)
    {
        var reader = new ProtobufReader(_bytes);
        for (var index = 0; !reader.AtEnd && reader.TryReadTag(out var field, out var type);)
        {
            if ((field, type) == (1, WireType.LengthDelimited))
            {
                if (!reader.TryReadBytes(out var candidate))
                {
                    return -1;
                }

                if (Ascii.EqualsIgnoreCase(candidate, key))
                {
                    return index;
                }

                index++;
            }
            else if (!reader.TrySkip(field, type))
            {
                return -1;
            }
        }

        return -1;
    }

    private bool TryGetValue(int wanted, out PropertyView value)
    {
        value = default;
        var reader = new ProtobufReader(_bytes);
        for (var index = 0; !reader.AtEnd && reader.TryReadTag(out var field, out var type);)
        {
            if ((field, type) == (2, WireType.LengthDelimited))
            {
                if (!reader.TryReadBytes(out var candidate))
                {
                    return false;
                }

                if (index++ == wanted)
                {
                    return PropertyView.TryRead(candidate, out value);
                }
            }
            else if (!reader.TrySkip(field, type))
            {
                return false;
            }
        }

        return false;
    }
}

/// <summary>One value of a <see cref="PropertySet"/>.</summary>
internal ref struct PropertyView
{
    private uint _type;
    private ValueArm _arm;
    private ulong _bits;
    private ReadOnlySpan<byte> _bytes;

    public bool IsNull { get; private set; }

    public static bool TryRead(ReadOnlySpan<byte> bytes, out PropertyView value)
    {
        value = default;
        PropertyView read = default;
        var reader = new ProtobufReader(bytes);
        while (!reader.AtEnd)
        {
            if (!reader.TryReadTag(out var field, out var type) || !read.TryReadField(ref reader, field, type))
            {
                return false;
            }
        }

        value = read;
        return true;
    }

    /// <summary>The number, by its type; NaN when it is none.</summary>
    public readonly double AsDouble()
    {
        var metric = new MetricView { Arm = _arm, Bits = _bits };
        var type = _type != 0 ? (SparkplugType)_type : _arm switch
        {
            ValueArm.Int => SparkplugType.Int32,
            ValueArm.Long => SparkplugType.Int64,
            ValueArm.Float or ValueArm.Double => SparkplugType.Double,
            _ => SparkplugType.Unknown,
        };
        return ScalarValue.Read(type, metric, out var value) == ValueKind.Number ? value : double.NaN;
    }

    /// <summary>The text; null when it is none.</summary>
    public readonly string? AsText() => _arm == ValueArm.String ? Encoding.UTF8.GetString(_bytes) : null;

    private bool TryReadField(scoped ref ProtobufReader reader, int field, WireType type)
    {
        ulong bits;
        bool read;
        switch (field, type)
        {
            case (1, WireType.Varint):
                read = reader.TryReadVarint(out bits);
                _type = (uint)bits;
                return read;
            case (2, WireType.Varint):
                read = reader.TryReadVarint(out bits);
                IsNull = bits != 0;
                return read;
            case (3, WireType.Varint):
                (read, _arm) = (reader.TryReadVarint(out bits), ValueArm.Int);
                _bits = (uint)bits;
                return read;
            case (4, WireType.Varint):
                _arm = ValueArm.Long;
                return reader.TryReadVarint(out _bits);
            case (5, WireType.Fixed32):
                (read, _arm) = (reader.TryReadFixed32(out var single), ValueArm.Float);
                _bits = single;
                return read;
            case (6, WireType.Fixed64):
                _arm = ValueArm.Double;
                return reader.TryReadFixed64(out _bits);
            case (7, WireType.Varint):
                _arm = ValueArm.Boolean;
                return reader.TryReadVarint(out _bits);
            case (8, WireType.LengthDelimited):
                _arm = ValueArm.String;
                return reader.TryReadBytes(out _bytes);
            default:
                return reader.TrySkip(field, type);
        }
    }
}
