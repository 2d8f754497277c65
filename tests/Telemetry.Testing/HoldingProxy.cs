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

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly IPEndPoint _target;
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _release = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<string> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly MemoryStream _held = new();
    private readonly Task _loop;
    private volatile byte[]? _pattern;
    private long _heldBytes;

    public HoldingProxy(IPEndPoint target)
    {
        _target = target;
        _listener.Start();
        _loop = AcceptAsync();
    }

    /// <summary>Where clients connect.</summary>
    public IPEndPoint Address => (IPEndPoint)_listener.LocalEndpoint;

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
        await _stop.CancelAsync();
        _listener.Stop();
        await _loop;
        _held.Dispose();
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        var connections = new List<Task>();
        try
        {
            while (true)
            {
                connections.Add(ServeAsync(await _listener.AcceptTcpClientAsync(_stop.Token)));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException)
        {
            await Task.WhenAll(connections);
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var server = new TcpClient();
        using (client)
        {
            try
            {
                await server.ConnectAsync(_target, _stop.Token);
                var connection = new Connection();
                await Task.WhenAll(
                    SendAsync(client.GetStream(), server, connection), ReceiveAsync(server.GetStream(), client, connection));
            }
            catch (Exception e) when (e is OperationCanceledException or IOException or SocketException or ObjectDisposedException)
            {
                client.Close();
            }
        }
    }

    private async Task SendAsync(NetworkStream from, TcpClient to, Connection connection)
    {
        var buffer = new byte[64 << 10];
        while (await ReadAsync(from, buffer) is var read and > 0)
        {
            if (!connection.IsHeld && _pattern is { } pattern && buffer.AsSpan(0, read).IndexOf(pattern) >= 0)
            {
                _pattern = null;
                connection.IsHeld = true;
            }

            if (!connection.IsHeld)
            {
                await to.GetStream().WriteAsync(buffer.AsMemory(0, read), _stop.Token);
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
            connection.Forward ??= ForwardAsync();
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
    private async Task ForwardAsync()
    {
        await _release.Task.WaitAsync(_stop.Token);
        using var server = new TcpClient();
        await server.ConnectAsync(_target, _stop.Token);
        await server.GetStream().WriteAsync(_held.ToArray(), _stop.Token);
        var buffer = new byte[64 << 10];
        var read = await ReadAsync(server.GetStream(), buffer);
        _answer.TrySetResult(System.Text.Encoding.Latin1.GetString(buffer, 0, read));
    }

    private async Task ReceiveAsync(NetworkStream from, TcpClient to, Connection connection)
    {
        var buffer = new byte[64 << 10];
        while (await ReadAsync(from, buffer) is var read and > 0)
        {
            await to.GetStream().WriteAsync(buffer.AsMemory(0, read), _stop.Token);
        }

        if (!connection.IsHeld)
        {
            to.Close();
        }
    }

    private async Task<int> ReadAsync(NetworkStream stream, byte[] buffer)
    {
        try
        {
            return await stream.ReadAsync(buffer, _stop.Token);
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
