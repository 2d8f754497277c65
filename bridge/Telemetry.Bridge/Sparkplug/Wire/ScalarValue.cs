namespace Telemetry.Bridge.Sparkplug.Wire;

/// <summary>What a value is to us.</summary>
internal enum ValueKind : byte
{
    /// <summary>A number.</summary>
    Number,

    /// <summary>No value: <c>is_null</c>, or neither a value nor <c>is_null</c>, which is malformed and read alike.</summary>
    Null,

    /// <summary>Text, bytes or a file: no measurement.</summary>
    Text,

    /// <summary>Several numbers.</summary>
    Array,

    Template,

    DataSet,

    /// <summary>The type is not known, or the value does not fit it.</summary>
    Unusable,
}

/// <summary>Values by their datatype.</summary>
internal static class ScalarValue
{
    /// <summary>
    /// Decodes a scalar. Integers are taken from whichever integer field is set and then narrowed, because encoders put UInt32 into
    /// <c>long_value</c>, and -1 as Int8 comes as 0xFF or sign-extended as 0xFFFFFFFF.
    /// </summary>
    public static ValueKind Read(SparkplugType type, in MetricView metric, out double value)
    {
        value = double.NaN;
        if (metric.IsNull || metric.Arm == ValueArm.None)
        {
            return ValueKind.Null;
        }

        switch (type)
        {
            case SparkplugType.Float or SparkplugType.Double:
                return ReadFloat(metric, out value);
            case SparkplugType.Boolean:
                value = metric.Bits != 0 ? 1 : 0;
                return metric.Arm is ValueArm.Boolean or ValueArm.Int or ValueArm.Long ? ValueKind.Number : ValueKind.Unusable;
            case SparkplugType.String or SparkplugType.Text or SparkplugType.Uuid:
                return metric.Arm == ValueArm.String ? ValueKind.Text : ValueKind.Unusable;
            case SparkplugType.Bytes or SparkplugType.File:
                return metric.Arm == ValueArm.Bytes ? ValueKind.Text : ValueKind.Unusable;
            case SparkplugType.StringArray:
                return metric.Arm == ValueArm.Bytes ? ValueKind.Text : ValueKind.Unusable;
            case >= SparkplugType.Int8Array and <= SparkplugType.DateTimeArray:
                return metric.Arm == ValueArm.Bytes ? ValueKind.Array : ValueKind.Unusable;
            case SparkplugType.DataSet:
                return metric.Arm == ValueArm.DataSet ? ValueKind.DataSet : ValueKind.Unusable;
            case SparkplugType.Template:
                return metric.Arm == ValueArm.Template ? ValueKind.Template : ValueKind.Unusable;
            default:
                return ReadInteger(type, metric, out value);
        }
    }

    /// <summary>True for types whose values become readings, one or several.</summary>
    public static bool IsMeasurement(SparkplugType type) =>
        type is (>= SparkplugType.Int8 and <= SparkplugType.Boolean) or SparkplugType.DateTime
            or (>= SparkplugType.Int8Array and <= SparkplugType.DateTimeArray and not SparkplugType.StringArray);

    private static ValueKind ReadFloat(in MetricView metric, out double value)
    {
        value = metric.Arm switch
        {
            ValueArm.Float => BitConverter.UInt32BitsToSingle((uint)metric.Bits),
            ValueArm.Double => BitConverter.UInt64BitsToDouble(metric.Bits),
            _ => double.NaN,
        };
        return metric.Arm is ValueArm.Float or ValueArm.Double ? ValueKind.Number : ValueKind.Unusable;
    }

    private static ValueKind ReadInteger(SparkplugType type, in MetricView metric, out double value)
    {
        value = double.NaN;
        if (metric.Arm is not (ValueArm.Int or ValueArm.Long))
        {
            return ValueKind.Unusable;
        }

        // An int_value of a 64-bit type has lost its upper half: what is there is all there is.
        var bits = metric.Bits;
        value = type switch
        {
            SparkplugType.Int8 => unchecked((sbyte)bits),
            SparkplugType.Int16 => unchecked((short)bits),
            SparkplugType.Int32 => unchecked((int)bits),
            SparkplugType.Int64 or SparkplugType.DateTime => unchecked((long)bits),
            SparkplugType.UInt8 => (byte)bits,
            SparkplugType.UInt16 => (ushort)bits,
            SparkplugType.UInt32 => (uint)bits,
            SparkplugType.UInt64 => bits,
            _ => double.NaN,
        };
        return type is >= SparkplugType.Int8 and <= SparkplugType.UInt64 or SparkplugType.DateTime ? ValueKind.Number : ValueKind.Unusable;
    }
}
