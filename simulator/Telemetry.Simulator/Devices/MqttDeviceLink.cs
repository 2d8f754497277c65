using System.Buffers;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using MQTTnet;
using MQTTnet.Exceptions;
using MQTTnet.Formatter;
using MQTTnet.LowLevelClient;
using MQTTnet.Packets;
using MQTTnet.Protocol;
using Telemetry.Simulator.Machines;
using Telemetry.Simulator.Options;

namespace Telemetry.Simulator.Devices;

/// <summary>
/// One MQTT 5.0 connection with MQTTnet. Each begins a new session: what was under way in the last one is sent again by the
/// device, with the same event ids.
/// </summary>
/// <remarks>
/// It is MQTTnet's low-level client, because the other one allocates a waiter, a packet and several tasks for each publish and
/// keeps a task for keep alive on each connection. No logger, small write buffers, and header and payload in one write.
/// </remarks>
internal sealed class MqttDeviceLink : IDeviceLink
{
    private const ushort SubscribeIdentifier = ushort.MaxValue;
    private const ushort AnnouncementIdentifier = ushort.MaxValue - 1;
    private const ushort ReceiveMaximum = 16;
    private const uint PacketBytesMax = 1 << 20;

    // The state of a command's answer: a publish that the device knows nothing of.
    private const ulong CommandAnswer = ulong.MaxValue;

    // Longest fixed header, topic length, Packet Identifier and an empty property block.
    private const int PublishOverhead = 5 + 2 + 2 + 1;

    private static readonly MqttClientFactory Factory = new();
    private static readonly ReadAheadStream.Provider Streams = new();
    private static readonly ReadOnlySequence<byte> Done = new("{\"ok\":true}"u8.ToArray());
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(10);

    // How long the broker may take to close after DISCONNECT.
    private static readonly TimeSpan Linger = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private readonly SimulatorOptions _fleet;
    private readonly MqttClientOptions _options;
    private readonly IDeviceLinkOwner _owner;
    private readonly string? _commands;
    private readonly int _topicBytes;

    // Guarded by the gate.
    private readonly PublishSlots _slots;
    private ILowLevelMqttClient? _client;
    private int _inFlightMax;
    private uint _packetBytesMax;

    private PingTimer _ping = new(TimeSpan.Zero);
    private TaskCompletionSource? _subscribed;
    private TaskCompletionSource? _announced;
    private bool _hasAnnounced;
    private volatile string? _ended;
    private Task _receiving = Task.CompletedTask;

    public MqttDeviceLink(SimulatorOptions fleet, MqttClientTlsOptions? tls, string device, IDeviceLinkOwner owner)
    {
        _fleet = fleet;
        _owner = owner;
        _commands = fleet.CommandFilterOf(device);
        var topic = fleet.TopicOf(device);
        _topicBytes = Encoding.UTF8.GetByteCount(topic);
        _slots = new PublishSlots(fleet.MaxInFlight + 1, topic, (MqttQualityOfServiceLevel)fleet.Qos);
        _options = new MqttClientOptions
        {
            ChannelOptions = new MqttClientTcpOptions
            {
                RemoteEndpoint = IPAddress.TryParse(fleet.Host, out var address)
                    ? new IPEndPoint(address, fleet.Port)
                    : new DnsEndPoint(fleet.Host, fleet.Port),
                StreamProvider = Streams,
                TlsOptions = tls ?? new MqttClientTlsOptions(),
            },
            ProtocolVersion = MqttProtocolVersion.V500,
            ClientId = device,
            AllowPacketFragmentation = false,
            WriterBufferSize = 256,
        };
    }

    /// <summary>Connections as the options say.</summary>
    public static ConnectDevice ConnectWith(SimulatorOptions options)
    {
        var tls = options.Tls ? TlsOptions(options) : null;
        return (owner, device) => new MqttDeviceLink(options, tls, device, owner);
    }

    public bool IsConnected => Volatile.Read(ref _client) is not null;

