using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Connections;
using Telemetry.Edge.Connections;

namespace Telemetry.Edge.Hosting;

/// <summary>The TLS of one listener: its certificate, and which client certificates it trusts.</summary>
internal sealed class TlsAcceptor : IDisposable
{
    /// <summary>Extended key usage "TLS WWW client authentication", RFC 5280 section 4.2.1.12.</summary>
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    private readonly SslServerAuthenticationOptions _options;
    private readonly X509Certificate2 _certificate;
    private readonly X509Certificate2Collection? _authorities;

    public TlsAcceptor(MqttTlsOptions options)
    {
        try
        {
            _certificate = Load(options, out var chain);
            _authorities = options.ClientAuthoritiesFile is { } file ? LoadAuthorities(file) : null;
            _options = new SslServerAuthenticationOptions
            {
                ServerCertificateContext = SslStreamCertificateContext.Create(_certificate, chain, offline: true),
                EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
                ClientCertificateRequired = _authorities is not null,
                CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
                // Clients that negotiate a protocol name ask for this one.
                ApplicationProtocols = [new SslApplicationProtocol("mqtt")],
                RemoteCertificateValidationCallback = (_, certificate, sent, _) =>
                    _authorities is null || IsTrusted(certificate, sent, options.RequireClientCertificate),
            };
        }
        catch (Exception exception) when (exception is IOException or CryptographicException or UnauthorizedAccessException)
        {
            throw new EdgeConfigurationException(
                $"Tls: '{options.CertificateFile}' (or its key or authorities) cannot be used: {exception.Message}", exception);
        }
    }

    /// <summary>True when every client has to show a certificate.</summary>
    public bool IdentifiesClients => _authorities is not null;

    /// <summary>The TLS handshake.</summary>
    public async ValueTask<MqttTransport> AcceptAsync(ConnectionContext context, CancellationToken cancellationToken)
    {
        var tls = new SslStream(new DuplexPipeStream(context.Transport), leaveInnerStreamOpen: false);
        try
        {
            await tls.AuthenticateAsServerAsync(_options, cancellationToken);
        }
        catch
        {
            await tls.DisposeAsync();
            throw;
        }

        var name = tls.RemoteCertificate is X509Certificate2 certificate
            ? certificate.GetNameInfo(X509NameType.SimpleName, forIssuer: false)
            : null;
        return new StreamTransport(tls, () => ShutdownAsync(tls, context), () => context.Abort(), context.DisposeAsync)
        {
            Remote = context.RemoteEndPoint,
            Certificate = name,
        };
    }

    public void Dispose() => _certificate.Dispose();

    private static async ValueTask ShutdownAsync(SslStream tls, ConnectionContext context)
    {
        await tls.ShutdownAsync();
        SocketTransport.HalfClose(context);
    }

    private static X509Certificate2 Load(MqttTlsOptions options, out X509Certificate2Collection chain)
    {
        chain = [];
        var file = options.CertificateFile;
        if (Path.GetExtension(file) is ".pfx" or ".p12")
        {
            return X509CertificateLoader.LoadPkcs12FromFile(file, options.Password);
        }

        chain.ImportFromPemFile(file);
        return options.Password is { } password
            ? X509Certificate2.CreateFromEncryptedPemFile(file, password, options.KeyFile)
            : X509Certificate2.CreateFromPemFile(file, options.KeyFile);
    }

    private static X509Certificate2Collection LoadAuthorities(string file)
    {
        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPemFile(file);
        return authorities.Count > 0
            ? authorities
            : throw new EdgeConfigurationException($"Tls.ClientAuthoritiesFile '{file}' has no certificate in it.");
    }

    private bool IsTrusted(X509Certificate? certificate, X509Chain? sent, bool required)
    {
        if (certificate is not X509Certificate2 client)
        {
            return !required;
        }

        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(_authorities!);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        // A server's certificate of the same authority is no device. Without the extension any use is allowed.
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(ClientAuthentication));
        if (sent is not null)
        {
            // Authorities between, as the client sent them.
            chain.ChainPolicy.ExtraStore.AddRange(sent.ChainPolicy.ExtraStore);
        }

        return chain.Build(client);
    }
}
