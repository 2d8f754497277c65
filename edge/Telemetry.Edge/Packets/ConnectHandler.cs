using System.Security.Cryptography;
using Telemetry.Edge.Connections;
using Telemetry.Edge.Diagnostics;
using Telemetry.Edge.Durability;
using Telemetry.Edge.Messages;
using Telemetry.Edge.Reasons;
using Telemetry.Edge.Security.Limits;
using Telemetry.Edge.Sessions;
using Telemetry.Mqtt;

namespace Telemetry.Edge.Packets;

/// <summary>CONNECT: who it is, which session it gets, and what CONNACK says about us.</summary>
internal sealed class ConnectHandler(BrokerCore core)
{
    /// <summary>Judges a CONNECT that was parsed and writes the CONNACK.</summary>
    /// <returns>False when it was refused and the connection is to be closed.</returns>
    public async ValueTask<bool> HandleAsync(
        MqttConnection connection, ConnectPacket connect, AuthHandler auth, CancellationToken cancellationToken)
    {
        if (core.Options.ServerMoved)
        {
            return Refuse(connection, connect, ReasonCode.ServerMoved, "The broker has moved.");
        }

        if (connection.IsSurplus)
        {
            var code = core.Options.ServerReference is null ? ReasonCode.ServerBusy : ReasonCode.UseAnotherServer;
            return Refuse(connection, connect, code, "The broker has as many connections as it may.");
        }

        if (connect.IsVersion31 && !core.Options.AcceptMqtt31)
        {
            return Refuse(connection, connect.Version, ReasonCode.UnsupportedProtocolVersion, "MQTT 3.1 is switched off (AcceptMqtt31).");
        }

        if (connect.IsVersion31 && connect.ClientId.Length == 0)
        {
            return Refuse(connection, connect.Version, ReasonCode.ClientIdentifierNotValid, "MQTT 3.1 needs a Client Identifier.");
        }

        var assigned = connect.ClientId.Length == 0 ? NewClientId() : null;
        if (assigned is not null && connect.Version == MqttVersion.V311 && !connect.CleanStart)
        {
            return Refuse(connection, connect, ReasonCode.ClientIdentifierNotValid, "An empty Client Identifier needs Clean Session."); // [MQTT-3.1.3-8]
        }

        // Before any credentials are looked at: that is what the limits shall save.
        if (core.Security.Enter(assigned ?? connect.ClientId, connection.RemoteEndPoint, connection.LocalEndPoint, out var lease) is { } limit)
        {
            return limit == LimitKind.Connections
                ? Refuse(connection, connect, ReasonCode.QuotaExceeded, "There are as many connections as there may be.")
                : Refuse(connection, connect, ReasonCode.ConnectionRateExceeded, "There are more connects than there may be. Try again later.");
        }

        connection.Limits = lease;
        if (connect.Properties?.AuthenticationMethod is not null)
        {
            return auth.Start(connection, connect, assigned);
        }

        var credentials = new ClientCredentials(
            assigned ?? connect.ClientId, connect.UserName, connect.Password ?? default, connection.CertificateName, connection.RemoteEndPoint);
        var result = await core.Security.Authenticator.AuthenticateAsync(credentials, cancellationToken);
        core.Security.Metrics.Count(result.Outcome);
        if (result.Identity is not { } identity)
        {
            return RefuseCredentials(connection, connect, result.Outcome);
        }

        return await AdmitAsync(connection, connect, identity, assigned, result.ExpiresAt, null, cancellationToken);
    }

    /// <summary>The client has proved who it is; what it asks for is another matter.</summary>
    /// <param name="connection">Its connection.</param>
    /// <param name="connect">Its CONNECT.</param>
    /// <param name="identity">Who it is.</param>
    /// <param name="assigned">Client identifier given to it, if it had none.</param>
    /// <param name="expiresAt">When what it proved ends; null for never.</param>
    /// <param name="data">Last data of an enhanced authentication, for the CONNACK; null without one.</param>
    /// <param name="cancellationToken">Ends the wait for its session.</param>
    public async ValueTask<bool> AdmitAsync(
        MqttConnection connection, ConnectPacket connect, MqttClientIdentity identity, string? assigned, DateTimeOffset? expiresAt, byte[]? data,
        CancellationToken cancellationToken)
    {
        if (connect.Will is { Retain: true } && connect.Version == MqttVersion.V500 && core.Options.MaxRetainedMessages == 0)
        {
            return Refuse(connection, connect, ReasonCode.RetainNotSupported, "No messages are retained here."); // [MQTT-3.2.2-13]
        }

        if (connect.Will is { } own && !Topics.ReservedTopics.MayPublish(System.Text.Encoding.UTF8.GetBytes(own.TopicName)))
        {
            return Refuse(connection, connect, ReasonCode.NotAuthorized, Topics.ReservedTopics.Refusal);
        }

        if (connect.Will is { } will && core.Authorizer.MayPublish(identity, System.Text.Encoding.UTF8.GetBytes(will.TopicName)) == PublishRight.Denied)
        {
            return Refuse(connection, connect, ReasonCode.NotAuthorized, "The will's topic is not allowed for this client.");
        }

        return await AcceptAsync(connection, connect, identity, assigned, expiresAt, data, cancellationToken);
    }

