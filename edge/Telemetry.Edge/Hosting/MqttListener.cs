using System.Net;
using Microsoft.AspNetCore.Connections;
using Telemetry.Edge.Connections;
using Telemetry.Edge.Security;

namespace Telemetry.Edge.Hosting;

/// <summary>Takes connections on one endpoint and hands each to the broker.</summary>
internal sealed class MqttListener(
    IConnectionListener listener, TlsAcceptor? tls, Func<MqttTransport, Task> serve, EdgeOptions options, TimeProvider time,
    BrokerSecurity security)
{
    public EndPoint EndPoint => listener.EndPoint;

    /// <summary>Its TLS; null for plain TCP.</summary>
    public TlsAcceptor? Tls => tls;

    /// <summary>Runs until the listener is unbound.</summary>
    public async Task RunAsync()
    {
        while (await listener.AcceptAsync() is { } context)
        {
            ThreadPool.UnsafeQueueUserWorkItem(Start, context, preferLocal: false);
        }
    }

    public async ValueTask StopAsync()
    {
        await listener.UnbindAsync();
        await listener.DisposeAsync();
    }

    private void Start(ConnectionContext context)
    {
        // Neither throws anything; the broker keeps count of what it serves and waits for it when it stops.
        _ = tls is null ? serve(new SocketTransport(context)) : ServeTlsAsync(tls, context);
    }

    private async Task ServeTlsAsync(TlsAcceptor acceptor, ConnectionContext context)
    {
        if (await HandshakeAsync(acceptor, context) is { } transport)
        {
            await serve(transport);
        }
    }

    private async ValueTask<MqttTransport?> HandshakeAsync(TlsAcceptor acceptor, ConnectionContext context)
    {
        try
        {
            using var timeout = new CancellationTokenSource(options.ConnectTimeout, time);
            return await acceptor.AcceptAsync(context, timeout.Token);
        }
        catch (HandshakeException exception)
        {
            security.HandshakeFailed(context.RemoteEndPoint, exception.Cause, exception.Message);
            return null;
        }
    }
}
