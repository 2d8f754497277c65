using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Telemetry.Edge.Diagnostics;
using Telemetry.Edge.Security;
using Telemetry.Edge.Security.Certificates;

namespace Telemetry.Edge.Hosting;

/// <summary>
/// Who may open a WebSocket to the broker at all. A browser lets every page connect anywhere, loopback included, and only says in
/// the Origin header which page it is (RFC 6455 section 10.2); so the header is asked. Programs send none.
/// </summary>
internal sealed class WebSocketGate(EdgeOptions options, IAuthenticator authenticator, EdgeMetrics metrics, ILogger logger, TimeProvider time)
{
    private readonly LogThrottle _refusals = new(time);

    /// <summary>True when clients may come in over HTTP on this address.</summary>
    public bool IsOpenOn(IPAddress? local) => options.AllowAnonymousFromAnywhere || Exposure.IsGuarded(local, authenticator);

    /// <summary>Why the request is refused, as status and sentence; null when it may come in. A refusal is counted and told.</summary>
    public (int Status, string Words)? Refuse(HttpContext context, string subprotocol)
    {
        var connection = context.Connection;
        var origin = context.Request.Headers.Origin.ToString();
        (int, string, string)? refusal = null;
        if (!context.WebSockets.IsWebSocketRequest || !context.WebSockets.WebSocketRequestedProtocols.Contains(subprotocol))
        {
            refusal = (StatusCodes.Status400BadRequest, "protocol", $"This is MQTT over WebSocket: connect with the subprotocol '{subprotocol}'.");
        }
        else if (!IsOpenOn(connection.LocalIpAddress) && context.Features.Get<ProvenCertificate>() is null)
        {
            refusal = (StatusCodes.Status403Forbidden, "exposure",
                "MQTT over WebSocket is closed here: this address is open to other machines, and clients need no credentials. "
                + "Set Edge:UsersFile, connect by loopback, or set Edge:AllowAnonymousFromAnywhere to true.");
        }
        else if (origin.Length > 0 && !IsAllowed(origin, context.Request.Host))
        {
            refusal = (StatusCodes.Status403Forbidden, "origin",
                "Pages of this origin may not connect: it is neither this server's own nor one of Edge:AllowedOrigins.");
        }

        if (refusal is not { } because)
        {
            return null;
        }

        metrics.WebSocketRefused(because.Item2);
        if (_refusals.TryPass(out var heldBack))
        {
            logger.WebSocketRefused(connection.RemoteIpAddress, because.Item1, because.Item3, origin, heldBack);
        }

        return (because.Item1, because.Item3);
    }

    /// <summary>Own pages, whose authority is the one the request went to, and those that are configured.</summary>
    private bool IsAllowed(string origin, HostString host)
    {
        if (options.AllowedOrigins.Contains("*"))
        {
            return true;
        }

        // "null", of a page that is a file or is locked up, is no address.
        if (!Uri.TryCreate(origin, UriKind.Absolute, out var page) || page.Host.Length == 0)
        {
            return false;
        }

        // Without a port the host may stand behind a proxy that took the TLS off: then the page's default port is meant.
        var own = page.Host.Equals(host.Host, StringComparison.OrdinalIgnoreCase) && (host.Port is { } port ? page.Port == port : page.IsDefaultPort);
        return own || options.AllowedOrigins.Any(allowed => SameOrigin(page, new Uri(allowed)));
    }

    private static bool SameOrigin(Uri one, Uri other) =>
        one.Scheme == other.Scheme && one.Host.Equals(other.Host, StringComparison.OrdinalIgnoreCase) && one.Port == other.Port;
}
