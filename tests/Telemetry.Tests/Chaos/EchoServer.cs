using System.Net;
using System.Net.Sockets;
using Telemetry.Testing;

namespace Telemetry.Tests.Chaos;

/// <summary>Sends back what it receives, each connection beginning with the server's own letter.</summary>
internal sealed class EchoServer : IAsyncDisposable
{
    private readonly byte _letter;
    private readonly LoopbackServer _server;

    public EchoServer(char letter)
    {
        _letter = (byte)letter;
        _server = new LoopbackServer(EchoAsync);
    }

    public IPEndPoint EndPoint => _server.EndPoint;

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private async Task EchoAsync(TcpClient client, CancellationToken cancellationToken)
    {
        await client.GetStream().WriteAsync(new[] { _letter }, cancellationToken);
        await client.GetStream().CopyToAsync(client.GetStream(), cancellationToken);
    }
}
