namespace Telemetry.Edge.Security;

/// <summary>Lets everyone in: for loopback, and where the configuration says so by name.</summary>
internal sealed class OpenAuthenticator : IAuthenticator
{
    public bool RequiresCredentials => false;

    public ValueTask<AuthenticationOutcome> AuthenticateAsync(
        MqttClientIdentity client, ReadOnlyMemory<byte> password, CancellationToken cancellationToken) =>
        ValueTask.FromResult(AuthenticationOutcome.Accepted);
}

/// <summary>Allows everything.</summary>
internal sealed class OpenAuthorizer : IAuthorizer
{
    public bool MayPublish(MqttClientIdentity client, ReadOnlySpan<byte> topicName) => true;

    public bool MaySubscribe(MqttClientIdentity client, ReadOnlySpan<byte> topicFilter) => true;
}

/// <summary>Asks for a verified client certificate and nothing else.</summary>
internal sealed class CertificateAuthenticator : IAuthenticator
{
    public bool RequiresCredentials => true;

    public ValueTask<AuthenticationOutcome> AuthenticateAsync(
        MqttClientIdentity client, ReadOnlyMemory<byte> password, CancellationToken cancellationToken) =>
        ValueTask.FromResult(client.CertificateName is null ? AuthenticationOutcome.NotAuthorized : AuthenticationOutcome.Accepted);
}
