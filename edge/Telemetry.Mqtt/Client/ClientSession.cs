namespace Telemetry.Mqtt.Client;

/// <summary>
/// What a client knows beyond one connection, and what it does with packets. Everything here is guarded by one lock, which
/// the connection's send buffer shares, so that identifiers and bytes are in the same order. Nobody is called under it.
/// </summary>
internal sealed class ClientSession : IPacketSink
{
    private readonly MqttClient _client;
    private readonly MqttClientOptions _options;
    private readonly IMqttClientHandler _handler;
    private readonly OutboundWindow _window;
    private readonly InboundAcknowledger _inbound = new();

    private ClientConnection? _connection;
    private ServerLimits _limits;
    private bool _established;
    private bool _sentCleanStart;
    private PendingRequests? _requests;
    private TaskCompletionSource<ConnAckPacket>? _handshake;
    private TaskCompletionSource? _capacity;
    private TopicAliases? _aliases;

    public ClientSession(MqttClient client, MqttClientOptions options, IMqttClientHandler handler)
    {
        _client = client;
        _options = options;
        _handler = handler;
        _window = new OutboundWindow(options.MaximumInFlight);
    }

    public Lock Gate { get; } = new();

    /// <summary>Counts connections.</summary>
    public int ConnectionNumber { get; private set; }

    public bool IsConnected
    {
        get
        {
            lock (Gate)
            {
                return _established && _connection is { IsOpen: true };
            }
        }
    }

    public int InFlight
    {
        get
        {
            lock (Gate)
            {
                return _window.Count;
            }
        }
    }

    /// <summary>Sends CONNECT; the task ends with the broker's answer.</summary>
    public Task<ConnAckPacket> Begin(ClientConnection connection, ConnectPacket connect)
    {
        lock (Gate)
        {
            _connection = connection;
            ConnectionNumber++;
            _sentCleanStart = connect.CleanStart;
            _aliases = connect.Properties?.TopicAliasMaximum is > 0 and { } maximum ? new TopicAliases(maximum) : null;
            _handshake = new TaskCompletionSource<ConnAckPacket>(TaskCreationOptions.RunContinuationsAsynchronously);
            ConnectPacket.Write(connection.Output, connect);
            connection.BeginFlush();
            return _handshake.Task;
        }
    }

    public PublishStart TryPublish(
        ReadOnlySpan<byte> topicName,
        ReadOnlySpan<byte> properties,
        ReadOnlySpan<byte> payload,
        in PublishRequest request,
        IPublishCompletion? completion,
        ulong state)
    {
        lock (Gate)
        {
            if (!_established || _connection is not { IsOpen: true } connection)
            {
                return PublishStart.NotConnected;
            }
            if (request.Qos > _limits.MaximumQos || (request.Retain && !_limits.RetainAvailable))
            {
                return PublishStart.NotSupported;
            }
            var size = PublishPacket.SizeOf(
                _options.Version, topicName.Length, properties.Length, payload.Length, DeliveryOf(request, 0));
            if (size > _limits.MaximumPacketSize)
            {
                return PublishStart.TooLarge;
            }
            if (!HasCapacity(connection, request.Qos))
            {
                return PublishStart.Full;
            }
            Write(connection, topicName, properties, payload, request, completion, state);
        }
        if (request.Qos == MqttQos.AtMostOnce)
        {
            completion?.Published(new PublishResult(PublishOutcome.Sent, 0), state);
        }
        return PublishStart.Started;
    }

    /// <summary>Completes when another publish is worth a try.</summary>
    public Task WaitForCapacityAsync(MqttQos qos)
    {
        lock (Gate)
        {
            if (!_established || _connection is not { IsOpen: true } connection || HasCapacity(connection, qos))
            {
                return Task.CompletedTask;
            }
            _capacity ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _capacity.Task;
        }
    }

    /// <summary>Sends SUBSCRIBE or UNSUBSCRIBE, written by <paramref name="write"/> with the identifier it is given.</summary>
    public Task<object> Request(Action<SendBuffer, ushort> write)
    {
        lock (Gate)
        {
            if (!_established || _connection is not { IsOpen: true } connection)
            {
                throw MqttClientException.NotConnected();
            }
            _requests ??= new PendingRequests();
            var (identifier, answer) = _requests.Add();
            write(connection.Output, identifier);
            connection.BeginFlush();
            return answer;
        }
    }

