using System.Net.Sockets;
using System.Text;

namespace Telemetry.Mqtt.Client;

/// <summary>
/// An MQTT client, 3.1.1 and 5.0. It never reconnects by itself: when <see cref="IMqttClientHandler.Disconnected"/> comes,
/// its owner decides, and may call <see cref="ConnectAsync"/> again on the same object, which then is the same session.
/// All methods may be called from any thread.
/// </summary>
/// <remarks>An idle connection holds no buffers and no timer, so that one process can hold ten thousand.</remarks>
public sealed class MqttClient : IAsyncDisposable
{
    private readonly MqttClientOptions _options;
    private readonly ClientSession _session;
    private ClientConnection? _connection;
    private Task _running = Task.CompletedTask;
    private int _busy;
    private bool _connectedBefore;
    private bool _disposed;

    /// <param name="options">How to connect.</param>
    /// <param name="handler">Told of messages and of the end of connections.</param>
    public MqttClient(MqttClientOptions options, IMqttClientHandler handler)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(handler);
        _options = options;
        _session = new ClientSession(this, options, handler);
        ClientId = options.ClientId;
    }

    /// <summary>Client identifier: the one of the options, or the one the broker assigned.</summary>
    public string ClientId { get; private set; }

    /// <summary>True from CONNACK to the end of the connection.</summary>
    public bool IsConnected => _session.IsConnected;

    /// <summary>Publishes of QoS 1 and 2 that were started and are not completed.</summary>
    public int InFlight => _session.InFlight;

    /// <summary>Opens a connection and waits for CONNACK.</summary>
    /// <returns>The CONNACK: whether the session was present, and the broker's limits.</returns>
    /// <exception cref="MqttClientException">No connection: see its reason code and whether it is transient.</exception>
    /// <exception cref="InvalidOperationException">There is a connection already.</exception>
    public async Task<ConnAckPacket> ConnectAsync(CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (Interlocked.Exchange(ref _busy, 1) != 0)
        {
            throw new InvalidOperationException($"Client '{ClientId}' is connected or connecting.");
        }
        using var timeout = new CancellationTokenSource(_options.ConnectTimeout, _options.KeepAliveWheel.Time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            var transport = await OpenAsync(linked.Token);
            var connAck = await ShakeHandsAsync(transport, linked.Token);
            _connectedBefore = true;
            ClientId = connAck.Properties?.AssignedClientIdentifier ?? ClientId;
            return connAck;
        }
        catch (OperationCanceledException exception) when (!cancellationToken.IsCancellationRequested)
        {
            throw new MqttClientException(
                $"No connection to {_options.Host}:{_options.Port} within {_options.ConnectTimeout}.", 0, isTransient: true, exception);
        }
    }

    /// <summary>Publishes a message without allocating.</summary>
    /// <param name="topicName">A valid topic name in UTF-8; it is not checked again.</param>
    /// <param name="payload">Copied before this returns.</param>
    /// <param name="completion">Told exactly once when the answer is <see cref="PublishStart.Started"/>, else never.</param>
    /// <param name="state">Handed to the completion.</param>
    public PublishStart TryPublish(
        ReadOnlySpan<byte> topicName,
        ReadOnlySpan<byte> payload,
        MqttQos qos,
        IPublishCompletion? completion = null,
        ulong state = 0) =>
        _session.TryPublish(topicName, default, payload, new PublishRequest(qos), completion, state);

    /// <summary>Publishes an encoded message, its forwarded properties included.</summary>
    /// <param name="completion">Told exactly once when the answer is <see cref="PublishStart.Started"/>, else never.</param>
    /// <param name="state">Handed to the completion.</param>
    public PublishStart TryPublish(
        PublishMessage message, in PublishRequest request, IPublishCompletion? completion = null, ulong state = 0) =>
        _session.TryPublish(
            message.TopicName, message.ForwardedProperties, message.Payload, request, completion, state);

    /// <summary>Completes when a publish that was answered <see cref="PublishStart.Full"/> is worth another try.</summary>
    public Task WaitForCapacityAsync(MqttQos qos, CancellationToken cancellationToken = default) =>
        _session.WaitForCapacityAsync(qos).WaitAsync(cancellationToken);

    /// <summary>Publishes and waits for the broker's acknowledgement (QoS 0: for room in the send buffer).</summary>
    /// <param name="properties">Content Type, User Properties and so on, 5.0 only.</param>
    /// <returns>The fate of it; a refusal is a result, not an exception.</returns>
    /// <exception cref="MqttClientException">It could not be sent at all.</exception>
    public async Task<PublishResult> PublishAsync(
        string topicName,
        ReadOnlyMemory<byte> payload,
        MqttQos qos = MqttQos.AtMostOnce,
        bool retain = false,
        MqttProperties? properties = null,
        CancellationToken cancellationToken = default)
    {
        if (!TopicName.TryCheck(Encoding.UTF8.GetBytes(topicName), out var error))
        {
            throw new ArgumentException(error.ToString(), nameof(topicName));
        }
        var message = PublishMessage.Create(topicName, payload.Span, properties);
        var request = new PublishRequest(qos, retain, properties?.MessageExpiryInterval);
        var completion = new PublishTask();
        while (true)
        {
            switch (TryPublish(message, request, completion))
            {
                case PublishStart.Started:
                    return await completion.Task.WaitAsync(cancellationToken);
                case PublishStart.Full:
                    await WaitForCapacityAsync(qos, cancellationToken);
                    break;
                case PublishStart.TooLarge:
                    throw new MqttClientException(
                        $"The publish to '{topicName}' is larger than the broker takes.", ReasonCode.PacketTooLarge, isTransient: false);
                case PublishStart.NotSupported:
                    throw new MqttClientException(
                        $"The broker does not take {qos}, retain {retain}.", ReasonCode.QosNotSupported, isTransient: false);
                default:
                    throw new MqttClientException("There is no connection.", 0, isTransient: true);
            }
        }
    }

    /// <summary>Subscribes and waits for SUBACK: one reason code for each request, in their order.</summary>
    /// <exception cref="MqttClientException">There is no connection, or it ended first.</exception>
    public async Task<SubAckPacket> SubscribeAsync(
        IReadOnlyList<SubscriptionRequest> requests,
        MqttProperties? properties = null,
        CancellationToken cancellationToken = default)
    {
        var answer = _session.Request((output, identifier) => SubscribePacket.Write(
            output,
            _options.Version,
            new SubscribePacket { PacketIdentifier = identifier, Requests = requests, Properties = properties }));
        return (SubAckPacket)await answer.WaitAsync(cancellationToken);
    }

    /// <summary>Subscribes to one filter.</summary>
    /// <returns>The granted QoS, or a code of 0x80 and above.</returns>
    public async Task<ReasonCode> SubscribeAsync(string filter, MqttQos qos, CancellationToken cancellationToken = default) =>
        (await SubscribeAsync([new SubscriptionRequest(filter, qos)], null, cancellationToken)).ReasonCodes[0];

    /// <summary>Unsubscribes and waits for UNSUBACK.</summary>
    /// <exception cref="MqttClientException">There is no connection, or it ended first.</exception>
    public async Task<UnsubAckPacket> UnsubscribeAsync(
        IReadOnlyList<string> filters, MqttProperties? properties = null, CancellationToken cancellationToken = default)
    {
        var answer = _session.Request((output, identifier) => UnsubscribePacket.Write(
            output,
            _options.Version,
            new UnsubscribePacket { PacketIdentifier = identifier, Filters = filters, Properties = properties }));
        return (UnsubAckPacket)await answer.WaitAsync(cancellationToken);
    }

    /// <summary>Acknowledges a publish for which <see cref="IMqttClientHandler.Received"/> answered false.</summary>
    /// <param name="reasonCode">0x80 and above refuse it (5.0; 3.1.1 can only accept).</param>
    /// <returns>False when its connection is gone: the broker will send it again if the session is kept.</returns>
    public bool Acknowledge(in MqttDelivery delivery, ReasonCode reasonCode = ReasonCode.Success) =>
        _session.Acknowledge(delivery, reasonCode);

    /// <summary>Sends what waits and DISCONNECT, and returns when the connection is closed. Does nothing without one.</summary>
    public async Task DisconnectAsync(ReasonCode reasonCode = ReasonCode.Success, MqttProperties? properties = null)
    {
        _session.Disconnect(reasonCode, properties);
        await _running;
    }

    /// <summary>Closes the connection without DISCONNECT: the broker then publishes the will.</summary>
    public async Task AbortAsync()
    {
        Volatile.Read(ref _connection)?.Close(new MqttDisconnect(DisconnectCause.Requested, 0, "The client closed the connection."));
        await _running;
    }

    /// <summary>Closes the connection and gives up what was kept for a resumed session.</summary>
    public async ValueTask DisposeAsync()
    {
        _disposed = true;
        await AbortAsync();
        _session.Abandon();
    }

    private async Task<MqttTransport> OpenAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await MqttTransport.ConnectAsync(_options, cancellationToken);
        }
        catch (Exception exception)
        {
            Volatile.Write(ref _busy, 0);
            if (exception is OperationCanceledException)
            {
                throw;
            }
            throw new MqttClientException(
                $"No connection to {_options.Host}:{_options.Port}: {exception.Message}",
                0,
                isTransient: exception is SocketException or IOException,
                exception);
        }
    }

    private async Task<ConnAckPacket> ShakeHandsAsync(MqttTransport transport, CancellationToken cancellationToken)
    {
        if (_disposed)
        {
            transport.Dispose();
            Volatile.Write(ref _busy, 0);
            throw new ObjectDisposedException(nameof(MqttClient));
        }
        var connection = new ClientConnection(
            transport, _session, _session.Gate, _options.MaximumPacketSize, _options.KeepAliveWheel);
        Volatile.Write(ref _connection, connection);
        var answer = _session.Begin(connection, MakeConnect());
        _running = RunAsync(connection);
        try
        {
            return await answer.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            connection.Close(new MqttDisconnect(DisconnectCause.Requested, 0, "The client did not wait for CONNACK any longer."));
            await _running;
            throw;
        }
    }

    private async Task RunAsync(ClientConnection connection)
    {
        var end = await connection.RunAsync();
        var settlement = _session.Settle(end, keepInFlight: _options.ResumeInFlight && !_disposed);
        Volatile.Write(ref _connection, null);
        // From here on the owner may connect again, also from inside the calls that follow.
        Volatile.Write(ref _busy, 0);
        _session.Tell(settlement);
    }

    private ConnectPacket MakeConnect()
    {
        MqttProperties? properties = null;
        if (_options.Version == MqttVersion.V500)
        {
            properties = _options.ConnectProperties?.Clone() ?? new MqttProperties();
            properties.ReceiveMaximum = (ushort)_options.ReceiveMaximum;
            properties.MaximumPacketSize = (uint)_options.MaximumPacketSize;
        }
        return new ConnectPacket
        {
            Version = _options.Version,
            ClientId = ClientId,
            // Asking for a new session would throw away what we are about to resume.
            CleanStart = _options.CleanStart && !(_options.ResumeInFlight && _connectedBefore),
            KeepAlive = (ushort)Math.Min(_options.KeepAlive.TotalSeconds, ushort.MaxValue),
            UserName = _options.UserName,
            Password = _options.Password,
            Will = _options.Will,
            Properties = properties,
        };
    }
}
