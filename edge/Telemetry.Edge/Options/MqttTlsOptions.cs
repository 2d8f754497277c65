using System.ComponentModel.DataAnnotations;

namespace Telemetry.Edge;

/// <summary>TLS of one listener. TLS 1.2 and 1.3.</summary>
public sealed record MqttTlsOptions
{
    /// <summary>Server certificate: a PEM file (its chain may follow in it) or a PFX file.</summary>
    [Required]
    public required string CertificateFile { get; init; }

    /// <summary>Private key in PEM, when it is not in <see cref="CertificateFile"/>.</summary>
    public string? KeyFile { get; init; }

    /// <summary>Password of the PFX file or of the encrypted key.</summary>
    public string? Password { get; init; }

    /// <summary>
    /// PEM file with the certificate authorities that client certificates must chain to. Null, the default: clients are not
    /// asked for a certificate. With it, the common name of the certificate identifies the device.
    /// </summary>
    public string? ClientAuthoritiesFile { get; init; }

    /// <summary>Refuse clients without a certificate. Default true; matters only with <see cref="ClientAuthoritiesFile"/>.</summary>
    public bool RequireClientCertificate { get; init; } = true;
}
