using System.Net.Security;
using System.Net.Sockets;
using System.Net.WebSockets;

namespace Telemetry.Fuzz.Live;

/// <summary>A way into a broker.</summary>
/// <param name="Name">tcp, tls or ws.</param>
/// <param name="OpenAsync">Opens a connection.</param>
internal sealed record Door(string Name, Func<CancellationToken, Task<Caller>> OpenAsync)
{
    public static Door Tcp(string host, int port) => new("tcp", async cancellation =>
    {
        var socket = await ConnectAsync(host, port, cancellation);
        return new Caller(new NetworkStream(socket, ownsSocket: true), socket);
    });

    /// <summary>TLS to a server whose certificate may be anyone's: it is the broker's input that is tried here.</summary>
    public static Door Tls(string host, int port) => new("tls", async cancellation =>
    {
        var socket = await ConnectAsync(host, port, cancellation);
        var stream = new SslStream(new NetworkStream(socket, ownsSocket: true));
        var options = new SslClientAuthenticationOptions { TargetHost = host, RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not null };
        await stream.AuthenticateAsClientAsync(options, cancellation);
        return new Caller(stream, socket);
    });

    public static Door WebSocket(Uri address) => new("ws", async cancellation =>
    {
        var socket = new ClientWebSocket();
        socket.Options.AddSubProtocol("mqtt");
        await socket.ConnectAsync(address, cancellation);
        return new Caller(WebSocketStream.Create(socket, WebSocketMessageType.Binary), null) { WebSocket = socket };
    });

    private static async Task<Socket> ConnectAsync(string host, int port, CancellationToken cancellation)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(host, port, cancellation);
        return socket;
    }
}

/// <summary>A connection as its client sees it, with the ways to end it.</summary>
internal sealed class Caller(Stream stream, Socket? socket) : IAsyncDisposable
{
    public Stream Stream { get; } = stream;

    public WebSocket? WebSocket { get; init; }

    /// <summary>
    /// Nothing more will be sent; what comes is still read. Below TLS, without its farewell: SslStream.ShutdownAsync beside a read that is under
    /// way uses one OpenSSL object from two threads, and would bring down this process instead of the broker.
    /// </summary>
    public async Task HalfCloseAsync(CancellationToken cancellation)
    {
        if (WebSocket is { State: WebSocketState.Open } web)
        {
            await web.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, cancellation);
        }

        socket?.Shutdown(SocketShutdown.Send);
    }

    /// <summary>Ends as a crash does, with a reset.</summary>
    public void Reset()
    {
        if (socket is not null)
        {
            socket.LingerState = new LingerOption(true, 0);
            socket.Close();
        }

        WebSocket?.Abort();
    }

    /// <summary>Ends in both directions, from below, while a read may be under way.</summary>
    public void End()
    {
        socket?.Shutdown(SocketShutdown.Both);
        WebSocket?.Abort();
    }

    public ValueTask DisposeAsync() => Stream.DisposeAsync();
}
