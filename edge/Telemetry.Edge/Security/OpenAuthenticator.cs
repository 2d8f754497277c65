namespace Telemetry.Edge.Security;

/// <summary>Lets everyone in: for loopback, and where the configuration says so by name.</summary>
internal sealed class OpenAuthenticator : IAuthenticator
{
    public bool RequiresCredentials => false;

    public ValueTask<AuthenticationResult> AuthenticateAsync(ClientCredentials credentials, CancellationToken cancellationToken) =>
        // A user name that nobody checked is nobody's.
        ValueTask.FromResult(AuthenticationResult.Accepted(new MqttClientIdentity(credentials.ClientId, null, credentials.CertificateName)));
}

/// <summary>Allows everything.</summary>
internal sealed class OpenAuthorizer : IAuthorizer
{
    public bool MayPublish(MqttClientIdentity client, ReadOnlySpan<byte> topicName) => true;

    public bool MaySubscribe(MqttClientIdentity client, ReadOnlySpan<byte> topicFilter) => true;

    public bool MayReceive(MqttClientIdentity client, ReadOnlySpan<byte> topicName) => true;
}

/// <summary>Asks for a verified client certificate and nothing else.</summary>
internal sealed class CertificateAuthenticator : IAuthenticator
{
    public bool RequiresCredentials => true;

    public ValueTask<AuthenticationResult> AuthenticateAsync(ClientCredentials credentials, CancellationToken cancellationToken) =>
        ValueTask.FromResult(credentials.CertificateName is { } name
            ? AuthenticationResult.Accepted(new MqttClientIdentity(credentials.ClientId, null, name))
            : AuthenticationResult.Refused(AuthenticationOutcome.NotAuthorized));
}
