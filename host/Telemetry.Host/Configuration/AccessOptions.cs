using System.ComponentModel.DataAnnotations;
using System.Net;
using Telemetry.Edge.Security.Users;

namespace Telemetry.Host.Configuration;

/// <summary>
/// Who may do what over HTTP. People and services come from <c>Edge:UsersFile</c>, which MQTT has too, API tokens, client certificates
/// (<c>Http:Tls:ClientAuthoritiesFile</c>), JSON Web Tokens (<c>Edge:Tokens</c>) and OpenID Connect. See <c>docs/security.md</c>.
/// </summary>
public sealed record AccessOptions : IValidatableObject
{
    /// <summary>
    /// Serve everything to everybody who reaches an address that is not loopback, when there are no users. Default false: the start is refused.
    /// </summary>
    public bool AllowAnonymousFromAnywhere { get; init; }

    /// <summary>
    /// Names by which this server is called, for example telemetry.plant.example or *.plant.example; a request for another name is refused.
    /// Addresses in figures always pass, and localhost on loopback. Default none: on loopback no other name, elsewhere any.
    /// </summary>
    public IReadOnlyList<string> AllowedHosts { get; init; } = [];

    /// <summary>Origins of other pages that may change something, for example https://portal.plant.example. Default none: only this server's own.</summary>
    public IReadOnlyList<Uri> AllowedOrigins { get; init; } = [];

    /// <summary>
    /// Networks of the proxies in front, for example 10.0.0.0/8: what they say in X-Forwarded-For and X-Forwarded-Proto is believed. Default none.
    /// </summary>
    public IReadOnlyList<string> Proxies { get; init; } = [];

    /// <summary>How long a session lasts in which nothing is asked. Default 8 h.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "30.00:00:00")]
    public TimeSpan SessionIdle { get; init; } = TimeSpan.FromHours(8);

    /// <summary>How long a session lasts at most. Default 24 h.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "90.00:00:00")]
    public TimeSpan SessionMax { get; init; } = TimeSpan.FromHours(24);

    /// <summary>Sessions at once; beyond that the one unused for longest ends. Default 10,000.</summary>
    [Range(1, 1_000_000)]
    public int SessionsMax { get; init; } = 10_000;

    /// <summary>
    /// File of API tokens, as hashes; read again when it changes. Default: beside the users file with <c>.tokens</c> at its end, without one
    /// <c>tokens</c> under <c>Data</c>.
    /// </summary>
    public string TokensFile { get; init; } = "";

    /// <summary>Longest life of an API token. Default 365 days.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "3650.00:00:00")]
    public TimeSpan TokenLifetimeMax { get; init; } = TimeSpan.FromDays(365);

    /// <summary>
    /// File whose first line is a token for <c>/metrics</c> and nothing else: what Prometheus has as its credentials file. The query role shows
    /// it to its <c>Http:Peers</c> too. Default none: metrics are for loopback and for viewers.
    /// </summary>
    public string MetricsTokenFile { get; init; } = "";

    /// <summary>Claim of a JSON Web Token or of OpenID Connect that holds a user's roles or groups. Default roles.</summary>
    [Required]
    public string RoleClaim { get; init; } = "roles";

    /// <summary>
    /// What values of that claim stand for; the highest role counts. Default none: viewer, operator, engineer and administrator stand for themselves.
    /// </summary>
    public IReadOnlyList<ClaimRoleOptions> ClaimRoles { get; init; } = [];

    /// <summary>Sign-in by an OpenID Connect provider.</summary>
    public OpenIdOptions OpenId { get; init; } = new();

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var proxy in Proxies.Where(p => !IPNetwork.TryParse(p, out _) && !IPAddress.TryParse(p, out _)))
        {
            yield return new ValidationResult($"'{proxy}' is not a network; give one such as 10.0.0.0/8, or an address.", [nameof(Proxies)]);
        }

        foreach (var host in AllowedHosts.Where(h => h.Length == 0 || h == "*" || h.AsSpan().IndexOfAny("/ ") >= 0))
        {
            yield return new ValidationResult($"'{host}' is not a host; give a name such as telemetry.plant.example, without scheme and port.", [nameof(AllowedHosts)]);
        }

        if (OpenId.IsOn && OpenId.Authority!.Scheme != Uri.UriSchemeHttps && !OpenId.Authority.IsLoopback)
        {
            yield return new ValidationResult("give an https address: whoever can change what the provider says can sign in as anybody.", [$"{nameof(OpenId)}:{nameof(OpenId.Authority)}"]);
        }

        if (OpenId.IsOn && OpenId.ClientId.Length == 0)
        {
            yield return new ValidationResult("is needed with OpenId:Authority: the id that the provider knows this application by.", [$"{nameof(OpenId)}:{nameof(OpenId.ClientId)}"]);
        }
    }
}

/// <summary>What a value of the role claim stands for.</summary>
public sealed record ClaimRoleOptions
{
    /// <summary>The claim's value, compared exactly, for example the name of a group.</summary>
    [Required]
    public string Value { get; init; } = "";

    /// <summary>The role of who has it. Default Viewer.</summary>
    public UserRole Role { get; init; } = UserRole.Viewer;

    /// <summary>Device ids that who has it sees, with * for any characters. Default none: all.</summary>
    public IReadOnlyList<string> Devices { get; init; } = [];
}

/// <summary>An OpenID Connect provider: Keycloak, Entra ID, Okta, Authentik and the like.</summary>
public sealed record OpenIdOptions
{
    /// <summary>Address of the provider; its settings are read from /.well-known/openid-configuration there. Default none: off.</summary>
    public Uri? Authority { get; init; }

    /// <summary>The id that the provider knows this application by.</summary>
    public string ClientId { get; init; } = "";

    /// <summary>File whose first line is the client secret. Default none: a public client with PKCE.</summary>
    public string ClientSecretFile { get; init; } = "";

    /// <summary>Scopes asked for beside openid. Default profile.</summary>
    public IReadOnlyList<string> Scopes { get; init; } = ["profile"];

    /// <summary>Claim that is the user's name. Default preferred_username.</summary>
    [Required]
    public string NameClaim { get; init; } = "preferred_username";

    /// <summary>Ask the provider's userinfo address for claims that are not in the ID token. Default false.</summary>
    public bool AsksUserInfo { get; init; }

    /// <summary>What the button on the sign-in page says. Default Single sign-on.</summary>
    public string Label { get; init; } = "Single sign-on";

    /// <summary>True when there is a provider.</summary>
    internal bool IsOn => Authority is not null;
}
