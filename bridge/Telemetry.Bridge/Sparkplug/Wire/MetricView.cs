using Telemetry.Contracts.Wire;

namespace Telemetry.Bridge.Sparkplug.Wire;

/// <summary>Which field of a metric's <c>oneof value</c> is set.</summary>
internal enum ValueArm : byte
{
    None,
    Int,
    Long,
    Float,
    Double,
    Boolean,
    String,
    Bytes,
    DataSet,
    Template,
    Extension,
}

/// <summary>One metric of a payload, read where it lies: <c>Payload.Metric</c> of <c>org.eclipse.tahu.protobuf</c>.</summary>
internal ref struct MetricView
{
    public ReadOnlySpan<byte> Name;
    public ulong Alias;
    public ulong Timestamp;
    public uint DataType;
    public bool HasAlias;
    public bool HasTimestamp;
    public bool IsHistorical;
    public bool IsTransient;
    public bool IsNull;
    public ValueArm Arm;

    /// <summary>Bits of a value that is a number: integers as they were sent, floats as IEEE.</summary>
    public ulong Bits;

    /// <summary>A value that is text, bytes or a message.</summary>
    public ReadOnlySpan<byte> Bytes;

    public ReadOnlySpan<byte> MetaData;
    public ReadOnlySpan<byte> Properties;

    /// <summary>False: not Protobuf. Messages inside are not looked into.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out MetricView metric)
    {
        metric = default;
        MetricView read = default;
        var reader = new ProtobufReader(bytes);
        while (!reader.AtEnd)
        {
            if (!reader.TryReadTag(out var field, out var type) || !TryReadField(ref reader, field, type, ref read))
            {
                return false;
            }
        }

        metric = read;
        return true;
    }

    private static bool TryReadField(scoped ref ProtobufReader reader, int field, WireType type, scoped ref MetricView metric)
    {
        switch (field, type)
        {
            case (1, WireType.LengthDelimited):
                return reader.TryReadBytes(out metric.Name);
            case (2, WireType.Varint):
                metric.HasAlias = true;
                return reader.TryReadVarint(out metric.Alias);
            case (3, WireType.Varint):
                metric.HasTimestamp = true;
                return reader.TryReadVarint(out metric.Timestamp);
            case (4, WireType.Varint):
                var read = reader.TryReadVarint(out var datatype);
                metric.DataType = (uint)datatype;
                return read;
            case (5, WireType.Varint):
                return TryReadBool(ref reader, out metric.IsHistorical);
            case (6, WireType.Varint):
                return TryReadBool(ref reader, out metric.IsTransient);
            case (7, WireType.Varint):
                return TryReadBool(ref reader, out metric.IsNull);
            case (8, WireType.LengthDelimited):
                return reader.TryReadBytes(out metric.MetaData);
            case (9, WireType.LengthDelimited):
                return reader.TryReadBytes(out metric.Properties);
            case (10, WireType.Varint):
                return Number(ref metric, ValueArm.Int, reader.TryReadVarint(out var narrow), (uint)narrow);
            case (11, WireType.Varint):
                return Number(ref metric, ValueArm.Long, reader.TryReadVarint(out var wide), wide);
            case (12, WireType.Fixed32):
                return Number(ref metric, ValueArm.Float, reader.TryReadFixed32(out var single), single);
            case (13, WireType.Fixed64):
                return Number(ref metric, ValueArm.Double, reader.TryReadFixed64(out var twice), twice);
            case (14, WireType.Varint):
                return Number(ref metric, ValueArm.Boolean, reader.TryReadVarint(out var truth), truth);
            case ( >= 15 and <= 19, WireType.LengthDelimited):
                metric.Arm = (ValueArm)((int)ValueArm.String + field - 15);
                return reader.TryReadBytes(out metric.Bytes);
            default:
                return reader.TrySkip(field, type);
        }
    }

    private static bool TryReadBool(ref ProtobufReader reader, out bool value)
    {
        var read = reader.TryReadVarint(out var bits);
        value = bits != 0;
        return read;
    }

    private static bool Number(scoped ref MetricView metric, ValueArm arm, bool read, ulong bits)
    {
        (metric.Arm, metric.Bits) = (arm, bits);
        return read;
    }
}
