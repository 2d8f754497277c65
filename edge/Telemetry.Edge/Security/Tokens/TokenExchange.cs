namespace Telemetry.Edge.Security.Tokens;

/// <summary>A token in AUTH: one step. With it a client puts a new token in place of one that is about to expire.</summary>
internal sealed class TokenExchange(TokenJudge tokens) : IAuthExchange
{
    public const string Method = "JWT";

    public AuthStep Next(ReadOnlySpan<byte> data) => tokens.Judge(data) is { } token
        ? new AuthStep(AuthStepKind.Succeeded, [], token.User) { ExpiresAt = token.ExpiresAt }
        : AuthStep.Failed;
}
