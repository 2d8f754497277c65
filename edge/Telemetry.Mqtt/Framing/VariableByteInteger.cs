namespace Telemetry.Mqtt;

/// <summary>Variable Byte Integer, MQTT 5.0 section 1.5.5: seven bits a byte, at most four bytes, shortest form only.</summary>
public static class VariableByteInteger
{
    /// <summary>Largest value: 268,435,455.</summary>
    public const int MaxValue = 0x0FFF_FFFF;

    /// <summary>Bytes that <paramref name="value"/> takes: 1 to 4.</summary>
    public static int SizeOf(int value) => value switch
    {
        < 0x80 => 1,
        < 0x4000 => 2,
        < 0x20_0000 => 3,
        _ => 4,
    };

    /// <summary>Writes <paramref name="value"/> and returns the number of bytes.</summary>
    public static int Write(Span<byte> destination, int value)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(value);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(value, MaxValue);
        var count = 0;
        while (value >= 0x80)
        {
            destination[count++] = (byte)(value | 0x80);
            value >>= 7;
        }
        destination[count] = (byte)value;
        return count + 1;
    }

    /// <summary>Reads one integer from the front of <paramref name="source"/>.</summary>
    /// <returns>Bytes used; 0 when more bytes are needed; -1 when malformed (five bytes, or not the shortest form).</returns>
    public static int Read(ReadOnlySpan<byte> source, out int value)
    {
        var count = ReadAnyForm(source, out value);
        return count > 1 && source[count - 1] == 0 ? -1 : count;
    }

    /// <summary>As <see cref="Read"/>, taking forms that are longer than need be: 3.1.1 does not forbid them [MQTT-1.5.5-1 is of 5.0].</summary>
    /// <returns>Bytes used; 0 when more bytes are needed; -1 when there are five.</returns>
    public static int ReadAnyForm(ReadOnlySpan<byte> source, out int value)
    {
        value = 0;
        for (var i = 0; i < source.Length && i < 4; i++)
        {
            var b = source[i];
            value |= (b & 0x7F) << (7 * i);
            if (b < 0x80)
            {
                return i + 1;
            }
        }
        return source.Length >= 4 ? -1 : 0;
    }
}
