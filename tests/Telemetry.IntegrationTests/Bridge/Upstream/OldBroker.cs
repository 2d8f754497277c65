using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Telemetry.IntegrationTests.Bridge.Upstream;

/// <summary>
/// The wire of a broker that speaks MQTT 3.1.1 only: it answers any other level with CONNACK 1 and closes [MQTT-3.1.2-2], and takes a filter
/// that begins with $share for what it says.
/// </summary>
internal sealed class OldBroker : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _loop;
    private readonly Lock _gate = new();
    private readonly List<string> _filters = [];
    private readonly List<ushort> _acknowledged = [];
    private NetworkStream? _client;

    public OldBroker()
    {
        _listener.Start();
        _loop = Task.Run(ServeAsync);
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public IReadOnlyList<string> Filters => Copy(_filters);

    /// <summary>Packet identifiers of the PUBACKs received.</summary>
    public IReadOnlyList<ushort> Acknowledged => Copy(_acknowledged);

    /// <summary>A PUBLISH of QoS 1 to the client.</summary>
    public async Task PublishAsync(string topic, string payload, ushort id)
    {
        byte[] body = [0, (byte)topic.Length, .. Encoding.ASCII.GetBytes(topic), (byte)(id >> 8), (byte)id, .. Encoding.ASCII.GetBytes(payload)];
        await _client!.WriteAsync((byte[])[0x32, (byte)body.Length, .. body]);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _loop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private List<T> Copy<T>(List<T> list)
    {
        lock (_gate)
        {
            return [.. list];
        }
    }

    private async Task ServeAsync()
    {
        while (true)
        {
            using var socket = await _listener.AcceptSocketAsync(_stop.Token);
            await using var stream = new NetworkStream(socket);
            try
            {
                while (await ServePacketAsync(stream))
                {
                    // The next packet.
                }
            }
            catch (IOException)
            {
                // The client has gone.
            }
        }
    }

    private async Task<bool> ServePacketAsync(NetworkStream stream)
    {
        var head = new byte[2];
        await stream.ReadExactlyAsync(head, _stop.Token);
        head[1].ShouldBeLessThan((byte)128);
        var body = new byte[head[1]];
        await stream.ReadExactlyAsync(body, _stop.Token);
        switch (head[0] >> 4)
        {
            case 1 when body[6] != 4:
                await stream.WriteAsync((byte[])[0x20, 2, 0, 1], _stop.Token);
                return false;
            case 1:
                _client = stream;
                await stream.WriteAsync((byte[])[0x20, 2, 0, 0], _stop.Token);
                break;
            case 8:
                lock (_gate)
                {
                    _filters.Add(Encoding.ASCII.GetString(body, 4, body[3]));
                }

                await stream.WriteAsync((byte[])[0x90, 3, body[0], body[1], 1], _stop.Token);
                break;
            case 4:
                lock (_gate)
                {
                    _acknowledged.Add((ushort)((body[0] << 8) | body[1]));
                }

                break;
            case 12:
                await stream.WriteAsync((byte[])[0xD0, 0], _stop.Token);
                break;
            default:
                return false;
        }

        return true;
    }
}
