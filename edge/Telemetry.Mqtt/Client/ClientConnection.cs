using System.Buffers;

namespace Telemetry.Mqtt.Client;

/// <summary>
/// One connection: bytes in, packets out to the sink; packets in, bytes out. Idle it holds no buffer: it waits with a
/// receive of zero bytes and rents an array when there is something to receive. What is written while a send is under way
/// goes out with the next one.
/// </summary>
internal sealed class ClientConnection(
    MqttTransport transport, IPacketSink sink, Lock gate, int maximumPacketSize, KeepAliveWheel wheel)
    : IThreadPoolWorkItem, IKeepAliveMember
{
    // How long the other side may take to close after our last packet.
    private static readonly TimeSpan Linger = TimeSpan.FromSeconds(5);

    private readonly MqttTransport _transport = transport;
    private readonly IPacketSink _sink = sink;
    private readonly Lock _gate = gate;
    private readonly int _maximumPacketSize = maximumPacketSize;
    private readonly KeepAliveWheel _wheel = wheel;
    private readonly SendBuffer _pending = new();
    private readonly ReceiveBuffer _received = new();

    // Guarded by the gate.
    private bool _flushing;
    private bool _closed;
    private bool _finishing;
    private MqttDisconnect? _end;

    private Task _flush = Task.CompletedTask;
    private long _lastSent = wheel.Time.GetTimestamp();
    private long _lastReceived = wheel.Time.GetTimestamp();
    private TimeSpan _keepAlive;
    private long _pingSent;
    private bool _pinging;

    /// <summary>Packets to send, to be written under the gate and followed by <see cref="BeginFlush"/>.</summary>
    public SendBuffer Output => _pending;

    /// <summary>False once it began to close. Read under the gate.</summary>
    public bool IsOpen => !_closed && !_finishing;

    /// <summary>Under the gate, after writing: sees to it that the bytes go out. Cheap when a send is under way already.</summary>
    public void BeginFlush()
    {
        if (!_flushing && !_closed)
        {
            _flushing = true;
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }

    void IThreadPoolWorkItem.Execute() => _flush = FlushAsync();

    /// <summary>Ends the connection; the first reason given is the one that counts. The receive loop then finishes.</summary>
    public void Close(MqttDisconnect reason)
    {
        lock (_gate)
        {
            _end ??= reason;
            if (_closed)
            {
                return;
            }
            _closed = true;
        }
        _transport.Dispose();
    }

    /// <summary>Under the gate, after writing the last packet: sends what is there, then says so to the other side.</summary>
    public void Finish(MqttDisconnect reason)
    {
        if (_finishing)
        {
            return;
        }
        _end ??= reason;
        _finishing = true;
        BeginFlush();
        _wheel.Add(new LingerDeadline(this, reason), Linger);
    }

    /// <summary>Pings whenever nothing was sent for most of the interval.</summary>
    public void StartKeepAlive(TimeSpan interval)
    {
        if (interval > TimeSpan.Zero)
        {
            // The wheel turns by whole seconds, and the broker counts from when it received.
            _keepAlive = interval * 0.75;
            _wheel.Add(this, _keepAlive);
        }
    }

    TimeSpan? IKeepAliveMember.KeepAlive()
    {
        var now = _wheel.Time.GetTimestamp();
        lock (_gate)
        {
            if (!IsOpen)
            {
                return null;
            }
            if (_pinging && Volatile.Read(ref _lastReceived) >= _pingSent)
            {
                _pinging = false;
            }
            if (!_pinging)
            {
                var silent = _wheel.Time.GetElapsedTime(Volatile.Read(ref _lastSent), now);
                if (silent < _keepAlive - TimeSpan.FromSeconds(1))
                {
                    return _keepAlive - silent;
                }
                _pinging = true;
                _pingSent = now;
                EmptyPacket.WritePingReq(_pending);
                BeginFlush();
                return _keepAlive;
            }
        }
        Close(new MqttDisconnect(
            DisconnectCause.KeepAliveTimeout, ReasonCode.KeepAliveTimeout, "The broker did not answer PINGREQ."));
        return null;
    }

    /// <summary>Receives until the end, and returns why it came.</summary>
    public async Task<MqttDisconnect> RunAsync()
    {
        MqttDisconnect end;
        try
        {
            end = await ReceiveAsync();
        }
        catch (Exception exception)
        {
            // The socket failed, or was closed from our side, in which case the reason was given before.
            end = new MqttDisconnect(DisconnectCause.ConnectionLost, 0, exception.Message, Exception: exception);
        }
        Close(end);
        _received.Release();
        await _flush;
        lock (_gate)
        {
            _pending.Clear();
            return _end ?? end;
        }
    }

    private async Task<MqttDisconnect> ReceiveAsync()
    {
        while (true)
        {
            if (_received.IsEmpty)
            {
                _received.Release();
                await _transport.ReceiveAsync(Memory<byte>.Empty);
            }
            var count = await _transport.ReceiveAsync(_received.GetFree());
            if (count == 0)
            {
                return new MqttDisconnect(DisconnectCause.ConnectionLost, 0, "The broker closed the connection.");
            }
            Volatile.Write(ref _lastReceived, _wheel.Time.GetTimestamp());
            _received.Received(count);
            if (HandleAll() is { } end)
            {
                return end;
            }
        }
    }

    private MqttDisconnect? HandleAll()
    {
        while (true)
        {
            var unread = _received.Unread;
            var status = MqttFrameHeader.TryRead(unread, _maximumPacketSize, out var header, out var error);
            if (status == FrameStatus.Invalid)
            {
                _received.Release();
                return _finishing ? null : _sink.Refused(error);
            }
            if (status == FrameStatus.NeedMore || unread.Length < header.PacketLength)
            {
                _received.MakeRoom(Math.Max(header.PacketLength, MqttFrameHeader.MaxSize));
                return null;
            }
            if (_finishing)
            {
                _received.Release();
                return null;
            }
            if (_sink.Handle(header, unread.Slice(header.Length, header.RemainingLength)) is { } end)
            {
                return end;
            }
            _received.Consume(header.PacketLength);
        }
    }

    private async Task FlushAsync()
    {
        try
        {
            while (true)
            {
                ArraySegment<byte> bytes;
                lock (_gate)
                {
                    if (_pending.Count == 0 || _closed)
                    {
                        _flushing = false;
                        break;
                    }
                    bytes = _pending.Detach();
                }
                await SendAsync(bytes);
                _sink.Sent();
            }
            if (_finishing)
            {
                _transport.FinishSending();
            }
        }
        catch (Exception exception)
        {
            Close(new MqttDisconnect(DisconnectCause.ConnectionLost, 0, exception.Message, Exception: exception));
        }
    }

    private async ValueTask SendAsync(ArraySegment<byte> bytes)
    {
        try
        {
            await _transport.SendAsync(bytes);
            Volatile.Write(ref _lastSent, _wheel.Time.GetTimestamp());
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes.Array!);
        }
    }

    private sealed class LingerDeadline(ClientConnection connection, MqttDisconnect reason) : IKeepAliveMember
    {
        public TimeSpan? KeepAlive()
        {
            connection.Close(reason);
            return null;
        }
    }
}

/// <summary>Takes the packets of a connection.</summary>
internal interface IPacketSink
{
    /// <summary>Handles one packet. A result closes the connection at once.</summary>
    MqttDisconnect? Handle(in MqttFrameHeader header, ReadOnlySpan<byte> body);

    /// <summary>Bytes came that are no packet. A result closes the connection at once.</summary>
    MqttDisconnect? Refused(MqttError error);

    /// <summary>Waiting bytes went out.</summary>
    void Sent();
}
