using System.Buffers;
using System.Net;
using Telemetry.Edge.Diagnostics;
using Telemetry.Edge.Messages;
using Telemetry.Edge.Reasons;
using Telemetry.Edge.Routing;
using Telemetry.Edge.Security.Limits;
using Telemetry.Edge.Sessions;
using Telemetry.Edge.Timing;
using Telemetry.Mqtt;
using Telemetry.Mqtt.Ingest;

namespace Telemetry.Edge.Connections;

/// <summary>
/// One client connection. A single loop reads and handles its packets; <see cref="Pump"/> writes; the log answers publishes
/// from its own threads through <see cref="Ingested"/>; anyone may ask for the end with <see cref="RequestClose"/>.
/// </summary>
internal sealed class MqttConnection : WheelEntry, IIngestCompletion, IPublishAnswer, ISessionOwner
{
    /// <summary>Bytes of unsent answers from which on the reader waits for the writer.</summary>
    private const int MaxControlBytes = 64 * 1024;

    private readonly BrokerCore _core;
    private readonly IPacketHandler _packets;
    private readonly MqttTransport _transport;
    private CloseReason? _closeReason;
    private CancellationTokenSource? _closing;
    private InboundAliases? _inboundAliases;
    private ConnectPacket? _connect;
    private Routing.TopicWatch? _watch;
    private PacketCounts _received;
    private long _lastPacketAt;
    private long _connectBytes;
    private ConnectionState _state;
    private volatile bool _paused;
    private TimeSpan _readDelay;
    private CancellationToken _drainDeadline;

    public MqttConnection(BrokerCore core, IPacketHandler packets, MqttTransport transport)
    {
        _core = core;
        _packets = packets;
        _transport = transport;
        Acks = new AckWindow(this);
        Pump = new OutboundPump(this, transport.Output, Acks, core.Authorizer, core.Metrics, core.Wheel, core.Time);
    }

    public OutboundPump Pump { get; }

    /// <summary>Answers owed to this client's publishes.</summary>
    public AckWindow Acks { get; }

    /// <summary>What CONNECT settled; null before.</summary>
    public ClientContext? Client { get; set; }

    /// <summary>An enhanced authentication that goes on; null when none does.</summary>
    public PendingAuthentication? Authentication { get; set; }

    /// <summary>The session; null before CONNECT.</summary>
    public Session? Session { get; set; }

    public InboundAliases InboundAliases => _inboundAliases ??= new InboundAliases(_core.Options.TopicAliasMaximum);

    public int OutboundAliasMaximum => _core.Options.OutboundTopicAliasMaximum;

    /// <summary>Session Expiry Interval of the client's DISCONNECT.</summary>
    public TimeSpan? ExpiryAtDisconnect { get; set; }

    /// <summary>What follows an authentication that took several packets: the session, which may have to be waited for.</summary>
    public Func<CancellationToken, ValueTask<bool>>? Admission { get; set; }

    /// <summary>Over <see cref="EdgeOptions.MaxConnections"/>: its CONNECT is refused.</summary>
    public bool IsSurplus { get; init; }

    public EndPoint? RemoteEndPoint => _transport.RemoteEndPoint;

    public EndPoint? LocalEndPoint => _transport.LocalEndPoint;

    /// <summary>Its places under the limits by client, address and listener; null without limits.</summary>
    public LimitLease? Limits { get; set; }

    public string? CertificateName => _transport.CertificateName;

    public bool IsCertificateRevoked => _transport.IsCertificateRevoked;

    /// <summary>QoS 2 publishes of this connection that are not released yet.</summary>
    public ReceiveQuota ExactlyOnce { get; } = new();

    /// <summary>Whether anyone subscribes to the ingest topic of this client.</summary>
    public Routing.TopicWatch Watch => _watch ??= new Routing.TopicWatch();

    /// <summary>Publishes received in the present batch.</summary>
    public ref PacketCounts Received => ref _received;

