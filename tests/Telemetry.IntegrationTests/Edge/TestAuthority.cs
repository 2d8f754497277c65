using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Telemetry.IntegrationTests.Edge;

/// <summary>A certificate authority that lives as long as a test, with its files in a folder of its own.</summary>
internal sealed class TestAuthority : IDisposable
{
    private const string ServerUse = "1.3.6.1.5.5.7.3.1";
    private const string ClientUse = "1.3.6.1.5.5.7.3.2";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("telemetry-tls-");
    private readonly X509Certificate2 _root;
    private int _listNumber;

    public TestAuthority()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=Test authority", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        _root = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        File.WriteAllText(RootFile, _root.ExportCertificatePem());
    }

    public string ServerFile => Path.Combine(_folder.FullName, "server.pem");

    public string RootFile => Path.Combine(_folder.FullName, "root.pem");

    public X509Certificate2 Root => _root;

    /// <summary>A certificate for 127.0.0.1 in one PEM file with its key.</summary>
    public string ServerPem()
    {
        using var certificate = Issue("localhost", ServerUse);
        return Write("server.pem", System.Text.Encoding.ASCII.GetBytes(Pem(certificate)));
    }

    /// <summary>The certificate in one file, its encrypted key in another.</summary>
    public (string Certificate, string Key) ServerPemWithKey(string password)
    {
        using var certificate = Issue("localhost", ServerUse);
        using var key = certificate.GetECDsaPrivateKey()!;
        var encrypted = key.ExportEncryptedPkcs8PrivateKeyPem(password, new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 10_000));
        return (Write("server.crt", System.Text.Encoding.ASCII.GetBytes(certificate.ExportCertificatePem())),
            Write("server.key", System.Text.Encoding.ASCII.GetBytes(encrypted)));
    }

    public string ServerPfx(string password)
    {
        using var certificate = Issue("localhost", ServerUse);
        return Write("server.pfx", certificate.Export(X509ContentType.Pfx, password));
    }

    /// <summary>A client's certificate with its key.</summary>
    public X509Certificate2 Client(string name, Action<SubjectAlternativeNameBuilder>? names = null) => Issue(name, ClientUse, names);

    /// <summary>Writes the list of certificates taken back, in place of the one before.</summary>
    public string RevocationList(params X509Certificate2[] revoked)
    {
        var list = new CertificateRevocationListBuilder();
        foreach (var certificate in revoked)
        {
            list.AddEntry(certificate);
        }

        var der = list.Build(_root, ++_listNumber, DateTimeOffset.UtcNow.AddDays(1), HashAlgorithmName.SHA256);
        return Write("revoked.pem", System.Text.Encoding.ASCII.GetBytes(PemEncoding.WriteString("X509 CRL", der)));
    }

    /// <summary>A server's certificate, with which a client might try its luck.</summary>
    public X509Certificate2 Server(string name) => Issue(name, ServerUse);

    public string ClientPem(string name)
    {
        using var certificate = Client(name);
        return Write($"{name}.pem", System.Text.Encoding.ASCII.GetBytes(Pem(certificate)));
    }

    public void Dispose()
    {
        _root.Dispose();
        _folder.Delete(recursive: true);
    }

    private static string Pem(X509Certificate2 certificate)
    {
        using var key = certificate.GetECDsaPrivateKey()!;
        return $"{certificate.ExportCertificatePem()}\n{key.ExportPkcs8PrivateKeyPem()}\n";
    }

    private string Write(string name, byte[] content)
    {
        var path = Path.Combine(_folder.FullName, name);
        File.WriteAllBytes(path, content);
        return path;
    }

    private X509Certificate2 Issue(string name, string use, Action<SubjectAlternativeNameBuilder>? more = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(use)], false));
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        names.AddDnsName("localhost");
        more?.Invoke(names);
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.Create(
            _root, DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddHours(1), RandomNumberGenerator.GetBytes(8));
        return certificate.CopyWithPrivateKey(key);
    }
}
