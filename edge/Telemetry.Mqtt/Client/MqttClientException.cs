namespace Telemetry.Mqtt.Client;

/// <summary>A client operation failed.</summary>
public sealed class MqttClientException : Exception
{
    public MqttClientException(string message, ReasonCode reasonCode, bool isTransient, Exception? innerException = null)
        : base(message, innerException)
    {
        ReasonCode = reasonCode;
        IsTransient = isTransient;
    }

    /// <summary>Reason code of the broker (3.1.1 return codes mapped), 0 when the failure was not its answer.</summary>
    public ReasonCode ReasonCode { get; }

    /// <summary>True when the same call may succeed later with nothing changed.</summary>
    public bool IsTransient { get; }

    internal static MqttClientException NotConnected() => new("There is no connection.", 0, isTransient: true);

    internal static MqttClientException Ended(MqttDisconnect end) => new(
        end.Message,
        end.ReasonCode,
        end.Cause is DisconnectCause.ConnectionLost or DisconnectCause.KeepAliveTimeout || IsTransientCode(end.ReasonCode),
        end.Exception);

    private static bool IsTransientCode(ReasonCode code) => code is ReasonCode.ServerUnavailable or ReasonCode.ServerBusy
        or ReasonCode.ServerShuttingDown or ReasonCode.QuotaExceeded or ReasonCode.ConnectionRateExceeded
        or ReasonCode.UnspecifiedError or ReasonCode.ImplementationSpecificError or ReasonCode.MessageRateTooHigh;
}
