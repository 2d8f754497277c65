using System.Net;
using Microsoft.Extensions.Primitives;
using Telemetry.Edge.Security;
using Telemetry.Host.Configuration;

namespace Telemetry.Host.Access;

/// <summary>
/// By which names this server is called, and which pages may change something. A page of a stranger can make its own name point to this machine (DNS rebinding)
/// and then speaks to us as to itself: but the name it speaks to is not one of ours. It can also send forms here from its own address: but then its origin is not ours.
/// </summary>
internal sealed class HostNames(AccessOptions options)
{
    private readonly IList<StringSegment> _allowed = [.. options.AllowedHosts.Select(h => new StringSegment(h))];

    /// <summary>True when the request is for a name of ours. Figures are no name, so nobody can point them elsewhere.</summary>
    public bool IsOurs(HttpContext context)
    {
        var host = context.Request.Host;
        if (!host.HasValue || IPAddress.TryParse(host.Host, out _) || (_allowed.Count > 0 && HostString.MatchesAny(host.Value, _allowed)))
        {
            return true;
        }

        return Exposure.IsLocal(context.Connection.LocalIpAddress)
            ? host.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
            : _allowed.Count == 0;
    }

    /// <summary>True when a request that changes something does not come from a page of somebody else. Programs say neither origin nor site.</summary>
    public bool MayChange(HttpRequest request)
    {
        if (request.Headers.Origin is { Count: > 0 } origins)
        {
            return origins.Count == 1 && Uri.TryCreate(origins[0], UriKind.Absolute, out var origin) && (IsOwn(origin, request) || IsAllowed(origin));
        }

        return request.Headers["Sec-Fetch-Site"] is not { Count: > 0 } site || site[0] is "same-origin" or "none";
    }

    /// <summary>True for a path on this server that a browser may be sent to after signing in.</summary>
    public static bool IsLocalPath(string? path) =>
        path is { Length: > 0 } && path[0] == '/' && (path.Length == 1 || path[1] is not ('/' or '\\')) && !path.Any(char.IsControl);

    private static bool IsOwn(Uri origin, HttpRequest request)
    {
        var host = request.Host;
        var port = host.Port ?? (request.IsHttps ? 443 : 80);
        return origin.Host.Equals(host.Host, StringComparison.OrdinalIgnoreCase)
            && ((origin.Scheme == request.Scheme && origin.Port == port)
            // A proxy took the TLS off and does not say so; whoever serves http on the same name and port could do so anyway.
            || (origin.Scheme == Uri.UriSchemeHttps && !request.IsHttps && (host.Port is { } named ? origin.Port == named : origin.IsDefaultPort)));
    }

    private bool IsAllowed(Uri origin) => options.AllowedOrigins.Any(a =>
        a.Scheme == origin.Scheme && a.Host.Equals(origin.Host, StringComparison.OrdinalIgnoreCase) && a.Port == origin.Port);
}