    /// <summary>Before anyone is authenticated packets are small.</summary>
    private int PacketSizeMax => _state == ConnectionState.AwaitConnect
        ? Math.Min(_core.Options.MaxConnectPacketSize, _core.Options.MaximumPacketSize)
        : _core.Options.MaximumPacketSize;

    private bool IsClosing => Volatile.Read(ref _closeReason) is not null;

    /// <summary>What travels through the log with a publish: place of the answer, packet identifier and QoS.</summary>
    public static ulong PackState(ulong ticket, ushort identifier, int qos) => (ticket << 18) | ((ulong)identifier << 2) | (uint)qos;

    /// <inheritdoc/>
    public void Wake() => Pump.Wake();

    /// <summary>Serves the client until the connection ends.</summary>
    public async Task RunAsync()
    {
        _core.Wheel.Schedule(this, _core.Wheel.Now + (long)_core.Options.ConnectTimeout.TotalMilliseconds);
        try
        {
            await ReadAsync();
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException or ObjectDisposedException
            or System.Net.Sockets.SocketException or System.Net.WebSockets.WebSocketException)
        {
            RequestClose(CloseReason.ClientGone);
        }
        catch (Exception exception)
        {
            _core.Logger.ConnectionFailed(exception);
            RequestClose(CloseReason.Internal);
        }

        if (_closeReason is { Kind: CloseKind.ShuttingDown } && _state == ConnectionState.Running)
        {
            await FinishAcksAsync();
        }

        _state = ConnectionState.Closing;
        LetGoOfConnect();
        await ConnectionCloser.CloseAsync(this, _transport, _core, _closeReason ?? CloseReason.ClientGone);
    }

    /// <summary>Ends the connection, from any thread; the first reason counts.</summary>
    public void RequestClose(CloseReason reason)
    {
        if (Interlocked.CompareExchange(ref _closeReason, reason, null) is null)
        {
            // Not here: the read loop may go on inline, and the caller may be the log's thread or the timer's.
            ThreadPool.UnsafeQueueUserWorkItem(static connection => connection.StopReading(), this, preferLocal: false);
        }
    }

    /// <summary>Cuts the connection where it has not ended by itself.</summary>
    public void Abort() => _transport.Abort();

    /// <summary>Reads nothing more, waits for the answers that are owed, then closes because the broker shuts down.</summary>
    public void Drain(CancellationToken deadline)
    {
        _drainDeadline = deadline;
        RequestClose(_core.Options.ServerReference is { } other ? CloseReason.GoingTo(other) : CloseReason.ShuttingDown);
    }

    /// <summary>The client broke a rule.</summary>
    public ReadStep Fail(in MqttError error)
    {
        Interlocked.CompareExchange(ref _closeReason, CloseReason.Error(error), null);
        return ReadStep.Close;
    }

    /// <summary>CONNACK with success is written: packets may follow in both directions.</summary>
    /// <returns>False when the connection is closing already.</returns>
    public bool TryAccept()
    {
        Move(ConnectionInput.Accept);
        _lastPacketAt = _core.Wheel.Now;
        ScheduleKeepAlive();
        Pump.Open();
        return !IsClosing;
    }

    /// <summary>The log has answered a publish. Any thread.</summary>
    public void Ingested(in IngestResult result, ulong state)
    {
        _core.Metrics.Ingested(result.Outcome);
        var ticket = state >> 18;
        var target = Acks;
        if ((state & 3) == 2)
        {
            var refused = result.Outcome != IngestOutcome.Stored && Client!.Version == MqttVersion.V500;
            var keep = !refused && result.Outcome != IngestOutcome.Failed;
            var window = Session!.Inbound.Complete((ushort)(state >> 2), keep, out ticket);
            GiveBack(keep, window, (ushort)(state >> 2));

            if (window is null)
            {
                return;
            }

            target = window;
        }

        Answer(target, ticket, result);
    }

