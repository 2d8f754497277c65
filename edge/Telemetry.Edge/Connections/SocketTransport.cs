using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace Telemetry.Edge.Connections;

/// <summary>Plain TCP: a connection of Kestrel's socket transport.</summary>
/// <param name="context">The connection.</param>
/// <param name="flushSends">
/// A flush completes when the kernel has the bytes. Otherwise a half-close could overtake the last packet, and is left out:
/// the peer is told by that packet, and the end of lingering closes.
/// </param>
internal sealed class SocketTransport(ConnectionContext context, bool flushSends = true) : MqttTransport
{
    private const int ProbeSeconds = 10;
    private const int Probes = 6;

    public override PipeReader Input => context.Transport.Input;

    public override PipeWriter Output => context.Transport.Output;

    public override EndPoint? RemoteEndPoint => context.RemoteEndPoint;

    public override EndPoint? LocalEndPoint => context.LocalEndPoint;

    public override ValueTask ShutdownSendAsync()
    {
        if (flushSends)
        {
            HalfClose(context);
        }

        return ValueTask.CompletedTask;
    }

    public override void KeepAlive(TimeSpan idle) => KeepAlive(context.Features.Get<IConnectionSocketFeature>(), idle);

    public override void Abort() => context.Abort();

    public override ValueTask DisposeAsync() => context.DisposeAsync();

    /// <summary>Turns TCP keep-alive on: the first probe after <paramref name="idle"/>, then six of them, ten seconds apart.</summary>
    public static void KeepAlive(IConnectionSocketFeature? feature, TimeSpan idle)
    {
        try
        {
            if (feature?.Socket is { } socket)
            {
                socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
                socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, Math.Max(1, (int)idle.TotalSeconds));
                socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, ProbeSeconds);
                socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, Probes);
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // Closed already, or a system without these: the connection then lives as long as its peer is not missed.
            return;
        }
    }

    /// <summary>Sends FIN and keeps receiving: the transport itself can only close both ways.</summary>
    public static void HalfClose(ConnectionContext context)
    {
        try
        {
            context.Features.Get<IConnectionSocketFeature>()?.Socket.Shutdown(SocketShutdown.Send);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // The peer was faster: the connection is closed already, which is all that was wanted.
            context.Abort();
        }
    }
}
