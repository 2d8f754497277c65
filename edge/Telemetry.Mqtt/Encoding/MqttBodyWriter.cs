using System.Buffers.Binary;
using System.Text;

namespace Telemetry.Mqtt;

/// <summary>Writes the data types of MQTT 5.0 section 1.5 into a span whose size was computed before.</summary>
internal ref struct MqttBodyWriter(Span<byte> span)
{
    private Span<byte> _rest = span;

    public readonly int Remaining => _rest.Length;

    public void WriteByte(byte value)
    {
        _rest[0] = value;
        _rest = _rest[1..];
    }

    public void WriteUInt16(ushort value)
    {
        BinaryPrimitives.WriteUInt16BigEndian(_rest, value);
        _rest = _rest[2..];
    }

    public void WriteUInt32(uint value)
    {
        BinaryPrimitives.WriteUInt32BigEndian(_rest, value);
        _rest = _rest[4..];
    }

    public void WriteVariableByteInteger(int value) => _rest = _rest[VariableByteInteger.Write(_rest, value)..];

    public void WriteBytes(ReadOnlySpan<byte> value)
    {
        value.CopyTo(_rest);
        _rest = _rest[value.Length..];
    }

    public void WriteBinary(ReadOnlySpan<byte> value)
    {
        WriteUInt16((ushort)value.Length);
        WriteBytes(value);
    }

    public void WriteString(string value)
    {
        var length = Encoding.UTF8.GetBytes(value, _rest[2..]);
        WriteUInt16((ushort)length);
        _rest = _rest[length..];
    }

    /// <summary>Bytes of a string with its length in front.</summary>
    /// <exception cref="ArgumentException">Longer than 65,535 bytes: the protocol has no way to say it.</exception>
    public static int SizeOf(string value)
    {
        var length = Encoding.UTF8.GetByteCount(value);
        return length <= MqttUtf8.MaxLength
            ? 2 + length
            : throw new ArgumentException($"A string of {length} bytes is longer than the 65,535 that MQTT can carry.", nameof(value));
    }

    /// <summary>Bytes of binary data with its length in front.</summary>
    /// <exception cref="ArgumentException">Longer than 65,535 bytes.</exception>
    public static int SizeOf(ReadOnlySpan<byte> value) => value.Length <= MqttUtf8.MaxLength
        ? 2 + value.Length
        : throw new ArgumentException(
            $"Binary data of {value.Length} bytes is longer than the 65,535 that MQTT can carry.", nameof(value));
}
