using System.ComponentModel.DataAnnotations;
using System.Net;

namespace Telemetry.Host.Configuration;

/// <summary>HTTPS, and MQTT over wss, on a port of their own beside plain HTTP. Served when there is a certificate.</summary>
public sealed record HttpTlsOptions
{
    /// <summary>
    /// Certificate: a PEM file (its chain may follow in it) or a PFX file. Read again when it changes. Default none: no HTTPS.
    /// </summary>
    public string CertificateFile { get; init; } = "";

    /// <summary>Private key in PEM, when it is not in the certificate's file. Default none.</summary>
    public string KeyFile { get; init; } = "";

    /// <summary>Password of the PFX file or of the encrypted key. Default none.</summary>
    public string Password { get; init; } = "";

    /// <summary>Address to listen on. Default loopback.</summary>
    public IPAddress Address { get; init; } = IPAddress.Loopback;

    /// <summary>Port; 0 takes a free one. Default 8443.</summary>
    [Range(0, 65535)]
    public int Port { get; init; } = 8443;

    /// <summary>True when HTTPS is served.</summary>
    internal bool IsOn => CertificateFile.Length > 0;
}
