using Telemetry.Edge.Connections;
using Telemetry.Edge.Reasons;
using Telemetry.Mqtt;

namespace Telemetry.Edge.Packets;

/// <summary>Enhanced authentication, MQTT 5.0 section 4.12: with CONNECT, and again on a running connection.</summary>
internal sealed class AuthHandler(BrokerCore core, ConnectHandler connects)
{
    private static readonly MqttError NotProved = new(
        ReasonCode.NotAuthorized, "MQTT-4.12.1-2", "The client could not prove again who it is.");

    /// <summary>A CONNECT with an Authentication Method.</summary>
    /// <returns>False when it was refused and the connection is to be closed.</returns>
    public bool Start(MqttConnection connection, ConnectPacket connect, string? assigned)
    {
        var method = connect.Properties!.AuthenticationMethod!;
        if (core.Security.StartExchange(method, connection.RemoteEndPoint) is not { } exchange)
        {
            // [MQTT-4.12.0-1]
            return connects.Refuse(
                connection, connect, ReasonCode.BadAuthenticationMethod, "This authentication method is not offered.");
        }

        connection.Authentication = new PendingAuthentication(exchange, method, connect, assigned);
        return Answer(connection, connection.Authentication, exchange.Next(connect.Properties.AuthenticationData)) != ReadStep.Close;
    }

    /// <summary>An AUTH of the client.</summary>
    public ReadStep Handle(MqttConnection connection, ReadOnlySpan<byte> body)
    {
        if (!AuthPacket.TryParse(body, out var packet, out var error))
        {
            return Fail(connection, error);
        }

        var method = connection.Authentication?.Method ?? connection.Client?.AuthenticationMethod;
        if (method is null)
        {
            return Fail(connection, MqttError.Protocol("MQTT-4.12.0-7", "AUTH without an Authentication Method in CONNECT."));
        }

        if (packet.Method != method)
        {
            return Fail(connection, MqttError.Protocol("MQTT-4.12.0-5", "The Authentication Method is not that of CONNECT."));
        }

        var again = packet.ReasonCode == ReasonCode.ReAuthenticate;
        if (again != (connection.Authentication is null))
        {
            return Fail(connection, MqttError.Protocol(
                again ? "MQTT-4.12.1-1" : "MQTT-4.12.0-3", again ? "An authentication is going on already." : "No authentication is going on."));
        }

        if (again)
        {
            if (core.Security.StartExchange(method, connection.RemoteEndPoint) is not { } exchange)
            {
                // It was offered once; whoever took it away wants nobody to go on by it.
                return connection.Fail(NotProved);
            }

            connection.Authentication = new PendingAuthentication(exchange, method, null, null);
        }

        var pending = connection.Authentication!;
        return Answer(connection, pending, pending.Exchange.Next(packet.Data.Span));
    }

    private ReadStep Answer(MqttConnection connection, PendingAuthentication pending, in AuthStep step)
    {
        if (step.Kind == AuthStepKind.Continue)
        {
            // [MQTT-4.12.0-2]
            return Write(connection, pending, ReasonCode.ContinueAuthentication, step.Data);
        }

        connection.Authentication = null;
        core.Security.Metrics.Count(step.Kind switch
        {
            AuthStepKind.Succeeded => AuthenticationOutcome.Accepted,
            AuthStepKind.TryLater => AuthenticationOutcome.TryLater,
            _ => AuthenticationOutcome.BadCredentials,
        });
        return pending.Connect is { } connect ? Finish(connection, pending, connect, step) : FinishAgain(connection, pending, step);
    }

    private ReadStep Finish(MqttConnection connection, PendingAuthentication pending, ConnectPacket connect, in AuthStep step)
    {
        var refused = step.Kind == AuthStepKind.TryLater
            ? !connects.RefuseCredentials(connection, connect, AuthenticationOutcome.TryLater)
            // A user name beside the method must not say something else.
            : (step.Kind == AuthStepKind.Failed || (connect.UserName is { } name && name != step.User))
                && !connects.RefuseCredentials(connection, connect, AuthenticationOutcome.NotAuthorized); // [MQTT-4.12.0-4]
        if (refused)
        {
            return ReadStep.Close;
        }

        var identity = new MqttClientIdentity(pending.AssignedClientId ?? connect.ClientId, step.User, connection.CertificateName)
        {
            IsFromToken = step.ExpiresAt is not null,
        };
        var (assigned, expiresAt, data) = (pending.AssignedClientId, step.ExpiresAt, step.Data);
        connection.Admission = token => connects.AdmitAsync(connection, connect, identity, assigned, expiresAt, data, token);
        return ReadStep.Connect;
    }

    private ReadStep FinishAgain(MqttConnection connection, PendingAuthentication pending, in AuthStep step)
    {
        if (step.Kind == AuthStepKind.Succeeded && step.User == connection.Client!.Identity.UserName)
        {
            connection.SetEnd(connects.EndOf(step.ExpiresAt));
            return Write(connection, pending, ReasonCode.Success, step.Data);
        }

        return connection.Fail(NotProved);
    }

    private static ReadStep Write(MqttConnection connection, PendingAuthentication pending, ReasonCode code, byte[] data)
    {
        var packet = new AuthPacket { ReasonCode = code, Method = pending.Method, Data = data };
        var maximum = connection.Client?.MaximumPacketSize ?? ClientContext.MaximumPacketSizeOf(pending.Connect!);
        var sent = 0;
        connection.Pump.Write(0, (output, _) => sent = AuthPacket.Write(output, packet, maximum));
        if (sent > 0)
        {
            return ReadStep.Next;
        }

        // The client would wait for it for ever. [MQTT-3.1.2-24]
        connection.RequestClose(CloseReason.TakesNoConnAck);
        return ReadStep.Close;
    }

    /// <summary>Before CONNACK an error is told by CONNACK, later by DISCONNECT.</summary>
    private ReadStep Fail(MqttConnection connection, in MqttError error)
    {
        if (connection.Client is null)
        {
            connects.Refuse(connection, MqttVersion.V500, error.Code, error.Message);
        }

        return connection.Fail(error);
    }
}
