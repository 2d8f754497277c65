using System.Net;
using System.Net.WebSockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Telemetry.Edge.Connections;
using Telemetry.Edge.Security.Certificates;

namespace Telemetry.Edge.Hosting;

/// <summary>MQTT inside a web application.</summary>
public static class MqttHostingExtensions
{
    private const string Subprotocol = "mqtt";

    /// <summary>
    /// Takes MQTT on an endpoint of this Kestrel, beside those the broker opens itself. The broker's own listeners are the
    /// better choice: their transport is set up for many idle connections.
    /// </summary>
    public static void ListenMqtt(this KestrelServerOptions kestrel, MqttBroker broker, IPEndPoint endpoint) =>
        kestrel.Listen(endpoint, listen => listen.Run(new MqttConnectionHandler(broker).OnConnectedAsync));

    /// <summary>
    /// Takes MQTT over WebSocket (subprotocol <c>mqtt</c>, binary frames) on a path; the application needs <c>UseWebSockets</c>.
    /// </summary>
    public static IEndpointConventionBuilder MapMqttWebSocket(
        this IEndpointRouteBuilder endpoints, MqttBroker broker, string pattern = "/mqtt") =>
        endpoints.Map(pattern, context => ServeWebSocketAsync(context, broker));

    private static async Task ServeWebSocketAsync(HttpContext context, MqttBroker broker)
    {
        if (broker.WebSockets.Refuse(context, Subprotocol) is (var status, var words))
        {
            context.Response.StatusCode = status;
            await context.Response.WriteAsync(words, context.RequestAborted);
            return;
        }

        // No compression, no keep-alive pings of its own: MQTT has one.
        using var socket = await context.WebSockets.AcceptWebSocketAsync(
            new WebSocketAcceptContext { SubProtocol = Subprotocol, KeepAliveInterval = Timeout.InfiniteTimeSpan });
        var transport = new StreamTransport(
            new MqttWebSocketStream(socket), () => CloseOutputAsync(socket), () => Cut(socket, context), () => ValueTask.CompletedTask)
        {
            Remote = context.Connection.RemoteIpAddress is { } address
                ? new IPEndPoint(address, context.Connection.RemotePort)
                : null,
            Local = context.Connection.LocalIpAddress is { } local ? new IPEndPoint(local, context.Connection.LocalPort) : null,
            Socket = context.Features.Get<Microsoft.AspNetCore.Connections.Features.IConnectionSocketFeature>(),
            // Only one that was judged by our own authorities and lists: see ServerTls.
            Certificate = context.Features.Get<ProvenCertificate>(),
        };
        await broker.ServeAsync(transport);
    }

    /// <summary>Aborting the WebSocket alone would leave Kestrel to send what the client does not read.</summary>
    private static void Cut(WebSocket socket, HttpContext context)
    {
        socket.Abort();
        context.Abort();
    }

    private static async ValueTask CloseOutputAsync(WebSocket socket)
    {
        if (socket.State is WebSocketState.Open or WebSocketState.CloseReceived)
        {
            await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
        }
    }
}

/// <summary>Kestrel's connection handler for MQTT.</summary>
public sealed class MqttConnectionHandler(MqttBroker broker) : ConnectionHandler
{
    /// <inheritdoc/>
    public override Task OnConnectedAsync(ConnectionContext connection)
    {
        if (broker.WebSockets.IsOpenOn((connection.LocalEndPoint as IPEndPoint)?.Address))
        {
            return broker.ServeAsync(new SocketTransport(connection, flushSends: false));
        }

        connection.Abort(new ConnectionAbortedException("This address is open to other machines, and MQTT clients need no credentials."));
        return Task.CompletedTask;
    }
}