    /// <inheritdoc/>
    public void Published(ReasonCode? code, string? reason, ulong state, MessageOrigin? origin)
    {
        var ticket = state >> 18;
        var target = Acks;
        if ((state & 3) == 2)
        {
            var keep = code is { } known && (known < ReasonCode.UnspecifiedError || Client!.Version != MqttVersion.V500);
            var window = Session!.Inbound.Complete((ushort)(state >> 2), keep, out ticket, origin);
            GiveBack(keep, window, (ushort)(state >> 2));
            if (window is null)
            {
                return;
            }

            target = window;
        }

        if (code is not { } answer)
        {
            target.Owner!.RequestClose(CloseReason.LogUnavailable);
        }
        else if (target.Complete(ticket, answer, reason))
        {
            target.Owner!.Wake();
        }
    }

    /// <summary>A refused QoS 2 publish counts no longer. The client may have come back meanwhile and sent it again.</summary>
    private void GiveBack(bool keep, AckWindow? window, ushort identifier)
    {
        if (!keep)
        {
            ExactlyOnce.Return(identifier);
            (window?.Owner as MqttConnection)?.ExactlyOnce.Return(identifier);
        }
    }

    /// <summary>Keep alive, or the connect timeout, has passed. Only client packets count. [MQTT-3.1.2-22]</summary>
    public override void Due(long now)
    {
        if (_state == ConnectionState.AwaitConnect)
        {
            RequestClose(CloseReason.ConnectTimeout);
        }
        else if (_state == ConnectionState.Running)
        {
            if (now >= Client!.EndsAt)
            {
                RequestClose(CloseReason.TokenExpired);
                return;
            }

            if (!_paused && now >= KeepAliveDue())
            {
                RequestClose(CloseReason.KeepAlive);
                return;
            }

            if (_paused)
            {
                // We are the ones who do not read: the client's packets may well be waiting.
                _lastPacketAt = now;
            }

            ScheduleKeepAlive();
        }
    }

    /// <summary>The client has proved again who it is, until another time.</summary>
    public void SetEnd(long endsAt)
    {
        Client!.EndsAt = endsAt;
        ScheduleKeepAlive();
    }

    private void StopReading()
    {
        try
        {
            _transport.Input.CancelPendingRead();
            Volatile.Read(ref _closing)?.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The connection ended by itself first; there is nothing left to stop.
            return;
        }
    }

    private static void Answer(AckWindow target, ulong ticket, in IngestResult result)
    {
        var owner = target.Owner!;
        if (result.Outcome == IngestOutcome.Failed)
        {
            owner.RequestClose(CloseReason.LogUnavailable);
            return;
        }

        var code = result.Outcome switch
        {
            IngestOutcome.Stored => ReasonCode.Success,
            IngestOutcome.RejectedPayload => ReasonCode.PayloadFormatInvalid,
            IngestOutcome.RejectedIdentity => ReasonCode.NotAuthorized,
            _ => ReasonCode.TopicNameInvalid,
        };
        if (target.Complete(ticket, code, result.Reason))
        {
            owner.Wake();
        }
    }

    private async Task ReadAsync()
    {
        var input = _transport.Input;
        while (!IsClosing)
        {
            var result = await input.ReadAsync();
            var step = HandleBuffer(result.Buffer, out var consumed, out var examined);
            input.AdvanceTo(consumed, examined);
            if (step == ReadStep.ReadMore && result.IsCompleted)
            {
                RequestClose(CloseReason.ClientGone);
                return;
            }

            switch (step)
            {
                case ReadStep.Connect:
                    await ConnectAsync();
                    break;
                case ReadStep.WaitForIngest:
                    _core.Metrics.IngestPaused();
                    await PauseAsync(static (core, token) => core.Ingest!.WaitForCapacityAsync(token).AsTask());
                    break;
                case ReadStep.WaitForLog:
                    await PauseAsync((core, token) => core.Router.Log!.WaitAsync(Session!, token));
                    break;
                case ReadStep.WaitForAcks:
                    await PauseAsync((_, token) => Acks.WaitForRoomAsync(token));
                    break;
            }

            if (_readDelay > TimeSpan.Zero)
            {
                // Over a limit: what the client sends now fills its own socket, and it slows down by itself.
                var delay = _readDelay;
                _readDelay = TimeSpan.Zero;
                await PauseAsync((core, token) => Task.Delay(delay, core.Time, token));
            }

            Pump.WakeHere();
            if (Pump.ControlBytes > MaxControlBytes)
            {
                await PauseAsync((_, token) => Pump.WhenWrittenAsync(token));
            }
        }
    }

