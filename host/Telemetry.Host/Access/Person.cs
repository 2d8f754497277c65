using System.Security.Claims;
using Telemetry.Edge.Security.Users;
using Telemetry.Query.Access;

namespace Telemetry.Host.Access;

/// <summary>Who calls, as far as it is proved.</summary>
/// <param name="Name">User name, or the name of a token for a service.</param>
/// <param name="Role">What it may; null: nothing.</param>
/// <param name="Devices">What it sees.</param>
/// <param name="Kind">How it proved who it is.</param>
internal sealed record Person(string Name, UserRole? Role, DeviceScope Devices, PersonKind Kind)
{
    /// <summary>Name of who calls from this machine while there are no users.</summary>
    public const string LocalName = "local";

    /// <summary>Claim types of a session's identity.</summary>
    public const string NameClaim = "name";
    public const string RoleClaim = "role";
    public const string DevicesClaim = "devices";
    public const string KindClaim = "kind";
    public const string StampClaim = "stamp";
    public const string SessionClaim = "session";
    public const string SinceClaim = "since";

    /// <summary>Whoever calls while there are no users.</summary>
    public static Person Local { get; } = new(LocalName, UserRole.Administrator, DeviceScope.All, PersonKind.Local);

    /// <summary>Whether it is still so: its session, its token or its user may have ended. Asked again and again while a stream is open.</summary>
    public Func<bool> IsStillGood { get; init; } = () => true;

    /// <summary>True when its role is enough.</summary>
    public bool Has(UserRole role) => Role >= role;

    /// <summary>A session's identity: what the cookie stands for.</summary>
    public ClaimsIdentity ToIdentity(string? stamp, DateTimeOffset since)
    {
        var identity = new ClaimsIdentity(
            [new(NameClaim, Name), new(ClaimTypes.NameIdentifier, $"{Kind}:{Name}"), new(KindClaim, Kind.ToString()), new(SinceClaim, since.ToUnixTimeSeconds().ToString(System.Globalization.CultureInfo.InvariantCulture))],
            DoorSchemes.Session, NameClaim, RoleClaim);
        if (stamp is not null)
        {
            identity.AddClaim(new Claim(StampClaim, stamp));
        }

        if (Role is { } role)
        {
            identity.AddClaim(new Claim(RoleClaim, role.ToString()));
        }

        identity.AddClaims(Devices.Patterns.Select(p => new Claim(DevicesClaim, p)));
        return identity;
    }
}

/// <summary>How somebody proved who it is.</summary>
internal enum PersonKind
{
    /// <summary>Not at all: there are no users.</summary>
    Local,

    /// <summary>By a password, which began a session.</summary>
    Password,

    /// <summary>By an OpenID Connect provider, which began a session.</summary>
    OpenId,

    /// <summary>By an API token.</summary>
    Token,

    /// <summary>By a JSON Web Token.</summary>
    Jwt,

    /// <summary>By a client certificate.</summary>
    Certificate,

    /// <summary>By the token for metrics.</summary>
    Metrics,
}

/// <summary>Names of authentication schemes.</summary>
internal static class DoorSchemes
{
    /// <summary>The cookie.</summary>
    public const string Session = "session";

    /// <summary>OpenID Connect.</summary>
    public const string OpenId = "openid";
}