    public bool Acknowledge(in MqttDelivery delivery, ReasonCode reasonCode)
    {
        lock (Gate)
        {
            if (delivery.Connection != ConnectionNumber || _connection is not { IsOpen: true } connection)
            {
                return false;
            }
            _inbound.Acknowledge(connection, _options.Version, delivery, reasonCode);
            return true;
        }
    }

    /// <summary>Says good-bye; the connection ends when the broker closes it, or soon after.</summary>
    public void Disconnect(ReasonCode reasonCode, MqttProperties? properties)
    {
        lock (Gate)
        {
            if (_connection is { IsOpen: true } connection)
            {
                DisconnectPacket.Write(connection.Output, _options.Version, reasonCode, properties);
                connection.Finish(new MqttDisconnect(DisconnectCause.Requested, reasonCode, "The client disconnected."));
            }
        }
    }

    /// <summary>The connection is over: takes down everything that waited for it. The caller then tells those concerned.</summary>
    /// <param name="keepInFlight">True: publishes under way wait for a resumed session.</param>
    public Settlement Settle(MqttDisconnect end, bool keepInFlight)
    {
        lock (Gate)
        {
            var settlement = new Settlement(
                end,
                _established,
                keepInFlight ? [] : _window.ReleaseAll(),
                _handshake,
                _capacity,
                _requests);
            _established = false;
            _handshake = null;
            _capacity = null;
            _requests = null;
            _connection = null;
            _inbound.ForgetUnacknowledged();
            _window.AbandonResume();
            return settlement;
        }
    }

    /// <summary>Tells those who waited for a connection that it ended; the owner of the client last.</summary>
    public void Tell(Settlement settlement)
    {
        var end = settlement.End;
        foreach (var completion in settlement.Lost)
        {
            completion.Tell(PublishOutcome.ConnectionLost, end.ReasonCode);
        }
        settlement.Requests?.FailAll(MqttClientException.Ended(end));
        settlement.Capacity?.TrySetResult();
        settlement.Handshake?.TrySetException(MqttClientException.Ended(end));
        if (settlement.WasEstablished)
        {
            _handler.Disconnected(_client, end);
        }
    }

    /// <summary>The client is disposed of: what was kept for a resumed session is lost.</summary>
    public void Abandon()
    {
        List<OutboundWindow.Completion> lost;
        lock (Gate)
        {
            lost = _window.ReleaseAll();
        }
        foreach (var completion in lost)
        {
            completion.Tell(PublishOutcome.ConnectionLost, 0);
        }
    }

    void IPacketSink.Sent() => SignalCapacity();

    MqttDisconnect? IPacketSink.Refused(MqttError error)
    {
        var end = new MqttDisconnect(DisconnectCause.ProtocolError, error.Code, error.ToString());
        lock (Gate)
        {
            if (!_established || _options.Version == MqttVersion.V311 || _connection is not { } connection)
            {
                return end;
            }
            DisconnectPacket.Write(connection.Output, _options.Version, error.Code);
            connection.Finish(end);
            return null;
        }
    }

    MqttDisconnect? IPacketSink.Handle(in MqttFrameHeader header, ReadOnlySpan<byte> body)
    {
        MqttDisconnect? end = null;
        if (!MqttDirection.TryCheck(header.Type, _options.Version, MqttPeer.Server, out var error)
            || !TryHandle(header, body, ref end, out error))
        {
            return ((IPacketSink)this).Refused(error);
        }
        return end;
    }