    /// <summary>Refuses for what the client gave to prove who it is.</summary>
    public bool RefuseCredentials(MqttConnection connection, ConnectPacket connect, AuthenticationOutcome outcome) => outcome switch
    {
        AuthenticationOutcome.BadCredentials => Refuse(
            connection, connect, ReasonCode.BadUserNameOrPassword, "The credentials were not accepted."),
        AuthenticationOutcome.TryLater => Refuse(
            connection, connect, ReasonCode.ConnectionRateExceeded, "Too many credentials were wrong or wait to be checked. Try again later."),
        _ => Refuse(connection, connect, ReasonCode.NotAuthorized, "The credentials were not accepted."),
    };

    /// <summary>Refuses with a CONNACK. [MQTT-3.2.2-7]</summary>
    public bool Refuse(MqttConnection connection, MqttVersion version, ReasonCode code, string? reason) =>
        Refuse(connection, version, int.MaxValue, code, reason);

    /// <inheritdoc cref="Refuse(MqttConnection, MqttVersion, ReasonCode, string?)"/>
    public bool Refuse(MqttConnection connection, ConnectPacket connect, ReasonCode code, string? reason)
    {
        core.Security.Audit.ConnectRefused(connect.ClientId, connect.UserName, connection.RemoteEndPoint, code, reason);
        return Refuse(connection, connect.Version, ClientContext.MaximumPacketSizeOf(connect), code, reason);
    }

    private bool Refuse(MqttConnection connection, MqttVersion version, int maximumPacketSize, ReasonCode code, string? reason)
    {
        core.Logger.ConnectRefused(connection.RemoteEndPoint, code, reason);
        var answer = new ConnAckPacket
        {
            ReasonCode = code,
            Properties = reason is null ? null : new MqttProperties
            {
                ReasonString = reason,
                ServerReference = code is ReasonCode.UseAnotherServer or ReasonCode.ServerMoved ? core.Options.ServerReference : null,
            },
        };
        connection.Pump.Write(
            (version, answer, maximumPacketSize), static (output, a) => ConnAckPacket.Write(output, a.version, a.answer, a.maximumPacketSize));
        connection.RequestClose(CloseReason.Refused);
        return false;
    }

    private static string NewClientId() => $"auto-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16))}";

    private async ValueTask<bool> AcceptAsync(
        MqttConnection connection, ConnectPacket connect, MqttClientIdentity identity, string? assigned, DateTimeOffset? expiresAt, byte[]? data,
        CancellationToken cancellationToken)
    {
        var keepAlive = KeepAliveOf(connect);
        var client = new ClientContext(connect, identity, keepAlive) { EndsAt = EndOf(expiresAt) };
        var expiry = ExpiryOf(connect, out var cut);
        connection.Client = client;
        if (!core.Security.IsKnown(identity))
        {
            // Removed while the password was checked: whoever ends the connections of removed users has looked already, or sees this one.
            return Refuse(connection, connect.Version, ReasonCode.NotAuthorized, "The credentials were not accepted.");
        }

        var request = new SessionRequest(
            identity.ClientId, connect.CleanStart, expiry, client.ReceiveMaximum, StoredWill.Of(connect, identity), identity.Owner);
        SessionClaim? claim = null;
        if (core.Shared is { } shared && shared.NeedsClaim(request) && core.Sessions.MayHave(request))
        {
            claim = await TryClaimAsync(shared, request, cancellationToken);
            if (claim is null)
            {
                return Refuse(connection, connect, ReasonCode.ServerUnavailable, "The session could not be claimed; try again later.");
            }

            // A new session is there by now: the claim made it.
            request = request with { CleanStart = false };
        }

        var grant = core.Sessions.Connect(connection, request, out var refusal);
        if (grant is not { } granted)
        {
            return refusal == SessionRefusal.OfAnotherIdentity
                ? Refuse(connection, connect, ReasonCode.NotAuthorized, "The session of this Client Identifier belongs to another identity.")
                : Refuse(connection, connect, ReasonCode.QuotaExceeded, "The broker keeps as many sessions as it may.");
        }

        if (claim is null && granted.Stored is { IsCompletedSuccessfully: false } stored && !await IsStoredAsync(stored, cancellationToken))
        {
            core.Sessions.Disconnect(granted.Session, connection, discardWill: true, null, out _, NowMs());
            return Refuse(connection, connect.Version, ReasonCode.ServerUnavailable, "The session could not be stored; try again later.");
        }

        connection.Session = granted.Session;
        if (claim is { } claimed && granted.Session.Keep is { } keep && (!keep.IsHere || keep.Epoch != claimed.Epoch))
        {
            // Another node claimed it in the meantime.
            connection.RequestClose(CloseReason.TakenOver);
        }

        var answer = new ConnAckPacket
        {
            SessionPresent = claim?.IsResumed ?? granted.Present,
            Properties = connect.Version == MqttVersion.V500 ? Describe(connect, keepAlive, cut ? expiry : null, assigned, data) : null,
        };
        var sent = 0;
        connection.Pump.Write(0, (output, _) => sent = ConnAckPacket.Write(output, connect.Version, answer, client.MaximumPacketSize));
        if (sent == 0)
        {
            // Without CONNACK nothing else may follow. [MQTT-3.2.0-1]
            connection.RequestClose(CloseReason.TakesNoConnAck);
            return false;
        }

        core.Logger.Connected(identity.ClientId, connection.RemoteEndPoint, granted.Present);
        return connection.TryAccept();
    }

