namespace Telemetry.Mqtt;

/// <summary>Why a CONNECT was refused by the decoder, and how it may be answered.</summary>
/// <param name="Kind">Which of the three ways it went wrong.</param>
/// <param name="ProtocolLevel">Level byte of the packet; 0 when it was not reached.</param>
/// <param name="Error">Reason code, clause and sentence.</param>
public readonly record struct ConnectFailure(ConnectFailureKind Kind, byte ProtocolLevel, MqttError Error)
{
    /// <summary>
    /// Version to write a refusing CONNACK in; null when none is due and the connection is just closed (a wrong name, or a
    /// malformed packet of 3.1.1).
    /// </summary>
    public MqttVersion? AnswerVersion => (Kind, ProtocolLevel) switch
    {
        (ConnectFailureKind.WrongProtocolName, _) => null,
        (ConnectFailureKind.UnsupportedLevel, < 5) => MqttVersion.V311,
        (ConnectFailureKind.UnsupportedLevel, _) => MqttVersion.V500,
        (_, 5) => MqttVersion.V500,
        _ => null,
    };
}
