namespace Telemetry.Mqtt;

/// <summary>Ways a CONNECT can be refused by the decoder.</summary>
public enum ConnectFailureKind : byte
{
    /// <summary>0x81 or 0x82.</summary>
    Malformed,

    /// <summary>The protocol name is not <c>MQTT</c> [MQTT-3.1.2-1].</summary>
    WrongProtocolName,

    /// <summary>0x84; CONNACK return code 1 in 3.1.1 [MQTT-3.1.2-2].</summary>
    UnsupportedLevel,
}
