using System.Net.Security;
using System.Net.Sockets;

namespace Telemetry.Mqtt.Client;

/// <summary>A connected byte stream: TCP, or TLS on TCP. A receive into an empty buffer waits for bytes without one.</summary>
internal abstract class MqttTransport : IDisposable
{
    protected MqttTransport(Socket socket)
    {
        Socket = socket;
    }

    protected Socket Socket { get; }

    public static async Task<MqttTransport> ConnectAsync(MqttClientOptions options, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(options.Host, options.Port, cancellationToken);
            if (options.Tls is not { } tls)
            {
                return new TcpTransport(socket);
            }
            var stream = new SslStream(new NetworkStream(socket, ownsSocket: true));
            try
            {
                await stream.AuthenticateAsClientAsync(tls, cancellationToken);
                return new TlsTransport(socket, stream);
            }
            catch
            {
                await stream.DisposeAsync();
                throw;
            }
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public abstract ValueTask<int> ReceiveAsync(Memory<byte> buffer);

    public abstract ValueTask SendAsync(ReadOnlyMemory<byte> bytes);

    /// <summary>Says that nothing more will be sent.</summary>
    public virtual void FinishSending() => Socket.Shutdown(SocketShutdown.Send);

    public virtual void Dispose() => Socket.Dispose();

    private sealed class TcpTransport(Socket socket) : MqttTransport(socket)
    {
        public override ValueTask<int> ReceiveAsync(Memory<byte> buffer) =>
            Socket.ReceiveAsync(buffer, SocketFlags.None, CancellationToken.None);

        public override async ValueTask SendAsync(ReadOnlyMemory<byte> bytes)
        {
            while (!bytes.IsEmpty)
            {
                var sent = await Socket.SendAsync(bytes, SocketFlags.None, CancellationToken.None);
                bytes = bytes[sent..];
            }
        }
    }

    private sealed class TlsTransport(Socket socket, SslStream stream) : MqttTransport(socket)
    {
        public override ValueTask<int> ReceiveAsync(Memory<byte> buffer) => stream.ReadAsync(buffer, CancellationToken.None);

        public override ValueTask SendAsync(ReadOnlyMemory<byte> bytes) => stream.WriteAsync(bytes, CancellationToken.None);

        public override void Dispose()
        {
            base.Dispose();
            stream.Dispose();
        }
    }
}
