using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Telemetry.Edge.Security.Certificates;

namespace Telemetry.Edge.Hosting;

/// <summary>
/// The TLS of one door, a listener of MQTT or the port of HTTPS: its certificate, and which client certificates it trusts. Reloading changes
/// both for later handshakes.
/// </summary>
public sealed class ServerTls
{
    private readonly MqttTlsOptions _options;
    private State _state;

    /// <exception cref="EdgeConfigurationException">A file cannot be used.</exception>
    public ServerTls(MqttTlsOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        _state = Load(options);
    }

    /// <summary>
    /// For Kestrel: each handshake takes the certificate that is current, and judges that of the client as a listener of MQTT does. A refused one
    /// ends the handshake.
    /// </summary>
    public TlsHandshakeCallbackOptions ForKestrel => new() { OnConnection = context => ValueTask.FromResult(OptionsFor(context.Connection)) };

    /// <summary>The files that <see cref="Reload"/> reads.</summary>
    public IEnumerable<string> Files => new[]
    {
        _options.CertificateFile, _options.KeyFile, _options.ClientAuthoritiesFile, _options.RevocationListFile,
    }.OfType<string>().Where(f => f.Length > 0);

    /// <summary>True when clients are asked for a certificate.</summary>
    public bool AsksForCertificates => Now.Trust is not null;

    /// <summary>Told after something new is in force.</summary>
    internal event Action? Reloaded;

    /// <summary>Told of a client of Kestrel whose certificate was refused, and why.</summary>
    internal event Action<EndPoint?, string>? Refused;

    internal State Now => Volatile.Read(ref _state);

    /// <summary>Reads the files again. Connections that are open stay as they are, but for those whose certificate was taken back.</summary>
    /// <exception cref="EdgeConfigurationException">A file cannot be used; what was read before stays in force.</exception>
    public void Reload()
    {
        Volatile.Write(ref _state, Load(_options));
        Reloaded?.Invoke();
    }

    /// <summary>Null when the client may come in with this certificate, or without one; otherwise why not.</summary>
    internal string? Problem(ClientTrust? trust, X509Certificate? certificate, X509Chain? sent) =>
        trust is null ? null
        : certificate is X509Certificate2 client ? trust.Problem(client, sent) is { } problem ? $"the certificate '{client.Subject}' is not taken: {problem}" : null
        : _options.RequireClientCertificate ? "the client has no certificate"
        : null;

    /// <summary>Who a certificate that was taken belongs to; null when none is asked for, or none came.</summary>
    internal ProvenCertificate? Proven(ClientTrust? trust, X509Certificate? certificate) =>
        certificate is X509Certificate2 client && trust?.NameOf(client) is { } name
            ? new ProvenCertificate(name, () => Now.Trust?.IsRevoked(client) ?? false)
            : null;

    /// <summary>The name in the client certificate that this connection's handshake has taken; null without one, or when it was taken back since.</summary>
    public static string? CertificateName(IFeatureCollection features)
    {
        ArgumentNullException.ThrowIfNull(features);
        return features.Get<ProvenCertificate>() is { } proven && !proven.IsRevoked() ? proven.Name : null;
    }

    private SslServerAuthenticationOptions OptionsFor(ConnectionContext connection)
    {
        var state = Now;
        return new SslServerAuthenticationOptions
        {
            ServerCertificateContext = state.Certificate,
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            ClientCertificateRequired = state.Trust is not null,
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
            RemoteCertificateValidationCallback = (_, certificate, sent, _) =>
            {
                if (Problem(state.Trust, certificate, sent) is { } problem)
                {
                    Refused?.Invoke(connection.RemoteEndPoint, problem);
                    return false;
                }

                connection.Features.Set(Proven(state.Trust, certificate));
                return true;
            },
        };
    }

    private static State Load(MqttTlsOptions options)
    {
        try
        {
            var certificate = LoadCertificate(options, out var chain);
            return new State(
                SslStreamCertificateContext.Create(certificate, chain, offline: true),
                options.ClientAuthoritiesFile is { Length: > 0 } ? new ClientTrust(options) : null);
        }
        catch (Exception exception) when (exception is IOException or CryptographicException or UnauthorizedAccessException)
        {
            throw new EdgeConfigurationException(
                $"Tls: '{options.CertificateFile}' (or its key, authorities or revocation list) cannot be used: {exception.Message}", exception);
        }
    }

    private static X509Certificate2 LoadCertificate(MqttTlsOptions options, out X509Certificate2Collection chain)
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

    internal sealed record State(SslStreamCertificateContext Certificate, ClientTrust? Trust);
}