    private ReadStep HandleBuffer(ReadOnlySequence<byte> buffer, out SequencePosition consumed, out SequencePosition examined)
    {
        var step = ReadStep.Next;
        var start = buffer.Start;
        var length = buffer.Length;
        var packets = 0;
        consumed = start;
        examined = start;
        while (step == ReadStep.Next && !IsClosing)
        {
            var status = MqttFrame.TryRead(
                buffer, PacketSizeMax, out var frame, out var end, out examined, out var error, Client is { Version: MqttVersion.V500 });
            if (status == FrameStatus.NeedMore)
            {
                step = _state != ConnectionState.AwaitConnect || TryHoldConnect(buffer.Length)
                    ? ReadStep.ReadMore
                    : RefuseForLackOfRoom(ConnectPacket.PeekVersion(buffer));
                break;
            }

            step = status == FrameStatus.Invalid ? Refuse(buffer, error) : HandleFrame(frame);
            if (step is not (ReadStep.Next or ReadStep.Connect))
            {
                examined = consumed;
                break;
            }

            consumed = end;
            examined = end;
            buffer = buffer.Slice(end);
            packets++;
        }

        if (!consumed.Equals(start))
        {
            _lastPacketAt = _core.Wheel.CoarseNow;
            if (Limits is not null)
            {
                Charge(length - buffer.Length);
            }

            _core.Metrics.Received(_received);
            _core.Metrics.Read(packets, length - buffer.Length);
            _received = default;
        }

        return step;
    }

    private void Charge(long bytes)
    {
        _readDelay = Limits!.Charge(_received[0] + _received[1] + _received[2], bytes, out var limit);
        if (_readDelay > TimeSpan.Zero)
        {
            _core.Security.LimitReached(limit);
        }
    }

    private ReadStep HandleFrame(in MqttFrame frame)
    {
        if (_state == ConnectionState.Running)
        {
            return _packets.Handle(this, frame);
        }

        if (Authentication is not null)
        {
            if (frame.Type is MqttPacketType.Auth or MqttPacketType.Disconnect)
            {
                return _packets.Handle(this, frame);
            }

            var error = MqttError.Protocol("MQTT-3.1.2-30", "Before CONNACK only AUTH and DISCONNECT may follow a CONNECT with an Authentication Method.");
            _packets.Refuse(this, MqttVersion.V500, error.Code, error.Message);
            return Fail(error);
        }

        if (frame.Type != MqttPacketType.Connect)
        {
            RequestClose(new CloseReason(
                CloseKind.ProtocolError, Message: "The first packet was not a CONNECT.", Clause: "MQTT-3.1.0-1"));
            return ReadStep.Close;
        }

        using var body = frame.GetBody();
        if (ConnectPacket.TryParse(body.Span, out _connect, out var failure))
        {
            return frame.IsShortestForm || _connect.Version == MqttVersion.V311
                ? Judge(_connect, frame.Length)
                : Refuse(MqttVersion.V500, MqttFrameHeader.NotShortestForm);
        }

        return failure.AnswerVersion is { } version ? Refuse(version, failure.Error) : Fail(failure.Error);
    }

    /// <summary>The CONNECT stays counted while its credentials are checked: many may wait for that at once.</summary>
    private ReadStep Judge(ConnectPacket connect, int length)
    {
        return TryHoldConnect(length) ? ReadStep.Connect : RefuseForLackOfRoom(connect.Version);
    }

    private ReadStep RefuseForLackOfRoom(MqttVersion? version)
    {
        RequestClose(CloseReason.ConnectBudget);
        if (version is { } known)
        {
            _packets.Refuse(this, known, ReasonCode.ServerBusy, CloseReason.ConnectBudget.Message!);
        }

        return ReadStep.Close;
    }

