using System.Buffers;
using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Telemetry.Mqtt;

namespace Telemetry.Testing.Mqtt;

/// <summary>
/// A client that does what MQTT asks of one whose session survives: it connects again for ever, sends again what was not acknowledged, with
/// DUP and the same identifier, and takes a QoS 2 message once. It publishes numbers and counts the ones it receives.
/// </summary>
public sealed class SteadyClient : IAsyncDisposable
{
    private const int Window = 16;
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(6);

    private readonly string _id;
    private readonly Func<CancellationToken, Task<Stream>> _open;
    private readonly MqttQos _qos;
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _gate = new();
    private readonly SortedDictionary<long, (ushort Id, bool Released, long Number)> _unfinished = [];
    private readonly HashSet<ushort> _received = [];
    private readonly SemaphoreSlim _room = new(Window);
    private Func<ReadOnlyMemory<byte>, Task>? _send;
    private ushort _lastId;
    private long _order;
    private Task _loop = Task.CompletedTask;

    /// <param name="id">Client identifier.</param>
    /// <param name="open">Opens a connection; may fail, and is called again then.</param>
    /// <param name="qos">Of what it publishes and subscribes.</param>
    public SteadyClient(string id, Func<CancellationToken, Task<Stream>> open, MqttQos qos) => (_id, _open, _qos) = (id, open, qos);

    /// <summary>Filter that is subscribed to when there is no session; null for none.</summary>
    public string? Filter { get; init; }

    /// <summary>Life of the session without a connection, in seconds. Default an hour; 0 ends it with the connection.</summary>
    public uint ExpirySeconds { get; init; } = 3600;

    /// <summary>How often each number came.</summary>
    public ConcurrentDictionary<long, int> Received { get; } = new();

    /// <summary>Numbers whose publish was acknowledged.</summary>
    public ConcurrentDictionary<long, byte> Acknowledged { get; } = new();

    /// <summary>Connections that were accepted.</summary>
    public int Connections { get; private set; }

    /// <summary>Connections that found no session although there had been one.</summary>
    public int SessionsLost { get; private set; }

    /// <summary>Completes when the subscription was granted.</summary>
    public TaskCompletionSource Subscribed { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Publishes not acknowledged.</summary>
    public int Open
    {
        get
        {
            lock (_gate)
            {
                return _unfinished.Count;
            }
        }
    }

    /// <summary>A connection to one of several local ports, one after the other.</summary>
    public static Func<CancellationToken, Task<Stream>> ToPorts(params int[] ports)
    {
        var turn = 0;
        return async token =>
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync("127.0.0.1", ports[turn++ % ports.Length], token);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        };
    }

    public void Start() => _loop = Task.Run(RunAsync);

    /// <summary>Publishes a number; waits for room among those that are not acknowledged.</summary>
    public async Task PublishAsync(string topic, long number, CancellationToken cancellationToken)
    {
        await _room.WaitAsync(cancellationToken);
        ushort id;
        Func<ReadOnlyMemory<byte>, Task>? send;
        lock (_gate)
        {
            do
            {
                _lastId = _lastId == ushort.MaxValue ? (ushort)1 : (ushort)(_lastId + 1);
            }
            while (_unfinished.Values.Any(o => o.Id == _lastId));
            id = _lastId;
            _unfinished[_order++] = (id, false, number);
            send = _send;
        }

        Topic = topic;
        await TrySendAsync(send, Publish(topic, id, number, duplicate: false));
    }