    public async Task ConnectAsync(CancellationToken cancellationToken)
    {
        // The owner hears of the end of the last connection before there is another.
        await _receiving.WaitAsync(cancellationToken);
        using var timeout = new CancellationTokenSource(ConnectTimeout);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        var client = Factory.CreateLowLevelMqttClient();
        try
        {
            await client.ConnectAsync(_options, both.Token);
            Establish(client, await ShakeHandsAsync(client, both.Token));
            _receiving = ReceiveAsync(client);
            await SubscribeAsync(client, both.Token);
            await AnnounceAsync(client, both.Token);
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            // Socket, TLS, MQTT or time: whatever it was, there is no connection, and the device tries again.
            client.Dispose();
            throw new DeviceLinkException(
                timeout.IsCancellationRequested ? $"No connection to {_fleet.Host}:{_fleet.Port} within {ConnectTimeout}." : exception.Message,
                exception);
        }
        catch
        {
            client.Dispose();
            throw;
        }
    }

    public PublishStart TryPublish(ReadOnlyMemory<byte> payload, ulong state)
    {
        ILowLevelMqttClient? client;
        MqttPublishPacket packet;
        lock (_gate)
        {
            client = _client;
            if (client is null)
            {
                return PublishStart.NotConnected;
            }

            if (payload.Length + _topicBytes + PublishOverhead > _packetBytesMax)
            {
                return PublishStart.TooLarge;
            }

            if (_slots.Count >= _inFlightMax)
            {
                return PublishStart.Full;
            }

            packet = _slots.Take(payload, state);
        }

        // The device publishes one at a time, under its own lock, so they leave in the order in which it does.
        Send(client, packet);
        return PublishStart.Started;
    }

    public void KeepAlive(long nowUs)
    {
        var client = Volatile.Read(ref _client);
        if (client is null)
        {
            return;
        }

        switch (_ping.Look(nowUs))
        {
            case PingTimer.Due.Ping:
                Send(client, new MqttPingReqPacket());
                break;
            case PingTimer.Due.End:
                Break(client, "The broker did not answer PINGREQ.");
                break;
            default:
                break;
        }
    }

    public async Task DisconnectAsync()
    {
        if (Volatile.Read(ref _client) is { } client)
        {
            // A broker that reads nothing holds up DISCONNECT too.
            await Task.WhenAny(LeaveAsync(client), Task.Delay(Linger));
            client.Dispose();
        }

        await _receiving;
    }

    public async ValueTask DisposeAsync()
    {
        Volatile.Read(ref _client)?.Dispose();
        await _receiving;
    }

    /// <summary>Closed by the broker: to close from here could reset the connection before it has read the last packet.</summary>
    private async Task LeaveAsync(ILowLevelMqttClient client)
    {
        await WatchAsync(client, client.SendAsync(new MqttDisconnectPacket(), CancellationToken.None));
        await _receiving;
    }

    private static MqttClientTlsOptions TlsOptions(SimulatorOptions options)
    {
        var tls = new MqttClientTlsOptions { UseTls = true, TargetHost = options.Host, RevocationMode = X509RevocationMode.NoCheck };
        if (options.CaFile is not null)
        {
            tls.TrustChain = [];
            tls.TrustChain.ImportFromPemFile(options.CaFile);
        }

        return tls;
    }

    private async Task<MqttConnAckPacket> ShakeHandsAsync(ILowLevelMqttClient client, CancellationToken cancellationToken)
    {
        await client.SendAsync(
            new MqttConnectPacket
            {
                ClientId = _options.ClientId,
                CleanSession = true,
                KeepAlivePeriod = (ushort)Math.Min(_fleet.KeepAlive.TotalSeconds, ushort.MaxValue),
                ReceiveMaximum = ReceiveMaximum,
                MaximumPacketSize = PacketBytesMax,
                Username = _fleet.UserName,
                Password = _fleet.Password is { } password ? Encoding.UTF8.GetBytes(password) : null,
            },
            cancellationToken);
        return await client.ReceiveAsync(cancellationToken) switch
        {
            MqttConnAckPacket { ReasonCode: MqttConnectReasonCode.Success } answer => answer,
            MqttConnAckPacket answer => throw new DeviceLinkException(
                answer.ReasonString ?? $"The broker refused the connection: {answer.ReasonCode}."),
            null => throw new DeviceLinkException("The broker closed the connection."),
            var other => throw new DeviceLinkException($"The first packet from the broker is not CONNACK but {other.GetType().Name} [MQTT-3.2.0-1]."),
        };
    }