    private ReadStep Refuse(MqttVersion version, in MqttError error)
    {
        _packets.Refuse(this, version, error.Code, error.Message);
        return Fail(error);
    }

    /// <summary>Bytes that can never become a packet; a CONNECT over our limit is told so, where its sender can read it.</summary>
    private ReadStep Refuse(in ReadOnlySequence<byte> buffer, in MqttError error) =>
        _state == ConnectionState.AwaitConnect && error.Code == ReasonCode.PacketTooLarge && ConnectPacket.PeekVersion(buffer) == MqttVersion.V500
            ? Refuse(MqttVersion.V500, error)
            : Fail(error);

    /// <summary>Counts the bytes of a CONNECT that is not answered yet among those of all connections.</summary>
    private bool TryHoldConnect(long bytes)
    {
        if (bytes > _connectBytes)
        {
            if (!_core.Connecting.TryTake(bytes - _connectBytes))
            {
                _core.TellConnectBudgetSpent();
                return false;
            }

            _connectBytes = bytes;
        }

        return true;
    }

    private void LetGoOfConnect()
    {
        _core.Connecting.Return(_connectBytes);
        _connectBytes = 0;
    }

    private async ValueTask ConnectAsync()
    {
        var connect = _connect;
        _connect = null;
        if (Closing is not { } closing)
        {
            return;
        }

        using var timeout = new CancellationTokenSource(_core.Options.ConnectTimeout, _core.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, closing.Token);
        if (connect is not null)
        {
            await _packets.ConnectAsync(this, connect, either.Token);
        }

        if (Admission is { } admission)
        {
            Admission = null;
            await admission(either.Token);
        }

        LetGoOfConnect();

        // Most connections never wait again, and what it has registered is not small; the next wait makes another one.
        Volatile.Write(ref _closing, null);
    }

    /// <summary>Cancelled when the connection is to end; null when it is ending already.</summary>
    private CancellationTokenSource? Closing
    {
        get
        {
            var closing = Volatile.Read(ref _closing);
            if (closing is null)
            {
                Volatile.Write(ref _closing, closing = new CancellationTokenSource());
            }

            return IsClosing ? null : closing;
        }
    }

    /// <summary>Waits without reading: what the client sends meanwhile fills its own socket, not our memory.</summary>
    private async ValueTask PauseAsync(Func<BrokerCore, CancellationToken, Task> wait)
    {
        if (Closing is not { } closing)
        {
            return;
        }

        _paused = true;
        Pump.WakeHere();
        try
        {
            await wait(_core, closing.Token);
        }
        catch (OperationCanceledException) when (IsClosing)
        {
            // The connection ends instead; the read loop looks at that next.
            return;
        }
        finally
        {
            _lastPacketAt = _core.Wheel.Now;
            _paused = false;
        }
    }

    private async Task FinishAcksAsync()
    {
        try
        {
            while (Acks.Count > 0)
            {
                Pump.WakeHere();
                await Acks.WaitForRoomAsync(_drainDeadline);
            }
        }
        catch (OperationCanceledException)
        {
            // The deadline: what is still owed is counted by the broker, and the client will send it again.
            return;
        }
    }

    private long KeepAliveDue() => Client!.KeepAliveSeconds == 0
        ? long.MaxValue
        : _lastPacketAt + (Client.KeepAliveSeconds * 1500L) + TimerWheel.TickMilliseconds;

    private void ScheduleKeepAlive()
    {
        var due = Math.Min(KeepAliveDue(), Client!.EndsAt);
        if (due != long.MaxValue)
        {
            _core.Wheel.Schedule(this, due);
        }
        else
        {
            // Nobody watches it but TCP: a device that lost its power would stay for ever.
            _core.Wheel.Cancel(this);
            if (_core.Options.TcpKeepAlive > TimeSpan.Zero)
            {
                _transport.KeepAlive(_core.Options.TcpKeepAlive);
            }
        }
    }

    private void Move(ConnectionInput input) => _state = ConnectionTransitions.Next(_state, input)
        ?? throw new InvalidOperationException($"A connection that is {_state} cannot {input}.");
}
