using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Connections;
using Telemetry.Edge.Connections;
using Telemetry.Edge.Diagnostics;
using Telemetry.Edge.Sockets;

namespace Telemetry.Edge.Hosting;

/// <summary>The handshakes of one listener.</summary>
/// <param name="server">Its certificate, and which client certificates it trusts.</param>
/// <param name="turns">How many compute at once, over all listeners.</param>
internal sealed class TlsAcceptor(ServerTls server, HandshakeTurns turns)
{
    /// <summary>How long a client that was refused may take to read its alert.</summary>
    private static readonly TimeSpan LingerTime = TimeSpan.FromSeconds(1);

    public ServerTls Server => server;

    /// <summary>The TLS handshake.</summary>
    /// <exception cref="HandshakeException">It failed. The client was told, and the connection is closed.</exception>
    public async ValueTask<MqttTransport> AcceptAsync(ConnectionContext context, CancellationToken cancellationToken)
    {
        var state = server.Now;
        string? problem = null;
        var turn = turns.Begin();
        var below = new DuplexPipeStream(context.Transport) { Turn = turn };
        var tls = new SslStream(below, leaveInnerStreamOpen: false);
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
                        problem = server.Problem(state.Trust, certificate, sent);
                        return true;
                    },
#pragma warning restore CA5359
                },
                cancellationToken);
            turn.End();
            below.Turn = null;
            if (problem is not null)
            {
                await tls.ShutdownAsync();
                throw new AuthenticationException(problem);
            }
        }
        catch (Exception exception) when (exception is AuthenticationException or IOException or OperationCanceledException
            or InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            turn.End();
            var cause = problem is not null ? HandshakeFailure.Certificate
                : exception is AuthenticationException ? HandshakeFailure.Protocol
                : HandshakeFailure.Abandoned;
            await LingerAsync(context, cause);
            await tls.DisposeAsync();
            await context.DisposeAsync();
            throw new HandshakeException(cause, problem ?? exception.Message, exception);
        }

        var proven = server.Proven(state.Trust, tls.RemoteCertificate);
        return new StreamTransport(tls, () => ShutdownAsync(tls, context), () => context.Abort(), context.DisposeAsync)
        {
            Remote = context.RemoteEndPoint,
            Local = context.LocalEndPoint,
            Certificate = proven,
            Socket = context.Features.Get<Microsoft.AspNetCore.Connections.Features.IConnectionSocketFeature>(),
        };
    }

    private static async ValueTask ShutdownAsync(SslStream tls, ConnectionContext context)
    {
        await tls.ShutdownAsync();
        SocketTransport.HalfClose(context);
    }

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
}

/// <summary>A TLS handshake came to nothing.</summary>
internal sealed class HandshakeException(HandshakeFailure cause, string message, Exception innerException) : Exception(message, innerException)
{
    public HandshakeFailure Cause { get; } = cause;
}
