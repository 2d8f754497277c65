using System.ComponentModel.DataAnnotations;

namespace Telemetry.Edge;

/// <summary>
/// JSON Web Tokens as passwords. On where <see cref="KeysFile"/> or <see cref="KeysUrl"/> is set; then <see cref="Issuer"/> and
/// <see cref="Audience"/> must be too.
/// </summary>
public sealed record TokenOptions
{
    /// <summary>File with the public keys that sign tokens: PEM (keys or certificates), a JWK or a JWK set. Read again when it changes.</summary>
    public string? KeysFile { get; init; }

    /// <summary>Address of a JWK set, https (http on loopback only). Asked for in the background; while it does not answer the last keys count.</summary>
    public Uri? KeysUrl { get; init; }

    /// <summary>Issuer (<c>iss</c>) that tokens must name.</summary>
    public string? Issuer { get; init; }

    /// <summary>Audience (<c>aud</c>) that tokens must name.</summary>
    public string? Audience { get; init; }

    /// <summary>Claim that is the user name. Default <c>sub</c>.</summary>
    [Required]
    public string UserClaim { get; init; } = "sub";

    /// <summary>How far clocks may differ when times of a token are checked. Default 30 s.</summary>
    public TimeSpan ClockSkew { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Between two requests for the keys. Default 10 min; a token with a key that is not known asks at once, twice a minute at most.</summary>
    public TimeSpan RefreshInterval { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>True when tokens are taken.</summary>
    internal bool IsOn => KeysFile is { Length: > 0 } || KeysUrl is not null;
}
