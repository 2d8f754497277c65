using System.Net;

namespace Telemetry.Edge.Security;

/// <summary>One rule for every door: MQTT over TCP, TLS and WebSocket, and HTTP.</summary>
public static class Exposure
{
    /// <summary>True when other machines cannot reach an address: it is loopback, or a socket that is a file (null).</summary>
    public static bool IsLocal(IPAddress? local) =>
        local is null || IPAddress.IsLoopback(local.IsIPv4MappedToIPv6 ? local.MapToIPv4() : local);

    /// <summary>True when an address needs no credentials to be safe, or clients have to show some.</summary>
    /// <param name="local">Address of the listener, or the one that a client has reached; null for a socket that is a file.</param>
    /// <param name="authenticator">Who may connect.</param>
    /// <param name="certificates">This door takes nobody without a client certificate.</param>
    internal static bool IsGuarded(IPAddress? local, IAuthenticator authenticator, bool certificates = false) =>
        IsLocal(local) || authenticator.RequiresCredentials || certificates;
}
