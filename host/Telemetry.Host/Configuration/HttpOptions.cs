using System.ComponentModel.DataAnnotations;
using System.Net;

namespace Telemetry.Host.Configuration;

/// <summary>Where the API, the console, metrics and health are served.</summary>
public sealed record HttpOptions
{
    /// <summary>Address to listen on. Default loopback.</summary>
    public IPAddress Address { get; init; } = IPAddress.Loopback;

    /// <summary>Port; 0 takes a free one. Default 8080.</summary>
    [Range(0, 65535)]
    public int Port { get; init; } = 8080;
}