    private void Establish(ILowLevelMqttClient client, MqttConnAckPacket answer)
    {
        _ended = null;
        _subscribed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _announced = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _ping = new PingTimer(answer.ServerKeepAlive > 0 ? TimeSpan.FromSeconds(answer.ServerKeepAlive) : _fleet.KeepAlive);
        lock (_gate)
        {
            // Absent, a limit is the protocol's own; MQTTnet reads that as 0. [MQTT-3.3.4-9]
            _inFlightMax = answer.ReceiveMaximum == 0 ? _fleet.MaxInFlight + 1 : Math.Min(_fleet.MaxInFlight + 1, answer.ReceiveMaximum);
            _packetBytesMax = answer.MaximumPacketSize == 0 ? uint.MaxValue : answer.MaximumPacketSize;
            _client = client;
        }
    }

    private async Task SubscribeAsync(ILowLevelMqttClient client, CancellationToken cancellationToken)
    {
        if (_commands is null)
        {
            return;
        }

        await client.SendAsync(
            new MqttSubscribePacket
            {
                PacketIdentifier = SubscribeIdentifier,
                TopicFilters = [new MqttTopicFilter { Topic = _commands, QualityOfServiceLevel = MqttQualityOfServiceLevel.AtLeastOnce }],
            },
            cancellationToken);
        await _subscribed!.Task.WaitAsync(cancellationToken);
    }

    /// <summary>
    /// Once: what the device is, retained. Where the broker takes no such message or answers none, the readings go on without. It counts for the Receive Maximum, so nothing
    /// else is published before its answer.
    /// </summary>
    private async Task AnnounceAsync(ILowLevelMqttClient client, CancellationToken cancellationToken)
    {
        if (_hasAnnounced || _fleet.CatalogueTopicOf(_options.ClientId) is not { } topic)
        {
            return;
        }

        _hasAnnounced = true;
        var document = FleetCatalogue.AnnouncementOf(_fleet, _options.ClientId);
        if (document.Length + topic.Length + PublishOverhead > _packetBytesMax)
        {
            return;
        }

        await client.SendAsync(
            new MqttPublishPacket
            {
                Topic = topic,
                Payload = new ReadOnlySequence<byte>(document),
                QualityOfServiceLevel = MqttQualityOfServiceLevel.AtLeastOnce,
                Retain = true,
                PacketIdentifier = AnnouncementIdentifier,
            },
            cancellationToken);
        await _announced!.Task.WaitAsync(cancellationToken);
    }

    private async Task ReceiveAsync(ILowLevelMqttClient client)
    {
        var reason = "The broker closed the connection.";
        try
        {
            while (await client.ReceiveAsync(CancellationToken.None) is { } packet)
            {
                _ping.Received();
                if (packet is MqttDisconnectPacket disconnect)
                {
                    reason = disconnect.ReasonString ?? $"The broker disconnected: {disconnect.ReasonCode}.";
                    break;
                }

                Handle(client, packet);
            }
        }
        catch (Exception exception)
        {
            // The socket failed or was closed from our side, or the bytes are no packet: this connection is over.
            reason = exception.Message;
        }

        client.Dispose();
        End(_ended ?? reason);
    }

    private void Handle(ILowLevelMqttClient client, MqttPacket packet)
    {
        switch (packet)
        {
            case MqttPubAckPacket { PacketIdentifier: AnnouncementIdentifier }:
                _announced?.TrySetResult();
                break;
            case MqttPubAckPacket ack:
                Settle(client, ack.PacketIdentifier, PublishStage.Acknowledge, ack.ReasonCode);
                break;
            case MqttPubRecPacket { ReasonCode: >= MqttPubRecReasonCode.UnspecifiedError } refused:
                // A PUBREC that refuses ends it at once [MQTT-4.3.3-9]; its codes are those of PUBACK.
                Settle(client, refused.PacketIdentifier, PublishStage.Received, (MqttPubAckReasonCode)refused.ReasonCode);
                break;
            case MqttPubRecPacket received:
                Release(client, received.PacketIdentifier);
                break;
            case MqttPubCompPacket { ReasonCode: MqttPubCompReasonCode.Success or MqttPubCompReasonCode.PacketIdentifierNotFound } complete:
                // 0x92: the broker had finished before, so the message did get there.
                Settle(client, complete.PacketIdentifier, PublishStage.Complete, MqttPubAckReasonCode.Success);
                break;
            case MqttPubCompPacket complete:
                Break(client, $"The broker sent PUBCOMP with reason code 0x{(int)complete.ReasonCode:X2}, which has no meaning there (MQTT 5.0, 3.7.2.1).");
                break;
            case MqttSubAckPacket:
                _subscribed?.TrySetResult();
                break;
            case MqttPublishPacket command:
                Answer(client, command);
                break;
            default:
                break;
        }
    }

