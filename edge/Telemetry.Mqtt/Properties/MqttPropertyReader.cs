namespace Telemetry.Mqtt;

/// <summary>
/// Walks a property block without allocating. The public constructor is for blocks that were judged already (those of a
/// parsed packet): walking them cannot fail.
/// </summary>
public ref struct MqttPropertyReader
{
    private readonly MqttPropertyOwner _owner;
    private readonly bool _judge;
    private MqttBodyReader _reader;
    private ulong _seen;

    /// <summary>Reads the properties of a packet that was parsed.</summary>
    public MqttPropertyReader(ReadOnlySpan<byte> judgedProperties)
    {
        _reader = new MqttBodyReader(judgedProperties);
    }

    internal MqttPropertyReader(ReadOnlySpan<byte> properties, MqttPropertyOwner owner)
    {
        _reader = new MqttBodyReader(properties);
        _owner = owner;
        _judge = true;
    }

    /// <summary>The next property; false at the end.</summary>
    public bool TryRead(out MqttProperty property) => TryRead(out property, out _);

    /// <summary>False with no error at the end, with an error when the bytes or the value are not allowed.</summary>
    internal bool TryRead(out MqttProperty property, out MqttError error)
    {
        property = default;
        error = default;
        var before = _reader.Rest;
        if (!_reader.TryReadByte(out var rawId))
        {
            return false;
        }
        var id = (MqttPropertyId)rawId;
        var type = MqttPropertyRules.TypeOf(id);
        if (_judge && !TryCheckId(id, type, out error))
        {
            return false;
        }
        if (!TryReadValue(id, type, out var number, out var value, out var name, out error))
        {
            return false;
        }
        property = new MqttProperty
        {
            Id = id,
            Number = number,
            Value = value,
            Name = name,
            Encoded = before[..(before.Length - _reader.Rest.Length)],
        };
        return !_judge || MqttPropertyValues.TryCheck(property, out error);
    }

    private bool TryCheckId(MqttPropertyId id, MqttPropertyType type, out MqttError error)
    {
        error = default;
        if (type == MqttPropertyType.Unknown)
        {
            error = MqttError.Malformed("MQTT-2.2.2.2", "The packet has a property identifier that does not exist.");
            return false;
        }
        if (!MqttPropertyRules.IsAllowed(id, _owner))
        {
            error = MqttError.Malformed("MQTT-2.2.2.2", "The packet has a property that is not for its packet type.");
            return false;
        }
        var bit = 1UL << (int)id;
        var repeatable = id == MqttPropertyId.UserProperty
            || (id == MqttPropertyId.SubscriptionIdentifier && _owner == MqttPropertyOwner.Publish);
        if ((_seen & bit) != 0 && !repeatable)
        {
            error = MqttError.Protocol("MQTT-2.2.2.2", "The packet has a property twice that may be there once.");
            return false;
        }
        _seen |= bit;
        return true;
    }

    private bool TryReadValue(
        MqttPropertyId id,
        MqttPropertyType type,
        out uint number,
        out ReadOnlySpan<byte> value,
        out ReadOnlySpan<byte> name,
        out MqttError error)
    {
        number = 0;
        value = default;
        name = default;
        error = default;
        bool read;
        switch (type)
        {
            case MqttPropertyType.Byte:
                read = _reader.TryReadByte(out var b);
                number = b;
                break;
            case MqttPropertyType.UInt16:
                read = _reader.TryReadUInt16(out var u16);
                number = u16;
                break;
            case MqttPropertyType.UInt32:
                read = _reader.TryReadUInt32(out number);
                break;
            case MqttPropertyType.VariableByteInteger:
                read = _reader.TryReadVariableByteInteger(out var variable);
                number = (uint)variable;
                break;
            case MqttPropertyType.StringPair:
                read = _reader.TryReadBinary(out name) && _reader.TryReadBinary(out value);
                break;
            default:
                read = _reader.TryReadBinary(out value);
                break;
        }
        if (!read)
        {
            error = MqttError.Malformed("MQTT-2.2.2.2", "A property value is malformed or reaches past the end of the properties.");
            return false;
        }
        if (!_judge || type is not (MqttPropertyType.String or MqttPropertyType.StringPair))
        {
            return true;
        }
        var clause = MqttPropertyRules.Utf8ClauseOf(id);
        return MqttUtf8.TryCheck(name, clause, out error) && MqttUtf8.TryCheck(value, clause, out error);
    }
}
