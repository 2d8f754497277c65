using System.Net;
using Microsoft.Extensions.Logging;
using Telemetry.Edge.Diagnostics;

namespace Telemetry.Edge.Security;

/// <summary>Who may come in and do what, and what is said of those who may not.</summary>
internal sealed class BrokerSecurity : IDisposable
{
    private readonly ILogger _logger;
    private readonly Dictionary<HandshakeFailure, LogThrottle> _handshakes;

    public BrokerSecurity(IAuthenticator authenticator, IAuthorizer authorizer, TimeProvider time, ILogger logger)
    {
        Authenticator = authenticator;
        Authorizer = authorizer;
        _logger = logger;
        _handshakes = Enum.GetValues<HandshakeFailure>().ToDictionary(cause => cause, _ => new LogThrottle(time));
        if ((authenticator as ClientAuthenticator)?.Passwords is { } passwords)
        {
            Metrics.Gauge("telemetry.edge.passwords.waiting", "{connection}", "Connections that wait for their password to be checked", () => passwords.Waiting);
        }
    }

    public IAuthenticator Authenticator { get; }

    public IAuthorizer Authorizer { get; }

    public SecurityMetrics Metrics { get; } = new();

    /// <summary>A TLS handshake came to nothing.</summary>
    public void HandshakeFailed(EndPoint? remote, HandshakeFailure cause, string message)
    {
        Metrics.Count(cause);
        if (_handshakes[cause].TryPass(out var heldBack))
        {
            _logger.HandshakeFailed(remote, cause, message, heldBack);
        }
    }

    public void Dispose() => Metrics.Dispose();
}
