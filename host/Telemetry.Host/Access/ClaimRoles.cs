using System.Security.Claims;
using Telemetry.Edge.Security.Users;
using Telemetry.Host.Configuration;
using Telemetry.Query.Access;

namespace Telemetry.Host.Access;

/// <summary>What the claims of a JSON Web Token or of OpenID Connect allow.</summary>
internal static class ClaimRoles
{
    /// <summary>The highest role of all values of the claim, and the devices of all of them; no role when none of them stands for one.</summary>
    public static (UserRole? Role, DeviceScope Devices) Of(AccessOptions options, IEnumerable<Claim> claims)
    {
        var values = claims.Where(c => c.Type == options.RoleClaim).Select(c => c.Value).ToHashSet(StringComparer.Ordinal);
        IReadOnlyList<ClaimRoleOptions> known = options.ClaimRoles.Count > 0
            ? options.ClaimRoles
            : [.. Enum.GetValues<UserRole>().Select(role => new ClaimRoleOptions { Value = UserAccess.NameOf(role), Role = role })];
        var found = known.Where(k => values.Contains(k.Value)).ToList();
        return found.Count == 0
            ? (null, DeviceScope.All)
            : (found.Max(k => k.Role), found.Any(k => k.Devices.Count == 0) ? DeviceScope.All : DeviceScope.Of([.. found.SelectMany(k => k.Devices).Distinct()]));
    }
}
