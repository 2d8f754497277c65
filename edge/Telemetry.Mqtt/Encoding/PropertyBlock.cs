namespace Telemetry.Mqtt;

/// <summary>The property block of a packet about to be written, its size known and cut to the receiver's limit.</summary>
internal readonly ref struct PropertyBlock
{
    private readonly MqttProperties? _properties;
    private readonly bool _withProblem;
    private readonly bool _present;

    /// <param name="fixedSize">Bytes of the body without this block.</param>
    public PropertyBlock(MqttVersion version, MqttProperties? properties, int fixedSize, int maximumPacketSize)
    {
        _present = version == MqttVersion.V500;
        if (!_present)
        {
            return;
        }
        _properties = properties;
        _withProblem = true;
        Size = MqttPropertyWriter.SizeOf(properties);
        if (MqttEncoding.SizeOfPacket(fixedSize + EncodedSize) > maximumPacketSize)
        {
            _withProblem = false;
            Size = MqttPropertyWriter.SizeOf(properties, withProblem: false);
        }
    }

    /// <summary>Bytes without the length.</summary>
    public int Size { get; }

    /// <summary>Bytes with the length; 0 in 3.1.1.</summary>
    public int EncodedSize => _present ? VariableByteInteger.SizeOf(Size) + Size : 0;

    public void Write(ref MqttBodyWriter writer)
    {
        if (_present)
        {
            writer.WriteVariableByteInteger(Size);
            MqttPropertyWriter.Write(ref writer, _properties, _withProblem);
        }
    }
}
