using System.Security.Cryptography;
using Telemetry.Edge;
using Telemetry.Edge.Hosting;
using Telemetry.Host.Configuration;

namespace Telemetry.Host.Composition;

/// <summary>
/// The certificate of HTTPS, and the authorities and revocation lists of its clients. Their files are looked at every few seconds, by
/// content: a secret that a cluster swaps changes neither the time nor the name of what is opened. What cannot be used does not replace
/// what is in use.
/// </summary>
internal sealed class HttpsCertificate : IDisposable
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(5);

    private readonly HttpTlsOptions _options;
    private readonly ILogger _logger;
    private readonly ITimer _timer;
    private readonly Lock _gate = new();
    private byte[] _seen;

    /// <exception cref="IOException">The files cannot be used.</exception>
    public HttpsCertificate(HttpTlsOptions options, ILogger logger, TimeProvider time)
    {
        _options = options;
        _logger = logger;
        try
        {
            if (options is { RevocationListFile.Length: > 0, ClientAuthoritiesFile.Length: 0 })
            {
                throw new EdgeConfigurationException(
                    "Http:Tls:RevocationListFile needs Http:Tls:ClientAuthoritiesFile: without authorities no client certificate is asked for.");
            }

            Tls = new ServerTls(options.ToListener());
            _seen = Print();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or EdgeConfigurationException)
        {
            throw new IOException(
                $"HTTPS: Http:Tls:CertificateFile '{options.CertificateFile}' (with its key, authorities and revocation list) cannot be used: {e.Message} "
                + "Give a PEM or PFX file with its private key, or leave it out for plain HTTP.", e);
        }

        _timer = time.CreateTimer(_ => Look(), null, LookEvery, LookEvery);
    }

    /// <summary>For Kestrel, and for the broker whose clients come in by it.</summary>
    public ServerTls Tls { get; }

    /// <summary>Looks now, changed or not.</summary>
    public void Reload()
    {
        lock (_gate)
        {
            _seen = [];
        }

        Look();
    }

    public void Dispose() => _timer.Dispose();

    private void Look()
    {
        try
        {
            lock (_gate)
            {
                var print = Print();
                if (print.AsSpan().SequenceEqual(_seen))
                {
                    return;
                }

                _seen = print;
            }

            // The one before stays alive with the connections that have it.
            Tls.Reload();
            HostLog.CertificateRead(_logger, _options.CertificateFile);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or EdgeConfigurationException)
        {
            HostLog.CertificateNotRead(_logger, _options.CertificateFile, e.Message);
        }
    }

    private byte[] Print()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var file in Tls.Files)
        {
            hash.AppendData(File.ReadAllBytes(file));
        }

        return hash.GetHashAndReset();
    }
}
