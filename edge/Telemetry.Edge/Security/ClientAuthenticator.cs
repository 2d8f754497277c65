namespace Telemetry.Edge.Security;

/// <summary>
/// Who a client is: the user whose password it knows, or else the device of its certificate. Where the options demand neither, everyone is let
/// in, and nobody is anybody whatever CONNECT claims.
/// </summary>
/// <param name="passwords">Null where no users are configured.</param>
/// <param name="demandsCertificate">Without users: every listener wants a certificate, so other ways in do too.</param>
internal sealed class ClientAuthenticator(PasswordAuthenticator? passwords, bool demandsCertificate) : IAuthenticator
{
    public PasswordAuthenticator? Passwords => passwords;

    public bool RequiresCredentials => passwords is not null || demandsCertificate;

    public async ValueTask<AuthenticationResult> AuthenticateAsync(ClientCredentials credentials, CancellationToken cancellationToken)
    {
        if (passwords is not null && credentials.UserName is { } name)
        {
            var outcome = await passwords.CheckAsync(name, credentials.Password, credentials.Remote, cancellationToken);
            return outcome == AuthenticationOutcome.Accepted ? Accept(credentials, name) : AuthenticationResult.Refused(outcome);
        }

        return credentials.CertificateName is not null || !RequiresCredentials
            ? Accept(credentials, null)
            : AuthenticationResult.Refused(AuthenticationOutcome.NotAuthorized);
    }

    private static AuthenticationResult Accept(in ClientCredentials credentials, string? user) =>
        AuthenticationResult.Accepted(new MqttClientIdentity(credentials.ClientId, user, credentials.CertificateName));
}