    /// <summary>A command is done at once. When there is no room for its answer, none is given.</summary>
    private void Answer(ILowLevelMqttClient client, MqttPublishPacket command)
    {
        ushort identifier = 0;
        lock (_gate)
        {
            if (_slots.Count < _inFlightMax)
            {
                identifier = _slots.Take(CommandAnswer);
            }
        }

        if (identifier != 0)
        {
            Send(client, new MqttPublishPacket
            {
                Topic = command.Topic + "/answer",
                Payload = Done,
                QualityOfServiceLevel = MqttQualityOfServiceLevel.AtLeastOnce,
                PacketIdentifier = identifier,
            });
        }

        if (command.QualityOfServiceLevel == MqttQualityOfServiceLevel.AtLeastOnce)
        {
            Send(client, new MqttPubAckPacket { PacketIdentifier = command.PacketIdentifier });
        }
    }

    /// <summary>The publish is over; an answer that it does not wait for is the broker's mistake, and nothing is taken for acknowledged.</summary>
    private void Settle(ILowLevelMqttClient client, ushort identifier, PublishStage stage, MqttPubAckReasonCode code)
    {
        PublishStage found;
        var state = 0UL;
        lock (_gate)
        {
            found = _slots.StageOf(identifier);
            if (found == stage)
            {
                state = _slots.Release(identifier);
            }
        }

        if (found != stage)
        {
            BreakStage(client, identifier, found);
        }
        else if (state != CommandAnswer)
        {
            var outcome = code >= MqttPubAckReasonCode.UnspecifiedError ? PublishOutcome.Refused : PublishOutcome.Acknowledged;
            _owner.Published(new PublishResult(outcome, code), state);
        }
    }

    /// <summary>PUBREL answers PUBREC [MQTT-4.3.3-4].</summary>
    private void Release(ILowLevelMqttClient client, ushort identifier)
    {
        PublishStage found;
        lock (_gate)
        {
            found = _slots.StageOf(identifier);
            if (found == PublishStage.Received)
            {
                _slots.Received(identifier);
            }
        }

        if (found == PublishStage.Received)
        {
            Send(client, new MqttPubRelPacket { PacketIdentifier = identifier });
        }
        else
        {
            BreakStage(client, identifier, found);
        }
    }

    private void BreakStage(ILowLevelMqttClient client, ushort identifier, PublishStage found) =>
        Break(client, $"The broker answered publish {identifier} out of turn: it waits for {(found == PublishStage.None ? "nothing" : found)}.");

    /// <summary>Ends a connection on which the broker broke the protocol.</summary>
    private void Break(ILowLevelMqttClient client, string reason)
    {
        _ended = reason;
        client.Dispose();
    }

    private void End(string reason)
    {
        List<ulong> lost;
        lock (_gate)
        {
            _client = null;
            lost = _slots.ReleaseAll();
        }

        foreach (var state in lost)
        {
            if (state != CommandAnswer)
            {
                _owner.Published(new PublishResult(PublishOutcome.ConnectionLost, 0), state);
            }
        }

        _subscribed?.TrySetException(new MqttCommunicationException(reason));
        _owner.Disconnected(reason);
    }

    private void Send(ILowLevelMqttClient client, MqttPacket packet)
    {
        _ping.Sent();
        var sending = client.SendAsync(packet, CancellationToken.None);
        if (!sending.IsCompletedSuccessfully)
        {
            _ = WatchAsync(client, sending);
        }
    }

    /// <summary>Waits until a packet is sent. When it cannot be, the connection ends, and the receive loop tells the device.</summary>
    private static async Task WatchAsync(ILowLevelMqttClient client, Task sending)
    {
        try
        {
            await sending;
        }
        catch (Exception)
        {
            client.Dispose();
        }
    }
}
