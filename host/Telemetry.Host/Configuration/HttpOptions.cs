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

    /// <summary>HTTPS.</summary>
    public HttpTlsOptions Tls { get; init; } = new();

    /// <summary>
    /// Addresses of other processes' HTTP, for example http://127.0.0.1:9101: the query role adds their figures to
    /// <c>/api/v1/pipeline</c>. Default none: only its own.
    /// </summary>
    public IReadOnlyList<Uri> Peers { get; init; } = [];
}
