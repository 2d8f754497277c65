using System.Net;

namespace Telemetry.Edge.Security;

/// <summary>One rule for every door that MQTT comes in by: TCP, TLS, and WebSocket on HTTP's ports.</summary>
internal static class Exposure
{
    /// <summary>True when an address needs no credentials to be safe, or clients have to show some.</summary>
    /// <param name="local">Address of the listener, or the one that a client has reached; null for a socket that is a file.</param>
    /// <param name="authenticator">Who may connect.</param>
    /// <param name="certificates">This door takes nobody without a client certificate.</param>
    public static bool IsGuarded(IPAddress? local, IAuthenticator authenticator, bool certificates = false) =>
        local is null || IPAddress.IsLoopback(local.IsIPv4MappedToIPv6 ? local.MapToIPv4() : local)
        || authenticator.RequiresCredentials || certificates;
}
