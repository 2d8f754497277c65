using System.Security.Authentication;
using MQTTnet;
using MQTTnet.Exceptions;

namespace Telemetry.Bridge.Links;

/// <summary>Says what a failed connection means and what to do.</summary>
internal static class LinkFaults
{
    public static LinkException Connecting(Exception error, BrokerLinkOptions options)
    {
        var cause = error;
        for (var inner = error; inner is not null; inner = inner.InnerException)
        {
            cause = inner;
            if (inner is AuthenticationException)
            {
                return new LinkException(
                    $"TLS with {options.Broker} failed: {Deepest(inner).Message} Check CaFile, the host's name in the broker's certificate and CertificateFile.",
                    LinkFault.Tls, error);
            }

            if (inner is MqttProtocolViolationException)
            {
                return new LinkException($"{options.Broker} answered something else than MQTT 5: {inner.Message}", LinkFault.Protocol, error);
            }
        }

        return error is OperationCanceledException
            ? new LinkException($"{options.Broker} did not answer within {options.Timeout.TotalSeconds:0.#} s (Timeout).", LinkFault.Unreachable, error)
            : new LinkException($"{options.Broker} is not reachable: {cause.Message}", LinkFault.Unreachable, error);
    }

    public static LinkException Refused(MqttClientConnectResult answer, string clientId)
    {
        var said = string.IsNullOrEmpty(answer.ReasonString) ? "" : $" It says: {answer.ReasonString}";
        return answer.ResultCode switch
        {
            // 1 is no code of MQTT 5: a broker of 3.1.1 says with it that it does not speak 5 [MQTT-3.1.2-2].
            MqttClientConnectResultCode.UnsupportedProtocolVersion or (MqttClientConnectResultCode)1 => new($"The broker does not speak this version of MQTT.{said}", LinkFault.Protocol),
            MqttClientConnectResultCode.BadUserNameOrPassword or MqttClientConnectResultCode.NotAuthorized => new(
                $"The broker does not let us in ({answer.ResultCode}).{said} Check UserName, PasswordFile and the certificate.", LinkFault.Refused),
            MqttClientConnectResultCode.ClientIdentifierNotValid => new(
                $"The broker does not take the client identifier '{clientId}'.{said} Give another as ClientId.", LinkFault.Refused),
            _ => new($"The broker refuses the connection ({answer.ResultCode}).{said}", LinkFault.Refused),
        };
    }

    public static LinkException Ended(MqttClientDisconnectedEventArgs? end, Exception? sending, string clientId)
    {
        if (end?.Reason == MqttClientDisconnectReason.SessionTakenOver)
        {
            return new LinkException(
                $"Another client connected as '{clientId}' and took the session over. Give each instance a name of its own (--instance).", LinkFault.TakenOver);
        }

        var said = string.IsNullOrEmpty(end?.ReasonString) ? "" : $" It says: {end.ReasonString}";
        var cause = (sending ?? end?.Exception) is { } error ? Deepest(error).Message.TrimEnd('.')
            : end is { Reason: not MqttClientDisconnectReason.NormalDisconnection } ? end.Reason.ToString()

            // Brokers that take a session away often just close.
            : $"the broker closed it; where that goes on, another client may use the identifier '{clientId}'";
        return new LinkException($"The connection to the broker ended: {cause}.{said}", LinkFault.Lost, sending ?? end?.Exception);
    }

    private static Exception Deepest(Exception error)
    {
        while (error.InnerException is { } inner)
        {
            error = inner;
        }

        return error;
    }
}
