using System.Net;
using System.Net.Sockets;

namespace Telemetry.Testing;

/// <summary>
/// A TCP proxy that can hold a request back, as a wire, a socket's buffer or a gateway may: what a client sent on that connection stays
/// here, also when the client goes away, until it is released.
/// </summary>
public sealed class HoldingProxy : IAsyncDisposable
{
    private const int HeldBytesMax = 64 << 20;

    private readonly IPEndPoint _target;
    private readonly TaskCompletionSource _release = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<string> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly MemoryStream _held = new();
    private readonly LoopbackServer _server;
    private volatile byte[]? _pattern;
    private long _heldBytes;

    public HoldingProxy(IPEndPoint target)
    {
        _target = target;
        _server = new LoopbackServer(ServeAsync);
    }

    /// <summary>Where clients connect.</summary>
    public IPEndPoint Address => _server.EndPoint;

    /// <summary>Bytes held back so far.</summary>
    public long HeldBytes => Interlocked.Read(ref _heldBytes);

    /// <summary>What the server said to the request that was held back, its first bytes, once it is released.</summary>
    public Task<string> Answer => _answer.Task;

    /// <summary>Holds back the first request from now on in which this occurs, and what follows it on its connection.</summary>
    public void Hold(string pattern) => _pattern = System.Text.Encoding.ASCII.GetBytes(pattern);

    /// <summary>Sends on what is held.</summary>
    public void Release() => _release.TrySetResult();

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _held.Dispose();
    }

    private async Task ServeAsync(TcpClient client, CancellationToken cancellationToken)
    {
        using var server = new TcpClient();
        await server.ConnectAsync(_target, cancellationToken);
        var connection = new Connection();
        await Task.WhenAll(
            SendAsync(client.GetStream(), server, connection, cancellationToken),
            ReceiveAsync(server.GetStream(), client, connection, cancellationToken));
    }

    private async Task SendAsync(NetworkStream from, TcpClient to, Connection connection, CancellationToken cancellationToken)
    {
        var buffer = new byte[64 << 10];
        while (await ReadAsync(from, buffer, cancellationToken) is var read and > 0)
        {
            if (!connection.IsHeld && _pattern is { } pattern && buffer.AsSpan(0, read).IndexOf(pattern) >= 0)
            {
                _pattern = null;
                connection.IsHeld = true;
            }

            if (!connection.IsHeld)
            {
                await to.GetStream().WriteAsync(buffer.AsMemory(0, read), cancellationToken);
                continue;
            }

            _held.Write(buffer, 0, read);
            if (Interlocked.Add(ref _heldBytes, read) > HeldBytesMax)
            {
                throw new IOException("More is held back than a request has.");
            }

            if (_release.Task.IsCompleted)
            {
                break;
            }

            // What follows is the rest of the same request; the client then waits for its answer, or is gone.
            connection.Forward ??= ForwardAsync(cancellationToken);
        }

        if (connection.Forward is { } forward)
        {
            await forward;
            to.Close();
            return;
        }

        to.Client.Shutdown(SocketShutdown.Send);
    }

    /// <summary>On a connection of its own: the server may have closed the one that stood still.</summary>
    private async Task ForwardAsync(CancellationToken cancellationToken)
    {
        await _release.Task.WaitAsync(cancellationToken);
        using var server = new TcpClient();
        await server.ConnectAsync(_target, cancellationToken);
        await server.GetStream().WriteAsync(_held.ToArray(), cancellationToken);
        var buffer = new byte[64 << 10];
        var read = await ReadAsync(server.GetStream(), buffer, cancellationToken);
        _answer.TrySetResult(System.Text.Encoding.Latin1.GetString(buffer, 0, read));
    }

    private async Task ReceiveAsync(NetworkStream from, TcpClient to, Connection connection, CancellationToken cancellationToken)
    {
        var buffer = new byte[64 << 10];
        while (await ReadAsync(from, buffer, cancellationToken) is var read and > 0)
        {
            await to.GetStream().WriteAsync(buffer.AsMemory(0, read), cancellationToken);
        }

        if (!connection.IsHeld)
        {
            to.Close();
        }
    }

    private static async Task<int> ReadAsync(NetworkStream stream, byte[] buffer, CancellationToken cancellationToken)
    {
        try
        {
            return await stream.ReadAsync(buffer, cancellationToken);
        }
        catch (IOException)
        {
            return 0;
        }
    }

    private sealed class Connection
    {
        public volatile bool IsHeld;
        public Task? Forward;
    }
}
