using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Telemetry.Host.Configuration;

namespace Telemetry.Host.Composition;

/// <summary>
/// The certificate of HTTPS. Its files are looked at every few seconds, by content: a secret that a cluster swaps changes neither
/// the time nor the name of what is opened. A certificate that cannot be used does not replace the one in use.
/// </summary>
internal sealed class HttpsCertificate : IDisposable
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(5);

    private readonly HttpTlsOptions _options;
    private readonly ILogger _logger;
    private readonly ITimer _timer;
    private byte[] _seen;
    private SslServerAuthenticationOptions _current;

    /// <exception cref="IOException">The files cannot be used.</exception>
    public HttpsCertificate(HttpTlsOptions options, ILogger logger, TimeProvider time)
    {
        _options = options;
        _logger = logger;
        try
        {
            _seen = Print();
            _current = Load();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new IOException(
                $"HTTPS: Http:Tls:CertificateFile '{options.CertificateFile}' (with its key) cannot be used: {e.Message} "
                + "Give a PEM or PFX file with its private key, or leave it out for plain HTTP.", e);
        }

        _timer = time.CreateTimer(_ => Look(), null, LookEvery, LookEvery);
    }

    /// <summary>For Kestrel: each handshake takes the certificate that is current.</summary>
    public TlsHandshakeCallbackOptions Handshake => new() { OnConnection = _ => ValueTask.FromResult(Volatile.Read(ref _current)) };

    public void Dispose() => _timer.Dispose();

    private void Look()
    {
        try
        {
            var print = Print();
            if (print.AsSpan().SequenceEqual(_seen))
            {
                return;
            }

            _seen = print;
            // The one before stays alive with the connections that have it.
            Volatile.Write(ref _current, Load());
            HostLog.CertificateRead(_logger, _options.CertificateFile);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            HostLog.CertificateNotRead(_logger, _options.CertificateFile, e.Message);
        }
    }

    private byte[] Print()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(File.ReadAllBytes(_options.CertificateFile));
        if (_options.KeyFile.Length > 0)
        {
            hash.AppendData(File.ReadAllBytes(_options.KeyFile));
        }

        return hash.GetHashAndReset();
    }

    private SslServerAuthenticationOptions Load()
    {
        var chain = new X509Certificate2Collection();
        var (file, key) = (_options.CertificateFile, _options.KeyFile.Length > 0 ? _options.KeyFile : null);
        X509Certificate2 certificate;
        if (Path.GetExtension(file) is ".pfx" or ".p12")
        {
            certificate = X509CertificateLoader.LoadPkcs12FromFile(file, _options.Password);
        }
        else
        {
            chain.ImportFromPemFile(file);
            certificate = _options.Password.Length > 0
                ? X509Certificate2.CreateFromEncryptedPemFile(file, _options.Password, key)
                : X509Certificate2.CreateFromPemFile(file, key);
        }

        return new SslServerAuthenticationOptions
        {
            ServerCertificateContext = SslStreamCertificateContext.Create(certificate, chain, offline: true),
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
        };
    }
}
