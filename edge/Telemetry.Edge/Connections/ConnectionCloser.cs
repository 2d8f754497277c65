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
        connection.Limits?.Release();
        // A CONNACK with an error, or nothing, is all that goes out before the client was accepted. [MQTT-3.14.0-1]
        connection.Pump.WriteLast(reason, connection.Session is null ? null : connection.Client);
        if (connection.Session is { } session)
        {
            var discardWill = reason.Kind == CloseKind.ClientDisconnected;
            core.Sessions.Disconnect(
                session, connection, discardWill, connection.ExpiryAtDisconnect, out var dropped, core.Time.GetUtcNow().ToUnixTimeMilliseconds());
            core.Metrics.Dropped(DropCause.NotConnected, dropped);
        }

        if (!await TryEndAsync(connection, transport, core, reason))
        {
            // What is still unsent cannot be sent any more: closing in good order would wait for it, and so for ever. The write that this
            // ends is waited for: it still uses what is given back below, and with TLS memory of OpenSSL.
            transport.Abort();
            await connection.Pump.WhenWrittenAsync(CancellationToken.None).WaitAsync(core.Options.LingerTime)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        core.Metrics.ConnectionClosed(reason.Kind);
        if (reason.Kind == CloseKind.TakenOver && connection.Client is { } client)
        {
            core.NoteTakeOver(client.Identity.ClientId, connection.RemoteEndPoint);
        }

        core.Logger.Disconnected(
            connection.Client?.Identity.ClientId, reason.Kind, reason.Code, reason.Message, reason.Clause);
        await transport.DisposeAsync();
    }

    /// <returns>False when the connection has to be cut: it broke, or the client did not take the end in time.</returns>
    private static async Task<bool> TryEndAsync(
        MqttConnection connection, MqttTransport transport, BrokerCore core, CloseReason reason)
    {
        using var timeout = new CancellationTokenSource(core.Options.LingerTime, core.Time);
        var written = false;
        try
        {
            await connection.Pump.WhenWrittenAsync(timeout.Token);
            written = true;
            if (reason.Kind != CloseKind.ClientGone)
            {
                await LingerAsync(transport, core, reason, timeout.Token);
            }

            return true;
        }
        catch (OperationCanceledException) when (!written)
        {
            core.Metrics.LingerTimeout();
            return false;
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException or ObjectDisposedException
            or InvalidOperationException or System.Net.Sockets.SocketException or System.Net.WebSockets.WebSocketException)
        {
            return false;
        }
    }

    private static async Task LingerAsync(MqttTransport transport, BrokerCore core, CloseReason reason, CancellationToken timeout)
    {
        // TLS and WebSocket have words of their own for this, which a client that does not read can hold up.
        await transport.ShutdownSendAsync().AsTask().WaitAsync(timeout);
        if (reason.Kind is CloseKind.ClientDisconnected or CloseKind.ClientDisconnectedWithWill)
        {
            return;
        }

        var left = (long)core.Options.LingerBytes;
        while (left > 0)
        {
            var read = await transport.Input.ReadAsync(timeout);
            left -= read.Buffer.Length;
            transport.Input.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                return;
            }
        }
    }
}
