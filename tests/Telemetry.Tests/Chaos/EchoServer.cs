using System.Net;
using System.Net.Sockets;

namespace Telemetry.Tests.Chaos;

/// <summary>Sends back what it receives, each connection beginning with the server's own letter.</summary>
internal sealed class EchoServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly List<Task> _connections = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _loop;
    private readonly byte _letter;

    public EchoServer(char letter)
    {
        _letter = (byte)letter;
        _listener.Start();
        _loop = RunAcceptLoopAsync();
    }

    public IPEndPoint EndPoint => (IPEndPoint)_listener.LocalEndpoint;

    public async ValueTask DisposeAsync()
    {
        if (_stop.IsCancellationRequested)
        {
            return; // Ended before the end of the test.
        }

        await _stop.CancelAsync();
        _listener.Dispose();
        await _loop;
        await Task.WhenAll(_connections);
    }

    private async Task RunAcceptLoopAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                _connections.Add(EchoAsync(await _listener.AcceptTcpClientAsync(_stop.Token)));
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private async Task EchoAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                await client.GetStream().WriteAsync(new[] { _letter }, _stop.Token);
                await client.GetStream().CopyToAsync(client.GetStream(), _stop.Token);
            }
            catch (Exception e) when (e is OperationCanceledException or IOException)
            {
                return; // Reset on purpose, or the end of the test.
            }
        }
    }
}
