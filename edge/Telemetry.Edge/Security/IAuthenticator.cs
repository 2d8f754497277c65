namespace Telemetry.Edge;

/// <summary>Decides who may connect.</summary>
public interface IAuthenticator
{
    /// <summary>True when connecting without credentials is refused.</summary>
    bool RequiresCredentials { get; }

    /// <summary>Judges one CONNECT. Called once a connection, before anything else is done for it.</summary>
    ValueTask<AuthenticationOutcome> AuthenticateAsync(MqttClientIdentity client, ReadOnlyMemory<byte> password, CancellationToken cancellationToken);
}

/// <summary>Answer of an <see cref="IAuthenticator"/>.</summary>
public enum AuthenticationOutcome
{
    /// <summary>Come in.</summary>
    Accepted,

    /// <summary>0x86 Bad User Name or Password; 3.1.1: 4.</summary>
    BadCredentials,

    /// <summary>0x87 Not authorized; 3.1.1: 5.</summary>
    NotAuthorized,
}

/// <summary>Decides what a connected client may do. Asked for every publish: must be quick and never block.</summary>
public interface IAuthorizer
{
    bool MayPublish(MqttClientIdentity client, ReadOnlySpan<byte> topicName);

    /// <param name="client">Who asks.</param>
    /// <param name="topicFilter">The filter without <c>$share/name/</c>.</param>
    bool MaySubscribe(MqttClientIdentity client, ReadOnlySpan<byte> topicFilter);
}

/// <summary>Who is on the other end of a connection.</summary>
/// <param name="ClientId">Client identifier, as sent or assigned.</param>
/// <param name="UserName">User name from CONNECT, null when none was given.</param>
/// <param name="CertificateName">Common name of the verified client certificate, if any.</param>
public sealed record MqttClientIdentity(string ClientId, string? UserName, string? CertificateName);
