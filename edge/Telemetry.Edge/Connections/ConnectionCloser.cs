using Telemetry.Edge.Diagnostics;
using Telemetry.Edge.Reasons;

namespace Telemetry.Edge.Connections;

/// <summary>
/// The end of a connection: let go of the session, send the last packet, say that nothing follows, and read on for a while.
/// Closing with unread bytes would make the kernel send a reset, and the client would never see why.
/// </summary>
internal static class ConnectionCloser
{
    public static async Task CloseAsync(MqttConnection connection, MqttTransport transport, BrokerCore core, CloseReason reason)
    {
        core.Wheel.Cancel(connection);
        // A CONNACK with an error, or nothing, is all that goes out before the client was accepted. [MQTT-3.14.0-1]
        connection.Pump.WriteLast(reason, connection.Session is null ? null : connection.Client);
        if (connection.Session is { } session)
        {
            var discardWill = reason.Kind == CloseKind.ClientDisconnected;
            core.Sessions.Disconnect(session, connection, discardWill, connection.ExpiryAtDisconnect, out var dropped);
            core.Metrics.Dropped(DropCause.NotConnected, dropped);
        }

        try
        {
            await LingerAsync(connection, transport, core, reason);
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException or ObjectDisposedException
            or InvalidOperationException or System.Net.Sockets.SocketException or System.Net.WebSockets.WebSocketException)
        {
            transport.Abort();
        }

        core.Metrics.ConnectionClosed(reason.Kind);
        core.Logger.Disconnected(
            connection.Client?.Identity.ClientId, reason.Kind, reason.Code, reason.Message, reason.Clause);
        await transport.DisposeAsync();
    }

    private static async Task LingerAsync(
        MqttConnection connection, MqttTransport transport, BrokerCore core, CloseReason reason)
    {
        var lingerTime = core.Options.LingerTime;
        await connection.Pump.WhenIdleAsync(lingerTime);
        if (reason.Kind == CloseKind.ClientGone)
        {
            return;
        }

        await transport.ShutdownSendAsync();
        if (reason.Kind is CloseKind.ClientDisconnected or CloseKind.ClientDisconnectedWithWill)
        {
            return;
        }

        using var timeout = new CancellationTokenSource(lingerTime, core.Time);
        var left = (long)core.Options.LingerBytes;
        while (left > 0)
        {
            var read = await transport.Input.ReadAsync(timeout.Token);
            left -= read.Buffer.Length;
            transport.Input.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                return;
            }
        }
    }
}
