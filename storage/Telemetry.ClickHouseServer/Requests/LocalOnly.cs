using System.Net;
using Microsoft.AspNetCore.Http;

namespace Telemetry.ClickHouseServer.Requests;

/// <summary>
/// A page in the browser on this machine must not reach the engine: neither through a name that it lets point to loopback
/// (DNS rebinding: the Host header names it) nor by sending a form here (the Origin header names it).
/// </summary>
internal static class LocalOnly
{
    /// <returns>Why the request is refused; null when it is not.</returns>
    public static string? Refuse(HttpRequest request)
    {
        if (!IsLocal(request.Host.Host))
        {
            return $"The Host header names {request.Host.Value}, which is not this machine's loopback address. Use localhost or 127.0.0.1.";
        }

        var origin = RequestParser.Header(request, "Origin");
        var local = origin is null || (Uri.TryCreate(origin, UriKind.Absolute, out var uri) && IsLocal(uri.Host));
        return local ? null : $"Requests of pages from {origin} are refused.";
    }

    private static bool IsLocal(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));
}
