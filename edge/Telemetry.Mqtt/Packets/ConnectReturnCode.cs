namespace Telemetry.Mqtt;

/// <summary>CONNACK return codes, MQTT 3.1.1 table 3.1.</summary>
internal static class ConnectReturnCode
{
    public static bool TryToReasonCode(byte returnCode, out ReasonCode reasonCode)
    {
        (reasonCode, var known) = returnCode switch
        {
            0 => (ReasonCode.Success, true),
            1 => (ReasonCode.UnsupportedProtocolVersion, true),
            2 => (ReasonCode.ClientIdentifierNotValid, true),
            3 => (ReasonCode.ServerUnavailable, true),
            4 => (ReasonCode.BadUserNameOrPassword, true),
            5 => (ReasonCode.NotAuthorized, true),
            _ => (ReasonCode.UnspecifiedError, false),
        };
        return known;
    }

    public static byte FromReasonCode(ReasonCode reasonCode) => reasonCode switch
    {
        ReasonCode.Success => 0,
        ReasonCode.UnsupportedProtocolVersion => 1,
        ReasonCode.ClientIdentifierNotValid => 2,
        ReasonCode.BadUserNameOrPassword or ReasonCode.BadAuthenticationMethod => 4,
        ReasonCode.NotAuthorized or ReasonCode.Banned => 5,
        _ => 3,
    };
}
