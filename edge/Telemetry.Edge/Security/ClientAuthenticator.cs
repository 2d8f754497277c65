using Telemetry.Edge.Security.Tokens;

namespace Telemetry.Edge.Security;

/// <summary>
/// Who a client is: the user whose password it knows or that its token names, or else the device of its certificate. Where the options demand none
/// of these, everyone is let in, and nobody is anybody whatever CONNECT claims.
/// </summary>
/// <param name="passwords">Null where no users are configured.</param>
/// <param name="tokens">Null where no tokens are taken.</param>
/// <param name="demandsCertificate">Without users: every listener wants a certificate, so other ways in do too.</param>
internal sealed class ClientAuthenticator(PasswordAuthenticator? passwords, TokenJudge? tokens, bool demandsCertificate) : IAuthenticator
{
    public PasswordAuthenticator? Passwords => passwords;

    public TokenJudge? Tokens => tokens;

    public bool RequiresCredentials => passwords is not null || tokens is not null || demandsCertificate;

    public async ValueTask<AuthenticationResult> AuthenticateAsync(ClientCredentials credentials, CancellationToken cancellationToken)
    {
        if (tokens is not null && TokenJudge.IsToken(credentials.Password.Span))
        {
            // A user name beside the token must not say something else.
            return tokens.Judge(credentials.Password.Span) is { } token && (credentials.UserName is not { Length: > 0 } said || said == token.User)
                ? AuthenticationResult.Accepted(
                    new MqttClientIdentity(credentials.ClientId, token.User, credentials.CertificateName) { IsFromToken = true }, token.ExpiresAt)
                : AuthenticationResult.Refused(AuthenticationOutcome.BadCredentials);
        }

        if (credentials.UserName is { } name && (passwords is not null || tokens is not null))
        {
            var outcome = passwords is null
                ? AuthenticationOutcome.BadCredentials
                : await passwords.CheckAsync(name, credentials.Password, credentials.Remote, cancellationToken);
            return outcome == AuthenticationOutcome.Accepted ? Accept(credentials, name) : AuthenticationResult.Refused(outcome);
        }

        return credentials.CertificateName is not null || !RequiresCredentials
            ? Accept(credentials, null)
            : AuthenticationResult.Refused(AuthenticationOutcome.NotAuthorized);
    }

    private static AuthenticationResult Accept(in ClientCredentials credentials, string? user) =>
        AuthenticationResult.Accepted(new MqttClientIdentity(credentials.ClientId, user, credentials.CertificateName));
}
