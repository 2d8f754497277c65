using System.Net.WebSockets;

namespace Telemetry.Edge.Hosting;

/// <summary>
/// A WebSocket as a stream of bytes: packets may cross frames and share them [MQTT-6.0.0-2]; anything but a binary frame ends
/// it [MQTT-6.0.0-1].
/// </summary>
internal sealed class MqttWebSocketStream(WebSocket socket) : ConnectionStream
{
    private Task<ValueWebSocketReceiveResult>? _waiting;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            // A receive that is cancelled aborts the WebSocket, and the client would never learn why it is closed. So what is
            // cancelled is only the wait; the receive, of no bytes, stays for the next reader.
            _waiting ??= socket.ReceiveAsync(Memory<byte>.Empty, CancellationToken.None).AsTask();
            var ready = await _waiting.WaitAsync(cancellationToken);
            _waiting = null;
            if (await IsEndAsync(ready, cancellationToken))
            {
                return 0;
            }

            if (buffer.IsEmpty)
            {
                return 0;
            }

            if (ready.EndOfMessage)
            {
                // An empty frame.
                continue;
            }

            var received = await socket.ReceiveAsync(buffer, cancellationToken);
            if (await IsEndAsync(received, cancellationToken))
            {
                return 0;
            }

            if (received.Count > 0)
            {
                return received.Count;
            }
        }
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        socket.SendAsync(buffer, WebSocketMessageType.Binary, endOfMessage: true, cancellationToken);

    /// <summary>True for a close frame.</summary>
    /// <exception cref="IOException">It is text.</exception>
    private async ValueTask<bool> IsEndAsync(ValueWebSocketReceiveResult received, CancellationToken cancellationToken)
    {
        if (received.MessageType == WebSocketMessageType.Text)
        {
            await socket.CloseOutputAsync(WebSocketCloseStatus.InvalidMessageType, "MQTT needs binary frames.", cancellationToken);
            throw new IOException("A WebSocket frame was not binary.");
        }

        return received.MessageType == WebSocketMessageType.Close;
    }
}