    private bool TryHandle(in MqttFrameHeader header, ReadOnlySpan<byte> body, ref MqttDisconnect? end, out MqttError error)
    {
        if (!_established)
        {
            return TryHandleConnAck(header.Type, body, ref end, out error);
        }
        switch (header.Type)
        {
            case MqttPacketType.Publish:
                return TryHandlePublish(header.Flags, body, out error);
            case MqttPacketType.PubAck or MqttPacketType.PubRec or MqttPacketType.PubRel or MqttPacketType.PubComp:
                return TryHandleAck(header.Type, body, out error);
            case MqttPacketType.SubAck:
                return SubAckPacket.TryParse(body, _options.Version, out var subAck, out error)
                    && TryAnswer(subAck.PacketIdentifier, subAck, out error);
            case MqttPacketType.UnsubAck:
                return UnsubAckPacket.TryParse(body, _options.Version, out var unsubAck, out error)
                    && TryAnswer(unsubAck.PacketIdentifier, unsubAck, out error);
            case MqttPacketType.PingResp:
                return EmptyPacket.TryParse(body, out error);
            case MqttPacketType.Disconnect:
                if (!DisconnectPacket.TryParse(body, _options.Version, MqttPeer.Server, out var packet, out error))
                {
                    return false;
                }
                end = new MqttDisconnect(
                    DisconnectCause.ByServer,
                    packet.ReasonCode,
                    packet.Properties?.ReasonString ?? $"The broker disconnected: {packet.ReasonCode}.",
                    packet.Properties);
                return true;
            default:
                error = MqttError.Protocol("MQTT-3.2.0-2", "A second CONNACK, or an AUTH that nobody asked for.");
                return false;
        }
    }

    private bool TryHandleConnAck(MqttPacketType type, ReadOnlySpan<byte> body, ref MqttDisconnect? end, out MqttError error)
    {
        if (type != MqttPacketType.ConnAck)
        {
            error = MqttError.Protocol("MQTT-3.2.0-1", "The first packet from the broker is not CONNACK.");
            return false;
        }
        if (!ConnAckPacket.TryParse(body, _options.Version, out var packet, out error))
        {
            return false;
        }
        if (packet.ReasonCode != ReasonCode.Success)
        {
            end = new MqttDisconnect(
                DisconnectCause.ByServer,
                packet.ReasonCode,
                packet.Properties?.ReasonString ?? $"The broker refused the connection: {packet.ReasonCode}.",
                packet.Properties);
            return true;
        }
        if (packet.SessionPresent && _sentCleanStart)
        {
            error = MqttError.Protocol("MQTT-3.2.2-2", "The broker has a session where none was wanted.");
            return false;
        }
        Establish(packet);
        return true;
    }

    private void Establish(ConnAckPacket packet)
    {
        List<OutboundWindow.Completion> lost = [];
        TaskCompletionSource<ConnAckPacket>? handshake;
        lock (Gate)
        {
            var connection = _connection!;
            _limits = ServerLimits.From(packet.Properties, _options);
            _established = true;
            (handshake, _handshake) = (_handshake, null);
            if (packet.SessionPresent)
            {
                _window.BeginResume();
                _window.WriteAgain(connection.Output, _limits.ReceiveMaximum);
                connection.BeginFlush();
            }
            else
            {
                _inbound.Clear();
                lost = _window.ReleaseAll();
            }
            connection.StartKeepAlive(_limits.KeepAlive);
        }
        foreach (var completion in lost)
        {
            completion.Tell(PublishOutcome.SessionLost, 0);
        }
        handshake?.TrySetResult(packet);
    }

    private bool TryHandlePublish(byte flags, ReadOnlySpan<byte> body, out MqttError error)
    {
        if (!PublishPacket.TryParse(flags, body, _options.Version, MqttPeer.Server, out var packet, out error)
            || !TopicAliases.TryResolve(_aliases, ref packet, out error))
        {
            return false;
        }
        var delivery = new MqttDelivery(packet.PacketIdentifier, packet.Qos, ConnectionNumber);
        if (packet.Qos == MqttQos.ExactlyOnce && !TryBeginExactlyOnce(delivery))
        {
            return true;
        }
        if (_handler.Received(_client, packet, delivery) && packet.Qos != MqttQos.AtMostOnce)
        {
            Acknowledge(delivery, ReasonCode.Success);
        }
        return true;
    }

    private bool TryBeginExactlyOnce(in MqttDelivery delivery)
    {
        lock (Gate)
        {
            return _inbound.TryBegin(_connection!, delivery.PacketIdentifier);
        }
    }

