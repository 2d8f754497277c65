using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Telemetry.IntegrationTests.Simulator;

/// <summary>An authority, a certificate for localhost signed by it, and an authority that signed nothing; as PEM files.</summary>
internal sealed class TestCertificates
{
    public TestCertificates(string directory)
    {
        using var authority = Authority("CN=Test authority");
        using var other = Authority("CN=Other authority");
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        using var server = request.Create(authority, authority.NotBefore, authority.NotAfter, [1, 2, 3]);
        AuthorityFile = Write(directory, "ca.pem", authority.ExportCertificatePem());
        OtherAuthorityFile = Write(directory, "other.pem", other.ExportCertificatePem());
        ServerFile = Write(directory, "server.pem", server.ExportCertificatePem());
        KeyFile = Write(directory, "key.pem", key.ExportPkcs8PrivateKeyPem());
    }

    public string AuthorityFile { get; }

    public string OtherAuthorityFile { get; }

    public string ServerFile { get; }

    public string KeyFile { get; }

    private static X509Certificate2 Authority(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        var now = DateTimeOffset.UtcNow;
        return request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
    }

    private static string Write(string directory, string name, string text)
    {
        var path = Path.Combine(directory, name);
        File.WriteAllText(path, text);

        // Mosquitto started by root gives root up before it reads its key.
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
            File.SetUnixFileMode(directory, (UnixFileMode)0b111_101_101);
        }

        return path;
    }
}