    /// <summary>A point in time on the broker's clock.</summary>
    public long EndOf(DateTimeOffset? expiresAt) => expiresAt is { } end
        ? core.Wheel.Now + (long)(end - core.Time.GetUtcNow()).TotalMilliseconds
        : long.MaxValue;

    private static async Task<SessionClaim?> TryClaimAsync(SharedSessions shared, SessionRequest request, CancellationToken cancellationToken)
    {
        try
        {
            return await shared.ClaimAsync(request, cancellationToken);
        }
        catch (Exception error) when (error is BrokerLogException or OperationCanceledException)
        {
            return null;
        }
    }

    private static async Task<bool> IsStoredAsync(Task stored, CancellationToken cancellationToken)
    {
        try
        {
            await stored.WaitAsync(cancellationToken);
            return true;
        }
        catch (Exception error) when (error is BrokerLogException or OperationCanceledException)
        {
            return false;
        }
    }

    private long NowMs() => core.Time.GetUtcNow().ToUnixTimeMilliseconds();

    private MqttProperties Describe(ConnectPacket connect, int keepAlive, TimeSpan? cutExpiry, string? assigned, byte[]? data) => new()
    {
        // The method of CONNECT, or none. [MQTT-4.12.0-5] [MQTT-4.12.0-6]
        AuthenticationMethod = connect.Properties?.AuthenticationMethod,
        AuthenticationData = data is { Length: > 0 } ? data : null,
        ReceiveMaximum = (ushort)core.Options.ReceiveMaximum,
        MaximumPacketSize = (uint)core.Options.MaximumPacketSize,
        TopicAliasMaximum = (ushort)core.Options.TopicAliasMaximum,
        RetainAvailable = core.Options.MaxRetainedMessages == 0 ? (byte)0 : null,
        ResponseInformation = connect.Properties?.RequestResponseInformation == 1 // [MQTT-3.1.2-28]
            ? core.Options.ResponseInformation?.Replace("{client}", assigned ?? connect.ClientId, StringComparison.Ordinal)
            : null,
        AssignedClientIdentifier = assigned,
        ServerKeepAlive = keepAlive == connect.KeepAlive ? null : (ushort)keepAlive,
        SessionExpiryInterval = cutExpiry is { } expiry ? (uint)expiry.TotalSeconds : null,
    };

    /// <summary>The keep alive that is enforced; a 3.1.1 client cannot be told another one. [MQTT-3.1.2-21]</summary>
    private int KeepAliveOf(ConnectPacket connect)
    {
        var maximum = (int)Math.Min(core.Options.MaxKeepAlive.TotalSeconds, ushort.MaxValue);
        return maximum > 0 && connect.Version == MqttVersion.V500 && (connect.KeepAlive == 0 || connect.KeepAlive > maximum)
            ? maximum
            : connect.KeepAlive;
    }

    private TimeSpan ExpiryOf(ConnectPacket connect, out bool cut)
    {
        var longest = core.Options.SessionExpiryMax;
        cut = false;
        if (connect.Version == MqttVersion.V311)
        {
            return connect.CleanStart ? TimeSpan.Zero : longest;
        }

        var asked = TimeSpan.FromSeconds(connect.Properties?.SessionExpiryInterval ?? 0);
        cut = asked > longest;
        return cut ? longest : asked;
    }
}