    /// <summary>The topic last published to: what is sent again goes there.</summary>
    public string Topic { get; private set; } = "";

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        _stop.Dispose();
        _room.Dispose();
    }

    private async Task RunAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await using var stream = await _open(_stop.Token);
                await ServeAsync(stream);
            }
            catch (Exception error) when (error is IOException or SocketException or OperationCanceledException or InvalidDataException
                or ObjectDisposedException)
            {
                // The broker is away, or the connection broke: the session is still there.
            }

            lock (_gate)
            {
                _send = null;
            }

            await Task.Delay(20, CancellationToken.None);
        }
    }

    private async Task ServeAsync(Stream stream)
    {
        var writing = new SemaphoreSlim(1);
        async Task SendAsync(ReadOnlyMemory<byte> bytes)
        {
            await writing.WaitAsync(_stop.Token);
            try
            {
                await stream.WriteAsync(bytes, _stop.Token);
            }
            finally
            {
                writing.Release();
            }
        }

        await SendAsync(Bytes(o => ClientPackets.Connect(o, new ConnectPacket
        {
            Version = MqttVersion.V500,
            ClientId = _id,
            CleanStart = false,
            Properties = new MqttProperties { SessionExpiryInterval = ExpirySeconds },
        })));
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        var pinging = PingAsync(SendAsync, ended.Token);
        try
        {
            await ReadAsync(stream, SendAsync);
        }
        finally
        {
            await ended.CancelAsync();
            await pinging;
        }
    }

    /// <summary>A link may swallow everything without an end: silence ends the connection.</summary>
    private static async Task PingAsync(Func<ReadOnlyMemory<byte>, Task> send, CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                await Task.Delay(TimeSpan.FromSeconds(1), cancellationToken);
                await send(new byte[] { 0xC0, 0 });
            }
        }
        catch (Exception error) when (error is IOException or ObjectDisposedException or OperationCanceledException)
        {
            // The read loop sees the end by itself.
            return;
        }
    }

    private async Task ReadAsync(Stream stream, Func<ReadOnlyMemory<byte>, Task> send)
    {
        var buffer = new byte[64 * 1024];
        var count = 0;
        while (true)
        {
            var sequence = new ReadOnlySequence<byte>(buffer, 0, count);
            var status = MqttFrame.TryRead(sequence, int.MaxValue, out var frame, out _, out _, out var error);
            if (status == FrameStatus.Invalid)
            {
                throw new InvalidDataException(error.ToString());
            }

            if (status == FrameStatus.Complete)
            {
                var (type, flags, body, length) = (frame.Type, frame.Flags, frame.Body.ToArray(), frame.Length);
                buffer.AsSpan(length, count - length).CopyTo(buffer);
                count -= length;
                await TakeAsync(type, flags, body, send);
                continue;
            }

            if (count == buffer.Length)
            {
                Array.Resize(ref buffer, count * 2);
            }

            using var silence = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
            silence.CancelAfter(Silence);
            var read = await stream.ReadAsync(buffer.AsMemory(count), silence.Token);
            if (read == 0)
            {
                return;
            }

            count += read;
        }
    }

    private async Task TakeAsync(MqttPacketType type, byte flags, byte[] body, Func<ReadOnlyMemory<byte>, Task> send)
    {
        switch (type)
        {
            case MqttPacketType.ConnAck:
                await ConnectedAsync(body, send);
                break;
            case MqttPacketType.SubAck:
                Subscribed.TrySetResult();
                break;
            case MqttPacketType.Publish:
                await ReceiveAsync(flags, body, send);
                break;
            case MqttPacketType.PubAck or MqttPacketType.PubComp:
                Finish(IdOf(type, body, out _));
                break;
            case MqttPacketType.PubRec:
                var id = IdOf(type, body, out var refused);
                if (refused)
                {
                    throw new InvalidDataException("A publish was refused.");
                }

                Release(id);
                await send(Ack(MqttPacketType.PubRel, id));
                break;
            case MqttPacketType.PubRel:
                var done = IdOf(type, body, out _);
                _received.Remove(done);
                await send(Ack(MqttPacketType.PubComp, done));
                break;
            default:
                break;
        }
    }

    private async Task ConnectedAsync(byte[] body, Func<ReadOnlyMemory<byte>, Task> send)
    {
        if (!ServerPackets.ConnAck(body, MqttVersion.V500, out var answer, out var error))
        {
            throw new InvalidDataException(error.ToString());
        }

        if (answer!.ReasonCode != ReasonCode.Success)
        {
            throw new IOException($"CONNACK {answer.ReasonCode}");
        }

        SessionsLost += Connections > 0 && !answer.SessionPresent ? 1 : 0;
        Connections++;
        if (!answer.SessionPresent)
        {
            _received.Clear();
        }

        if (Filter is { } filter && (!answer.SessionPresent || !Subscribed.Task.IsCompleted))
        {
            await send(Bytes(o => ClientPackets.Subscribe(o, MqttVersion.V500, new SubscribePacket
            {
                PacketIdentifier = 60_000,
                Requests = [new SubscriptionRequest(filter, _qos)],
            })));
        }

        List<byte[]> again = [];
        lock (_gate)
        {
            foreach (var (id, released, number) in _unfinished.Values)
            {
                again.Add(released ? Ack(MqttPacketType.PubRel, id) : Publish(Topic, id, number, duplicate: true));
            }

            // What is published from here on is sent by its own call: nothing is sent twice on one connection.
            _send = send;
        }

        foreach (var packet in again)
        {
            await send(packet);
        }
    }

    private async Task ReceiveAsync(byte flags, byte[] body, Func<ReadOnlyMemory<byte>, Task> send)
    {
        var (number, qos, id) = Parse(flags, body);
        if (qos != MqttQos.ExactlyOnce || _received.Add(id))
        {
            Received.AddOrUpdate(number, 1, (_, n) => n + 1);
        }

        if (qos != MqttQos.AtMostOnce)
        {
            await send(Ack(qos == MqttQos.AtLeastOnce ? MqttPacketType.PubAck : MqttPacketType.PubRec, id));
        }
    }

    private static (long Number, MqttQos Qos, ushort Id) Parse(byte flags, byte[] body) =>
        PublishPacket.TryParse(flags, body, MqttVersion.V500, out var packet, out var error)
            ? (long.Parse(packet.Payload, CultureInfo.InvariantCulture), packet.Qos, packet.PacketIdentifier)
            : throw new InvalidDataException(error.ToString());

    private static ushort IdOf(MqttPacketType type, byte[] body, out bool refused)
    {
        if (!PubAckPacket.TryParse(type, body, MqttVersion.V500, out var packet, out var error))
        {
            throw new InvalidDataException(error.ToString());
        }

        refused = packet.ReasonCode >= ReasonCode.UnspecifiedError;
        return packet.PacketIdentifier;
    }

    private void Release(ushort id)
    {
        lock (_gate)
        {
            foreach (var (order, entry) in _unfinished)
            {
                if (entry.Id == id)
                {
                    _unfinished[order] = entry with { Released = true };
                    return;
                }
            }
        }
    }

    private void Finish(ushort id)
    {
        lock (_gate)
        {
            foreach (var (order, entry) in _unfinished)
            {
                if (entry.Id == id)
                {
                    _unfinished.Remove(order);
                    Acknowledged[entry.Number] = 1;
                    _room.Release();
                    return;
                }
            }
        }
    }

    private static async Task TrySendAsync(Func<ReadOnlyMemory<byte>, Task>? send, byte[] packet)
    {
        try
        {
            if (send is not null)
            {
                await send(packet);
            }
        }
        catch (Exception error) when (error is IOException or ObjectDisposedException or OperationCanceledException)
        {
            // It is sent again on the next connection.
            return;
        }
    }

    private byte[] Publish(string topic, ushort id, long number, bool duplicate) => Bytes(o => PublishPacket.Write(
        o,
        MqttVersion.V500,
        PublishMessage.Create(topic, Encoding.ASCII.GetBytes(number.ToString(CultureInfo.InvariantCulture))),
        new PublishDelivery { Qos = _qos, PacketIdentifier = id, Duplicate = duplicate }));

    private static byte[] Ack(MqttPacketType type, ushort id) => Bytes(o => PubAckPacket.Write(o, type, id));

    private static byte[] Bytes(Action<IBufferWriter<byte>> write)
    {
        var output = new ArrayBufferWriter<byte>();
        write(output);
        return output.WrittenSpan.ToArray();
    }
}
