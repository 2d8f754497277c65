using System.Text.Unicode;
using Telemetry.Contracts.Wire;

namespace Telemetry.Contracts.Readings;

/// <summary>
/// Reads the fields of a <c>ReadingBatch</c>, of every version, into columns. Takes packed and unpacked fields, in any order, with
/// unknown fields between, as Google.Protobuf does; of a scalar sent twice the last counts.
/// </summary>
internal static class ReadingBatchParser
{
    public static ReadingBatchError Read(ReadingBatchVersion version, ReadOnlySpan<byte> message, ReadingBatchColumns columns)
    {
        var reader = new ProtobufReader(message);
        while (!reader.AtEnd)
        {
            if (!reader.TryReadTag(out var field, out var type))
            {
                return ReadingBatchError.Malformed;
            }

            var error = ReadField(ref reader, field, ReadingBatchFields.Column(version, field), type, columns);
            if (error != ReadingBatchError.None)
            {
                return error;
            }
        }

        return ReadingBatchError.None;
    }

    private static ReadingBatchError ReadField(
        ref ProtobufReader reader, int field, int column, WireType type, ReadingBatchColumns columns)
    {
        switch (type)
        {
            case WireType.Varint when IsVarint(column):
                return reader.TryReadVarint(out var number) ? TakeVarint(column, number, columns) : ReadingBatchError.Malformed;
            case WireType.Fixed64 when column is 2 or 6 or 8:
                return reader.TryReadFixed64(out var bits) ? TakeFixed64(column, bits, columns) : ReadingBatchError.Malformed;
            case WireType.Fixed32 when column == ReadingBatchFields.FloatValues:
                return reader.TryReadFixed32(out var single) ? columns.AddFloat(single) : ReadingBatchError.Malformed;
            case WireType.LengthDelimited when column is 1 or 4 or 8 or ReadingBatchFields.FloatValues || IsVarintColumn(column):
                return reader.TryReadBytes(out var bytes)
                    ? TakeBytes(column, bytes, reader.Position - bytes.Length, columns)
                    : ReadingBatchError.Malformed;
            default:
                return reader.TrySkip(field, type) ? ReadingBatchError.None : ReadingBatchError.Malformed;
        }
    }

    private static bool IsVarint(int column) =>
        IsVarintColumn(column)
        || column is 3 or ReadingBatchFields.Count or ReadingBatchFields.TimesAssigned or ReadingBatchFields.Interval;

    /// <summary>Repeated ones, which come packed or one by one.</summary>
    private static bool IsVarintColumn(int column) => column is 5 or 7 or 9 or ReadingBatchFields.SequenceDeltas;

    private static ReadingBatchError TakeVarint(int column, ulong value, ReadingBatchColumns columns)
    {
        switch (column)
        {
            case 5:
                return columns.AddIndex(value);
            case 7:
                return columns.AddTimeDelta(ProtobufReader.ZigZag(value));
            case 9:
                return columns.AddQuality(value);
            case ReadingBatchFields.SequenceDeltas:
                return columns.AddSequenceDelta(value);
            case ReadingBatchFields.Interval:
                columns.Interval = ProtobufReader.ZigZag(value);
                return ReadingBatchError.None;
            case ReadingBatchFields.Count:
                columns.CountSaid = (uint)value;
                return ReadingBatchError.None;
            case ReadingBatchFields.TimesAssigned:
                columns.TimesAssigned = value != 0;
                return ReadingBatchError.None;
            default:
                columns.FirstSequence = value;
                return ReadingBatchError.None;
        }
    }

    private static ReadingBatchError TakeFixed64(int column, ulong bits, ReadingBatchColumns columns)
    {
        switch (column)
        {
            case 8:
                return columns.AddValue(bits);
            case 2:
                columns.BootId = bits;
                return ReadingBatchError.None;
            default:
                columns.BaseTime = (long)bits;
                return ReadingBatchError.None;
        }
    }

    private static ReadingBatchError TakeBytes(int column, ReadOnlySpan<byte> bytes, int start, ReadingBatchColumns columns)
    {
        switch (column)
        {
            case 1:
                // Also of a device named twice, of which only the last counts: other readers of the log refuse such a message.
                columns.Device = (start, bytes.Length);
                return Utf8.IsValid(bytes) ? ReadingBatchError.None : ReadingBatchError.BadDevice;
            case 4:
                return columns.AddSensor((start, bytes.Length));
            case 8:
                return TakeValues(bytes, columns);
            case ReadingBatchFields.FloatValues:
                return TakeFloats(bytes, columns);
            default:
                return TakeVarints(column, bytes, columns);
        }
    }

    private static ReadingBatchError TakeVarints(int column, ReadOnlySpan<byte> packed, ReadingBatchColumns columns)
    {
        var reader = new ProtobufReader(packed);
        while (!reader.AtEnd)
        {
            if (!reader.TryReadVarint(out var value))
            {
                return ReadingBatchError.Malformed;
            }

            var error = TakeVarint(column, value, columns);
            if (error != ReadingBatchError.None)
            {
                return error;
            }
        }

        return ReadingBatchError.None;
    }

    private static ReadingBatchError TakeValues(ReadOnlySpan<byte> packed, ReadingBatchColumns columns)
    {
        var error = packed.Length % sizeof(double) != 0 ? ReadingBatchError.Malformed : columns.Reserve(packed.Length / sizeof(double));
        var reader = new ProtobufReader(packed);
        while (error == ReadingBatchError.None && reader.TryReadFixed64(out var bits))
        {
            error = columns.AddValue(bits);
        }

        return error;
    }

    private static ReadingBatchError TakeFloats(ReadOnlySpan<byte> packed, ReadingBatchColumns columns)
    {
        var error = packed.Length % sizeof(float) != 0 ? ReadingBatchError.Malformed : columns.Reserve(packed.Length / sizeof(float));
        var reader = new ProtobufReader(packed);
        while (error == ReadingBatchError.None && reader.TryReadFixed32(out var bits))
        {
            error = columns.AddFloat(bits);
        }

        return error;
    }
}
