using System.Buffers.Binary;

namespace Telemetry.Mqtt;

/// <summary>Reads the data types of MQTT 5.0 section 1.5 from the body of one packet.</summary>
internal ref struct MqttBodyReader(ReadOnlySpan<byte> body)
{
    private ReadOnlySpan<byte> _rest = body;

    public readonly ReadOnlySpan<byte> Rest => _rest;

    public readonly bool IsEmpty => _rest.IsEmpty;

    public bool TryReadByte(out byte value)
    {
        if (_rest.IsEmpty)
        {
            value = 0;
            return false;
        }
        value = _rest[0];
        _rest = _rest[1..];
        return true;
    }

    public bool TryReadUInt16(out ushort value)
    {
        if (!BinaryPrimitives.TryReadUInt16BigEndian(_rest, out value))
        {
            return false;
        }
        _rest = _rest[2..];
        return true;
    }

    public bool TryReadUInt32(out uint value)
    {
        if (!BinaryPrimitives.TryReadUInt32BigEndian(_rest, out value))
        {
            return false;
        }
        _rest = _rest[4..];
        return true;
    }

    public bool TryReadVariableByteInteger(out int value)
    {
        var count = VariableByteInteger.Read(_rest, out value);
        if (count <= 0)
        {
            return false;
        }
        _rest = _rest[count..];
        return true;
    }

    /// <summary>Binary Data, and the bytes of a string before they are judged.</summary>
    public bool TryReadBinary(out ReadOnlySpan<byte> value)
    {
        if (!BinaryPrimitives.TryReadUInt16BigEndian(_rest, out var length) || _rest.Length - 2 < length)
        {
            value = default;
            return false;
        }
        value = _rest.Slice(2, length);
        _rest = _rest[(2 + length)..];
        return true;
    }

    public bool TryReadBytes(int count, out ReadOnlySpan<byte> value)
    {
        if (_rest.Length < count)
        {
            value = default;
            return false;
        }
        value = _rest[..count];
        _rest = _rest[count..];
        return true;
    }

    /// <summary>A string, well formed or not taken.</summary>
    /// <param name="clause">Clause to quote when the bytes are not a string.</param>
    public bool TryReadString(string clause, out ReadOnlySpan<byte> value, out MqttError error)
    {
        if (!TryReadBinary(out value))
        {
            error = Truncated;
            return false;
        }
        return MqttUtf8.TryCheck(value, clause, out error);
    }

    /// <summary>A property block: its length, then that many bytes, not judged yet.</summary>
    public bool TryReadProperties(out ReadOnlySpan<byte> value, out MqttError error)
    {
        error = default;
        value = default;
        var count = VariableByteInteger.Read(_rest, out var length);
        if (count <= 0)
        {
            error = MqttError.Malformed("MQTT-2.2.2-1", "The Property Length is missing or malformed.");
            return false;
        }
        if (_rest.Length - count < length)
        {
            error = MqttError.Malformed("MQTT-2.2.2.1", "The Property Length reaches past the end of the packet.");
            return false;
        }
        value = _rest.Slice(count, length);
        _rest = _rest[(count + length)..];
        return true;
    }

    public static MqttError Truncated => MqttError.Malformed("MQTT-4.13.1-1", "The packet ends before its fields do.");

    public static MqttError TooLong => MqttError.Malformed("MQTT-4.13.1-1", "The packet goes on after its last field.");
}
