using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Connections;
using Telemetry.Edge.Connections;
using Telemetry.Edge.Diagnostics;
using Telemetry.Edge.Security.Certificates;

namespace Telemetry.Edge.Hosting;

/// <summary>The TLS of one listener: its certificate, and which client certificates it trusts. Reloading changes both for later handshakes.</summary>
internal sealed class TlsAcceptor
{
    /// <summary>How long a client that was refused may take to read its alert.</summary>
    private static readonly TimeSpan LingerTime = TimeSpan.FromSeconds(1);

    private readonly MqttTlsOptions _options;
    private State _state;

    /// <exception cref="EdgeConfigurationException">A file cannot be used.</exception>
    public TlsAcceptor(MqttTlsOptions options)
    {
        _options = options;
        _state = Load(options);
    }

    /// <summary>Which client certificates are trusted now; null when none is asked for.</summary>
    public ClientTrust? Trust => Volatile.Read(ref _state).Trust;

    /// <summary>The files that <see cref="Reload"/> reads.</summary>
    public IEnumerable<string> Files => new[]
    {
        _options.CertificateFile, _options.KeyFile, _options.ClientAuthoritiesFile, _options.RevocationListFile,
    }.OfType<string>().Where(f => f.Length > 0);

    /// <summary>Reads the files again. Connections that are open stay as they are.</summary>
    /// <exception cref="EdgeConfigurationException">A file cannot be used; what was read before stays in force.</exception>
    public void Reload() => Volatile.Write(ref _state, Load(_options));

    /// <summary>The TLS handshake.</summary>
    /// <exception cref="HandshakeException">It failed. The client was told, and the connection is closed.</exception>
    public async ValueTask<MqttTransport> AcceptAsync(ConnectionContext context, CancellationToken cancellationToken)
    {
        var state = Volatile.Read(ref _state);
        string? problem = null;
        var tls = new SslStream(new DuplexPipeStream(context.Transport), leaveInnerStreamOpen: false);
        try
        {
            await tls.AuthenticateAsServerAsync(
                new SslServerAuthenticationOptions
                {
                    ServerCertificateContext = state.Certificate,
                    EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
                    ClientCertificateRequired = state.Trust is not null,
                    CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
                    // Clients that negotiate a protocol name ask for this one.
                    ApplicationProtocols = [new SslApplicationProtocol("mqtt")],
                    // Judged here and refused below: of a callback that says no the runtime tells the client nothing on Linux, not even an end.
#pragma warning disable CA5359 // It does not accept all: the problem that it finds ends the connection.
                    RemoteCertificateValidationCallback = (_, certificate, sent, _) =>
                    {
                        problem = Problem(state.Trust, certificate, sent);
                        return true;
                    },
#pragma warning restore CA5359
                },
                cancellationToken);
            if (problem is not null)
            {
                await tls.ShutdownAsync();
                throw new AuthenticationException(problem);
            }
        }
        catch (Exception exception) when (exception is AuthenticationException or IOException or OperationCanceledException
            or InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            var cause = problem is not null ? HandshakeFailure.Certificate
                : exception is AuthenticationException ? HandshakeFailure.Protocol
                : HandshakeFailure.Abandoned;
            await LingerAsync(context, cause);
            await tls.DisposeAsync();
            await context.DisposeAsync();
            throw new HandshakeException(cause, problem ?? exception.Message, exception);
        }

        var certificate = tls.RemoteCertificate as X509Certificate2;
        return new StreamTransport(tls, () => ShutdownAsync(tls, context), () => context.Abort(), context.DisposeAsync)
        {
            Remote = context.RemoteEndPoint,
            Local = context.LocalEndPoint,
            Certificate = certificate is null ? null : state.Trust?.NameOf(certificate),
            IsRevoked = certificate is null ? null : () => Trust?.IsRevoked(certificate) ?? false,
            Socket = context.Features.Get<Microsoft.AspNetCore.Connections.Features.IConnectionSocketFeature>(),
        };
    }

    private static async ValueTask ShutdownAsync(SslStream tls, ConnectionContext context)
    {
        await tls.ShutdownAsync();
        SocketTransport.HalfClose(context);
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

    private string? Problem(ClientTrust? trust, X509Certificate? certificate, X509Chain? sent) =>
        trust is null ? null
        : certificate is X509Certificate2 client ? trust.Problem(client, sent) is { } problem ? $"the certificate '{client.Subject}' is not taken: {problem}" : null
        : _options.RequireClientCertificate ? "the client has no certificate"
        : null;

    /// <summary>
    /// Says that nothing follows the alert and reads on for a moment: closing with unread bytes would make the kernel send a reset, and the
    /// alert would be lost.
    /// </summary>
    private static async ValueTask LingerAsync(ConnectionContext context, HandshakeFailure cause)
    {
        if (cause == HandshakeFailure.Abandoned)
        {
            context.Abort();
            return;
        }

        SocketTransport.HalfClose(context);
        using var timeout = new CancellationTokenSource(LingerTime);
        try
        {
            while (true)
            {
                var read = await context.Transport.Input.ReadAsync(timeout.Token);
                context.Transport.Input.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted)
                {
                    return;
                }
            }
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException or InvalidOperationException)
        {
            context.Abort();
        }
    }

    private sealed record State(SslStreamCertificateContext Certificate, ClientTrust? Trust);
}

/// <summary>A TLS handshake came to nothing.</summary>
internal sealed class HandshakeException(HandshakeFailure cause, string message, Exception innerException) : Exception(message, innerException)
{
    public HandshakeFailure Cause { get; } = cause;
}
