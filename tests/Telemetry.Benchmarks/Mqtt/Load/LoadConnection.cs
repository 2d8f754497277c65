using System.Net.Security;
using System.Net.Sockets;
using Telemetry.Mqtt;

namespace Telemetry.Benchmarks.Mqtt.Load;

/// <summary>Takes one packet: its first byte and everything behind the fixed header.</summary>
internal delegate void PacketHandler(byte first, ReadOnlySpan<byte> body);

/// <summary>
/// A client as cheap as can be, the same for every broker: MQTT 3.1.1 over a socket or TLS, packets gathered in one buffer and
/// written at once. One task uses it.
/// </summary>
internal sealed class LoadConnection : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    private readonly Socket _socket;
    private readonly Stream _stream;
    private byte[] _input = new byte[2048];
    private int _held;

    private LoadConnection(Socket socket, Stream stream)
    {
        _socket = socket;
        _stream = stream;
    }

    /// <summary>What the next <see cref="FlushAsync"/> writes.</summary>
    public PacketBuffer Output { get; } = new();

    /// <summary>Connects with a clean session and takes the CONNACK.</summary>
    /// <exception cref="IOException">The broker closed, or refused.</exception>
    public static async Task<LoadConnection> OpenAsync(LoadTarget target, string clientId, bool tls = false)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(tls ? target.Tls! : target.Plain);
            Stream stream = new NetworkStream(socket, ownsSocket: true);
            if (tls)
            {
                // The run's own certificate, signed by nobody else.
                var secure = new SslStream(stream, false, static (_, certificate, _, _) => certificate?.Subject == "CN=localhost");
                await secure.AuthenticateAsClientAsync("localhost");
                stream = secure;
            }

            var connection = new LoadConnection(socket, stream);
            connection.Output.Connect(clientId);
            await connection.FlushAsync();
            await connection.ExpectAsync(MqttPacketType.ConnAck, static body => body is [_, 0]);
            return connection;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Subscribes and takes the SUBACK.</summary>
    /// <param name="others">Takes what comes with it, such as retained messages.</param>
    public async Task SubscribeAsync(string filter, int qos, PacketHandler? others = null)
    {
        Output.Subscribe(1, filter, qos);
        await FlushAsync();
        await ExpectAsync(MqttPacketType.SubAck, static body => body is [_, _, < 0x80], others);
    }

    /// <summary>Writes what was gathered.</summary>
    public async ValueTask FlushAsync(CancellationToken cancellationToken = default)
    {
        if (Output.Written.Length > 0)
        {
            await _stream.WriteAsync(Output.Written, cancellationToken);
            Output.Clear();
        }
    }

    /// <summary>Reads once and hands over every packet that is complete.</summary>
    /// <returns>False when the broker has closed.</returns>
    public async ValueTask<bool> ReceiveAsync(PacketHandler handler, CancellationToken cancellationToken = default)
    {
        if (_held == _input.Length)
        {
            Array.Resize(ref _input, _input.Length * 2);
        }

        var read = await _stream.ReadAsync(_input.AsMemory(_held), cancellationToken);
        _held += read;
        var start = 0;
        while (TryPacket(_input.AsSpan(start, _held - start), out var header, out var length))
        {
            handler(_input[start], _input.AsSpan(start + header, length));
            start += header + length;
        }

        _input.AsSpan(start, _held - start).CopyTo(_input);
        _held -= start;
        return read > 0;
    }

    /// <summary>Ends without a word, as a crash does.</summary>
    public void Cut()
    {
        _socket.LingerState = new LingerOption(true, 0);
        _socket.Close();
    }

    public ValueTask DisposeAsync() => _stream.DisposeAsync();

    private static bool TryPacket(ReadOnlySpan<byte> bytes, out int header, out int length)
    {
        length = 0;
        for (header = 1; header < bytes.Length && header <= 4; header++)
        {
            length |= (bytes[header] & 0x7F) << (7 * (header - 1));
            if (bytes[header] < 0x80)
            {
                header++;
                return bytes.Length - header >= length;
            }
        }

        return false;
    }

    private async Task ExpectAsync(MqttPacketType type, Func<byte[], bool> isGood, PacketHandler? others = null)
    {
        using var timeout = new CancellationTokenSource(Patience);
        byte[]? answer = null;
        while (answer is null)
        {
            var open = await ReceiveAsync(
                (first, body) =>
                {
                    if (first >> 4 == (int)type)
                    {
                        answer ??= body.ToArray();
                    }
                    else
                    {
                        others?.Invoke(first, body);
                    }
                },
                timeout.Token);
            if (!open && answer is null)
            {
                throw new IOException($"The broker closed the connection instead of {type}.");
            }
        }

        if (!isGood(answer))
        {
            throw new IOException($"The broker refused: {type} {Convert.ToHexString(answer)}.");
        }
    }
}
