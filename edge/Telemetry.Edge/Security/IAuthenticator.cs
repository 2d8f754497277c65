using System.Net;

namespace Telemetry.Edge;

/// <summary>Decides who may connect, and as whom.</summary>
public interface IAuthenticator
{
    /// <summary>True when connecting without credentials is refused.</summary>
    bool RequiresCredentials { get; }

    /// <summary>Judges one CONNECT. Called once a connection, before anything else is done for it.</summary>
    ValueTask<AuthenticationResult> AuthenticateAsync(ClientCredentials credentials, CancellationToken cancellationToken);
}

/// <summary>What a client says of itself in CONNECT, and what its transport has verified.</summary>
/// <param name="ClientId">Client identifier, as sent or assigned.</param>
/// <param name="UserName">User name, null when none was given. A claim, nothing more.</param>
/// <param name="Password">Password; empty when none was given.</param>
/// <param name="CertificateName">Name in the verified client certificate, if any.</param>
/// <param name="Remote">Where it connects from, when that is known.</param>
public readonly record struct ClientCredentials(
    string ClientId, string? UserName, ReadOnlyMemory<byte> Password, string? CertificateName, EndPoint? Remote);

/// <summary>Answer of an <see cref="IAuthenticator"/>.</summary>
/// <param name="Outcome">What it is.</param>
/// <param name="Identity">Who the client is; null when it is not accepted.</param>
public readonly record struct AuthenticationResult(AuthenticationOutcome Outcome, MqttClientIdentity? Identity)
{
    /// <summary>When what was proved ends, and with it the connection; null for never.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>Come in, as this.</summary>
    public static AuthenticationResult Accepted(MqttClientIdentity identity, DateTimeOffset? expiresAt = null) =>
        new(AuthenticationOutcome.Accepted, identity) { ExpiresAt = expiresAt };

    /// <summary>Not accepted.</summary>
    public static AuthenticationResult Refused(AuthenticationOutcome outcome) => new(outcome, null);
}

/// <summary>What became of the credentials.</summary>
public enum AuthenticationOutcome
{
    /// <summary>Come in.</summary>
    Accepted,

    /// <summary>0x86 Bad User Name or Password; 3.1.1: 4.</summary>
    BadCredentials,

    /// <summary>0x87 Not authorized; 3.1.1: 5.</summary>
    NotAuthorized,

    /// <summary>Not looked at: too many failed before, or too many wait. 0x9F Connection rate exceeded; 3.1.1: 3.</summary>
    TryLater,
}

/// <summary>Decides what a connected client may do. Asked for every publish and every delivery: must be quick and never block.</summary>
public interface IAuthorizer
{
    PublishRight MayPublish(MqttClientIdentity client, ReadOnlySpan<byte> topicName);

    /// <param name="client">Who asks.</param>
    /// <param name="topicFilter">The filter without <c>$share/name/</c>.</param>
    bool MaySubscribe(MqttClientIdentity client, ReadOnlySpan<byte> topicFilter);

    /// <summary>Asked when a message is about to be sent: the subscription may be older than the rules of now.</summary>
    bool MayReceive(MqttClientIdentity client, ReadOnlySpan<byte> topicName);
}

/// <summary>Whether a client may publish to a topic.</summary>
public enum PublishRight
{
    /// <summary>0x87 Not authorized.</summary>
    Denied,

    /// <summary>It may; on ingest topics as itself only.</summary>
    Allowed,

    /// <summary>A rule that names this very user or certificate allows it: on ingest topics it may speak for other devices too.</summary>
    AllowedByName,
}

/// <summary>Who is on the other end of a connection, as far as it was verified.</summary>
/// <param name="ClientId">Client identifier, as sent or assigned. Anyone may choose any.</param>
/// <param name="UserName">User that was authenticated; null when none was, whatever CONNECT claimed.</param>
/// <param name="CertificateName">Name in the verified client certificate, if any.</param>
public sealed record MqttClientIdentity(string ClientId, string? UserName, string? CertificateName)
{
    /// <summary><see cref="Owner"/> of clients that proved nothing.</summary>
    public const string Anonymous = "anonymous";

    /// <summary>The user is named by a token, so it need not be among the users of the broker.</summary>
    public bool IsFromToken { get; init; }

    /// <summary>The identity itself, for comparing: its client id is not part of it. A user counts before a certificate.</summary>
    public string Owner { get; } = UserName is not null ? "user:" + UserName : CertificateName is not null ? "certificate:" + CertificateName : Anonymous;
}
