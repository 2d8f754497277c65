using System.Text;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Telemetry.Edge.Security.Tokens;

/// <summary>
/// Checks JSON Web Tokens, RFC 7519 and RFC 8725: signature by a public key we have, algorithm from a fixed list, issuer, audience, times, and that
/// there is an end. Never blocks.
/// </summary>
internal sealed class TokenJudge(TokenOptions options, KeySource keys, TimeProvider time)
{
    /// <summary>Longest token taken, in bytes.</summary>
    private const int BytesMax = 16 * 1024;

    /// <summary>Signatures by a private key only: no secret that both sides know, and not "none".</summary>
    private static readonly string[] Algorithms =
    [
        SecurityAlgorithms.RsaSha256, SecurityAlgorithms.RsaSha384, SecurityAlgorithms.RsaSha512,
        SecurityAlgorithms.RsaSsaPssSha256, SecurityAlgorithms.RsaSsaPssSha384, SecurityAlgorithms.RsaSsaPssSha512,
        SecurityAlgorithms.EcdsaSha256, SecurityAlgorithms.EcdsaSha384, SecurityAlgorithms.EcdsaSha512,
    ];

    private readonly JsonWebTokenHandler _handler = new() { MaximumTokenSizeInBytes = BytesMax, MapInboundClaims = false };

    public KeySource Keys => keys;

    /// <summary>True when a password has the form of a token: three parts, the first of which begins a JSON object.</summary>
    public static bool IsToken(ReadOnlySpan<byte> password) => password.StartsWith("eyJ"u8) && password.Count((byte)'.') == 2;

    /// <summary>The user that a token names, and until when; null when the token is not good.</summary>
    public (string User, DateTimeOffset ExpiresAt)? Judge(ReadOnlySpan<byte> token) =>
        Read(token) is { } good ? (good.User, good.ExpiresAt) : null;

    /// <summary>The same, with what else the token says.</summary>
    public TokenIdentity? Read(ReadOnlySpan<byte> token)
    {
        if (token.Length > BytesMax)
        {
            return null;
        }

        var known = keys.Keys;
        // With keys at hand nothing is awaited.
        var validating = _handler.ValidateTokenAsync(Encoding.UTF8.GetString(token), new TokenValidationParameters
        {
            ValidIssuer = options.Issuer,
            ValidAudience = options.Audience,
            IssuerSigningKeys = known,
            ValidAlgorithms = Algorithms,
            RequireSignedTokens = true,
            RequireExpirationTime = true,
            ClockSkew = options.ClockSkew,
            LifetimeValidator = IsInTime,
        });
        if (!validating.IsCompletedSuccessfully)
        {
            return null;
        }

        var result = validating.Result;
        if (!result.IsValid)
        {
            if (result.Exception is SecurityTokenSignatureKeyNotFoundException)
            {
                keys.Want();
            }

            return null;
        }

        return result.Claims.TryGetValue(options.UserClaim, out var claim) && claim is string { Length: > 0 } user
            ? new TokenIdentity(user, new DateTimeOffset(result.SecurityToken.ValidTo, TimeSpan.Zero), [.. result.ClaimsIdentity.Claims])
            : null;
    }

    private bool IsInTime(DateTime? notBefore, DateTime? expires, SecurityToken token, TokenValidationParameters parameters)
    {
        var now = time.GetUtcNow().UtcDateTime;
        return expires > now - options.ClockSkew && (notBefore is null || notBefore <= now + options.ClockSkew);
    }
}

/// <summary>Whom a good token names.</summary>
/// <param name="User">User name.</param>
/// <param name="ExpiresAt">When it ends.</param>
/// <param name="Claims">All its claims, a value of a list each.</param>
internal sealed record TokenIdentity(string User, DateTimeOffset ExpiresAt, IReadOnlyList<System.Security.Claims.Claim> Claims);
