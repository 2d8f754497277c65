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
    /// asked for a certificate. With it, the name in the certificate (see <see cref="Identity"/>) identifies the device.
    /// </summary>
    public string? ClientAuthoritiesFile { get; init; }

    /// <summary>
    /// PEM or DER file with the revocation lists of those authorities. Null, the default: no certificate is taken back. Read again when it
    /// changes; clients whose certificate is on it are disconnected. No list is ever fetched from an address in a certificate.
    /// </summary>
    public string? RevocationListFile { get; init; }

    /// <summary>
    /// Where a device's name is in its certificate: a template of <c>{cn}</c>, <c>{ou}</c>, <c>{o}</c>, <c>{serialNumber}</c>, <c>{dns}</c>,
    /// <c>{uri}</c> and <c>{email}</c> with text around them; <c>{uri:spiffe://plant/device/}</c> takes the first that begins so, and what follows.
    /// A certificate without that name is refused. Default <c>{cn}</c>.
    /// </summary>
    [Required]
    public string Identity { get; init; } = "{cn}";

    /// <summary>Refuse clients without a certificate. Default true; matters only with <see cref="ClientAuthoritiesFile"/>.</summary>
    public bool RequireClientCertificate { get; init; } = true;
}