    private bool TryHandleAck(MqttPacketType type, ReadOnlySpan<byte> body, out MqttError error)
    {
        if (!PubAckPacket.TryParse(type, body, _options.Version, out var ack, out error))
        {
            return false;
        }
        var outcome = ack.ReasonCode >= ReasonCode.UnspecifiedError ? PublishOutcome.Refused : PublishOutcome.Acknowledged;
        OutboundWindow.Completion completion = default;
        lock (Gate)
        {
            var connection = _connection!;
            var stage = _window.StageOf(ack.PacketIdentifier);
            switch (type)
            {
                case MqttPacketType.PubAck when stage == OutboundWindow.Stage.AwaitingPubAck:
                case MqttPacketType.PubComp when stage == OutboundWindow.Stage.AwaitingPubComp:
                case MqttPacketType.PubRec when stage == OutboundWindow.Stage.AwaitingPubRec
                    && outcome == PublishOutcome.Refused:
                    completion = Release(connection, ack.PacketIdentifier);
                    break;
                case MqttPacketType.PubRec when outcome == PublishOutcome.Acknowledged:
                    AnswerPubRec(connection, ack.PacketIdentifier, stage);
                    break;
                case MqttPacketType.PubRel:
                    _inbound.Complete(connection, _options.Version, ack.PacketIdentifier);
                    break;
                default:
                    // An acknowledgement nobody waits for, such as a second PUBACK: nothing to do (4.13.2 leaves it free).
                    break;
            }
        }
        if (completion.Target is not null)
        {
            // PUBCOMP 0x92 means the broker had finished already: the message did get there.
            var isLate = type == MqttPacketType.PubComp && ack.ReasonCode == ReasonCode.PacketIdentifierNotFound;
            completion.Tell(isLate ? PublishOutcome.Acknowledged : outcome, ack.ReasonCode);
        }
        SignalCapacity();
        return true;
    }

    private OutboundWindow.Completion Release(ClientConnection connection, ushort packetIdentifier)
    {
        var completion = _window.Release(packetIdentifier);
        if (_window.WaitingToResend > 0)
        {
            _window.WriteAgain(connection.Output, _limits.ReceiveMaximum);
            connection.BeginFlush();
        }
        return completion;
    }

    private void AnswerPubRec(ClientConnection connection, ushort packetIdentifier, OutboundWindow.Stage stage)
    {
        var known = stage is OutboundWindow.Stage.AwaitingPubRec or OutboundWindow.Stage.AwaitingPubComp;
        if (stage == OutboundWindow.Stage.AwaitingPubRec)
        {
            _window.Received(packetIdentifier);
        }
        PubAckPacket.Write(connection.Output, MqttPacketType.PubRel, _options.Version, packetIdentifier,
            known ? ReasonCode.Success : ReasonCode.PacketIdentifierNotFound);
        connection.BeginFlush();
    }

    private bool TryAnswer(ushort packetIdentifier, object answer, out MqttError error)
    {
        lock (Gate)
        {
            _requests?.TryComplete(packetIdentifier, answer);
        }
        error = default;
        return true;
    }

    private void Write(
        ClientConnection connection,
        ReadOnlySpan<byte> topicName,
        ReadOnlySpan<byte> properties,
        ReadOnlySpan<byte> payload,
        in PublishRequest request,
        IPublishCompletion? completion,
        ulong state)
    {
        ushort identifier = 0;
        if (request.Qos != MqttQos.AtMostOnce)
        {
            // HasCapacity said yes and the gate is held, so there is a slot.
            _window.TryTake(request.Qos, completion, state, out identifier);
        }
        var size = PublishPacket.Write(
            connection.Output, _options.Version, topicName, properties, payload, DeliveryOf(request, identifier));
        if (_options.ResumeInFlight && request.Qos != MqttQos.AtMostOnce)
        {
            _window.Keep(identifier, connection.Output.Last(size));
        }
        connection.BeginFlush();
    }

    private bool HasCapacity(ClientConnection connection, MqttQos qos) =>
        connection.Output.Count < _options.SendBufferBytesMax
        && (qos == MqttQos.AtMostOnce
            || (_window.Count < Math.Min(_limits.ReceiveMaximum, _window.Capacity) && _window.WaitingToResend == 0));

    private void SignalCapacity()
    {
        TaskCompletionSource? capacity;
        lock (Gate)
        {
            if (_capacity is null)
            {
                return;
            }
            (capacity, _capacity) = (_capacity, null);
        }
        capacity.TrySetResult();
    }

    private static PublishDelivery DeliveryOf(in PublishRequest request, ushort packetIdentifier) => new()
    {
        Qos = request.Qos,
        Retain = request.Retain,
        MessageExpiryInterval = request.MessageExpiryInterval,
        PacketIdentifier = packetIdentifier,
    };
}
