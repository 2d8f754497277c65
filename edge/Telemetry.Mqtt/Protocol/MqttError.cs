namespace Telemetry.Mqtt;

/// <summary>Why bytes of the other side were refused. Holds only literals, so making one allocates nothing.</summary>
/// <param name="Code">Reason code to answer with: MQTT 5.0 section 4.13.</param>
/// <param name="Clause">Normative statement that was broken, or the section when the statement has no number.</param>
/// <param name="Message">One sentence for the log and the Reason String.</param>
public readonly record struct MqttError(ReasonCode Code, string Clause, string Message)
{
    /// <summary>True for the value that means "no error".</summary>
    public bool IsNone => Clause is null;

    /// <summary>The packet cannot be parsed: 0x81.</summary>
    public static MqttError Malformed(string clause, string message) => new(ReasonCode.MalformedPacket, clause, message);

    /// <summary>The packet parses, but is not allowed here: 0x82.</summary>
    public static MqttError Protocol(string clause, string message) => new(ReasonCode.ProtocolError, clause, message);

    public override string ToString() => IsNone ? "none" : $"{Message} [{Clause}] (0x{(byte)Code:X2} {Code})";
}
