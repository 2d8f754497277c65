using System.ComponentModel.DataAnnotations;
using System.Net;
using Telemetry.Edge;

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

    /// <summary>
    /// PEM file with the certificate authorities that client certificates must chain to. Default none: clients are not asked for one. With it, the
    /// name in the certificate identifies an MQTT client that comes over wss, as on a TLS listener of MQTT.
    /// </summary>
    public string ClientAuthoritiesFile { get; init; } = "";

    /// <summary>
    /// PEM or DER file with the revocation lists of those authorities. Read again when it changes; MQTT clients whose certificate is on it are
    /// disconnected. Default none.
    /// </summary>
    public string RevocationListFile { get; init; } = "";

    /// <summary>Where a device's name is in its certificate, as <c>Edge:Listeners:N:Tls:Identity</c>. Default <c>{cn}</c>.</summary>
    [Required]
    public string Identity { get; init; } = "{cn}";

    /// <summary>
    /// Refuse everyone without a certificate on this port, people with a browser too. Default false; matters only with
    /// <see cref="ClientAuthoritiesFile"/>.
    /// </summary>
    public bool RequireClientCertificate { get; init; }

    /// <summary>Address to listen on. Default loopback.</summary>
    public IPAddress Address { get; init; } = IPAddress.Loopback;

    /// <summary>Port; 0 takes a free one. Default 8443.</summary>
    [Range(0, 65535)]
    public int Port { get; init; } = 8443;

    /// <summary>True when HTTPS is served.</summary>
    internal bool IsOn => CertificateFile.Length > 0;

    /// <summary>The same, as the broker's listeners have it.</summary>
    internal MqttTlsOptions ToListener() => new()
    {
        CertificateFile = CertificateFile,
        KeyFile = KeyFile.Length > 0 ? KeyFile : null,
        Password = Password.Length > 0 ? Password : null,
        ClientAuthoritiesFile = ClientAuthoritiesFile.Length > 0 ? ClientAuthoritiesFile : null,
        RevocationListFile = RevocationListFile.Length > 0 ? RevocationListFile : null,
        Identity = Identity,
        RequireClientCertificate = RequireClientCertificate,
    };
}
