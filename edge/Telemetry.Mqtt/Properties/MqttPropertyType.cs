namespace Telemetry.Mqtt;

/// <summary>Data types a property value can have, MQTT 5.0 section 2.2.2.2.</summary>
internal enum MqttPropertyType : byte
{
    Unknown,
    Byte,
    UInt16,
    UInt32,
    VariableByteInteger,
    String,
    Binary,
    StringPair,
}
