using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Telemetry.Edge.Security.Certificates;

/// <summary>Which client certificates are taken, and which name is in them. Immutable: a reload makes another one.</summary>
internal sealed class ClientTrust
{
    /// <summary>Extended key usage "TLS WWW client authentication", RFC 5280 section 4.2.1.12.</summary>
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    private readonly X509Certificate2Collection _authorities = [];
    private readonly IReadOnlyList<RevocationList> _revoked = [];
    private readonly CertificateName _name;

    /// <exception cref="CryptographicException">A file has nothing that can be used in it.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public ClientTrust(MqttTlsOptions options)
    {
        _authorities.ImportFromPemFile(options.ClientAuthoritiesFile!);
        if (_authorities.Count == 0)
        {
            throw new EdgeConfigurationException($"Tls.ClientAuthoritiesFile '{options.ClientAuthoritiesFile}' has no certificate in it.");
        }

        _revoked = options.RevocationListFile is { Length: > 0 } file ? RevocationList.Load(file, _authorities) : [];
        _name = new CertificateName(options.Identity);
    }

    /// <summary>When the oldest of the revocation lists should have been replaced; null without any.</summary>
    public DateTimeOffset? NextUpdate => _revoked.Min(l => l.NextUpdate);

    /// <summary>The name in a certificate that is trusted; null when it has none.</summary>
    public string? NameOf(X509Certificate2 certificate) => _name.Of(certificate);

    /// <summary>True when it was taken back.</summary>
    public bool IsRevoked(X509Certificate2 certificate) => _revoked.Any(l => l.Revokes(certificate));

    /// <summary>Null when the certificate is taken; otherwise why it is not.</summary>
    public string? Problem(X509Certificate2 client, X509Chain? sent)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(_authorities);
        // Revocation is looked up in our own lists: no certificate may make us call an address it names.
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        // A server's certificate of the same authority is no device. Without the extension any use is allowed.
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(ClientAuthentication));
        if (sent is not null)
        {
            // Authorities between, as the client sent them.
            chain.ChainPolicy.ExtraStore.AddRange(sent.ChainPolicy.ExtraStore);
        }

        if (!chain.Build(client))
        {
            return string.Join(", ", chain.ChainStatus.Select(s => s.Status).Distinct());
        }

        foreach (var element in chain.ChainElements)
        {
            if (IsRevoked(element.Certificate))
            {
                return "Revoked";
            }
        }

        return NameOf(client) is null ? "it has not the name that Tls.Identity asks for" : null;
    }
}
