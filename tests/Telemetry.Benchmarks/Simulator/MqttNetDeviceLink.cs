using System.Buffers;
using System.Net;
using System.Text;
using MQTTnet;
using MQTTnet.Exceptions;
using MQTTnet.Formatter;
using MQTTnet.LowLevelClient;
using MQTTnet.Packets;
using MQTTnet.Protocol;
using Telemetry.Mqtt;
using Telemetry.Mqtt.Client;
using Telemetry.Simulator.Devices;
using Telemetry.Simulator.Options;
using MqttClientOptions = MQTTnet.MqttClientOptions;

namespace Telemetry.Benchmarks.Simulator;

/// <summary>
/// A device's connection with MQTTnet, as lean as it can be had: the low-level client, because the other one allocates a
/// waiter, a packet and several tasks for each publish, and keeps a task for keep alive on each connection. No logger, small
/// write buffers, header and payload in one write, receives ahead (<see cref="ReadAheadStream"/>), and one packet object for
/// each Packet Identifier, used again and again. It does not ping: the fleets measured here are never silent that long.
/// </summary>
internal sealed class MqttNetDeviceLink : IDeviceLink
{
    private const ushort SubscribeIdentifier = ushort.MaxValue;
    private const int ReceiveMaximum = 16;

    // Longest fixed header, topic length, Packet Identifier and an empty property block.
    private const int PublishOverhead = 5 + 2 + 2 + 1;

    private static readonly MqttClientFactory Factory = new();
    private static readonly ReadAheadStream.Provider StreamProvider = new();
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private readonly MqttClientOptions _options;
    private readonly SimulatorOptions _fleet;
    private readonly IDeviceLinkOwner _owner;
    private readonly string? _commands;
    private readonly int _topicBytes;
    private readonly MqttPublishPacket[] _packets;
    private readonly ulong[] _states;
    private readonly bool[] _used;
    private readonly Stack<ushort> _free = new();

    // Guarded by the gate.
    private ILowLevelMqttClient? _client;
    private bool _established;
    private int _inFlight;
    private int _inFlightMax;
    private uint _packetSizeMax;

    private TaskCompletionSource? _subscribed;
    private Task _receiving = Task.CompletedTask;

    public MqttNetDeviceLink(SimulatorOptions fleet, string device, IDeviceLinkOwner owner)
    {
        _fleet = fleet;
        _owner = owner;
        _commands = fleet.CommandFilterOf(device);
        var topic = fleet.TopicOf(device);
        _topicBytes = Encoding.UTF8.GetByteCount(topic);
        var slots = fleet.MaxInFlight + 1;
        _packets = [.. Enumerable.Range(1, slots).Select(i => new MqttPublishPacket
        {
            Topic = topic,
            QualityOfServiceLevel = (MqttQualityOfServiceLevel)fleet.Qos,
            PacketIdentifier = (ushort)i,
        })];
        _states = new ulong[slots];
        _used = new bool[slots];
        _options = new MqttClientOptions
        {
            ChannelOptions = new MqttClientTcpOptions { RemoteEndpoint = EndPointOf(fleet), StreamProvider = StreamProvider },
            ProtocolVersion = MqttProtocolVersion.V500,
            ClientId = device,
            AllowPacketFragmentation = false,
            WriterBufferSize = 256,
        };
    }

    public bool IsConnected
    {
        get
        {
            lock (_gate)
            {
                return _established;
            }
        }
    }

    public async Task ConnectAsync(CancellationToken cancellationToken)
    {
        await _receiving;
        var client = Factory.CreateLowLevelMqttClient();
        try
        {
            using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            timeout.CancelAfter(ConnectTimeout);
            await client.ConnectAsync(_options, timeout.Token);
            Establish(client, await ShakeHandsAsync(client, timeout.Token));
            _receiving = ReceiveAsync(client);
            await SubscribeAsync(client, timeout.Token);
        }
        catch (Exception exception) when (exception is MqttCommunicationException or MqttProtocolViolationException or OperationCanceledException
            or ObjectDisposedException or InvalidOperationException)
        {
            client.Dispose();
            cancellationToken.ThrowIfCancellationRequested();
            throw new MqttClientException(exception.Message, 0, isTransient: true, exception);
        }
    }

    public PublishStart TryPublish(ReadOnlyMemory<byte> payload, ulong state)
    {
        ILowLevelMqttClient client;
        MqttPublishPacket packet;
        lock (_gate)
        {
            if (!_established)
            {
                return PublishStart.NotConnected;
            }

            if (payload.Length + _topicBytes + PublishOverhead > _packetSizeMax)
            {
                return PublishStart.TooLarge;
            }

            if (_inFlight == _inFlightMax)
            {
                return PublishStart.Full;
            }

            client = _client!;
            var identifier = _free.Pop();
            _inFlight++;
            _used[identifier - 1] = true;
            _states[identifier - 1] = state;
            packet = _packets[identifier - 1];
            packet.Payload = new ReadOnlySequence<byte>(payload);
        }

        // The caller publishes one at a time, so packets leave in the order of their identifiers' taking.
        Send(client, packet);
        return PublishStart.Started;
    }

    public async Task DisconnectAsync()
    {
        ILowLevelMqttClient? client;
        lock (_gate)
        {
            client = _established ? _client : null;
        }

        if (client is not null)
        {
            await WatchAsync(client, client.SendAsync(new MqttDisconnectPacket(), CancellationToken.None));
            client.Dispose();
        }

        await _receiving;
    }

    public async ValueTask DisposeAsync()
    {
        Volatile.Read(ref _client)?.Dispose();
        await _receiving;
    }

    private static EndPoint EndPointOf(SimulatorOptions fleet) => IPAddress.TryParse(fleet.Host, out var address)
        ? new IPEndPoint(address, fleet.Port)
        : new DnsEndPoint(fleet.Host, fleet.Port);

    private async Task<MqttConnAckPacket> ShakeHandsAsync(ILowLevelMqttClient client, CancellationToken cancellationToken)
    {
        await client.SendAsync(
            new MqttConnectPacket
            {
                ClientId = _options.ClientId,
                CleanSession = true,
                KeepAlivePeriod = (ushort)_fleet.KeepAlive.TotalSeconds,
                ReceiveMaximum = ReceiveMaximum,
                Username = _fleet.UserName,
                Password = _fleet.Password is { } password ? Encoding.UTF8.GetBytes(password) : null,
            },
            cancellationToken);
        return await client.ReceiveAsync(cancellationToken) switch
        {
            MqttConnAckPacket { ReasonCode: MqttConnectReasonCode.Success } answer => answer,
            MqttConnAckPacket answer => throw new MqttProtocolViolationException(
                answer.ReasonString ?? $"The broker refused the connection: {answer.ReasonCode}."),
            _ => throw new MqttProtocolViolationException("The broker did not answer with CONNACK."),
        };
    }

    private void Establish(ILowLevelMqttClient client, MqttConnAckPacket answer)
    {
        lock (_gate)
        {
            _client = client;
            _established = true;
            _inFlight = 0;
            _inFlightMax = Math.Min(_packets.Length, answer.ReceiveMaximum == 0 ? ushort.MaxValue : answer.ReceiveMaximum);
            _packetSizeMax = answer.MaximumPacketSize == 0 ? uint.MaxValue : answer.MaximumPacketSize;
            _free.Clear();
            for (var identifier = _packets.Length; identifier > 0; identifier--)
            {
                _free.Push((ushort)identifier);
            }
        }
    }

    private async Task SubscribeAsync(ILowLevelMqttClient client, CancellationToken cancellationToken)
    {
        if (_commands is null)
        {
            return;
        }

        _subscribed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await client.SendAsync(
            new MqttSubscribePacket
            {
                PacketIdentifier = SubscribeIdentifier,
                TopicFilters = [new MqttTopicFilter { Topic = _commands, QualityOfServiceLevel = MqttQualityOfServiceLevel.AtLeastOnce }],
            },
            cancellationToken);
        await _subscribed.Task.WaitAsync(cancellationToken);
    }

    private async Task ReceiveAsync(ILowLevelMqttClient client)
    {
        var reason = "The broker closed the connection.";
        try
        {
            while (await client.ReceiveAsync(CancellationToken.None) is { } packet)
            {
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
            // The socket failed or was closed from our side; either way this connection is over.
            reason = exception.Message;
        }

        client.Dispose();
        End(reason);
    }

    private void Handle(ILowLevelMqttClient client, MqttPacket packet)
    {
        switch (packet)
        {
            case MqttPubAckPacket ack:
                Settle(ack.PacketIdentifier, (ReasonCode)ack.ReasonCode);
                break;
            case MqttPubRecPacket { ReasonCode: >= MqttPubRecReasonCode.UnspecifiedError } refused:
                Settle(refused.PacketIdentifier, (ReasonCode)refused.ReasonCode);
                break;
            case MqttPubRecPacket received:
                Send(client, new MqttPubRelPacket { PacketIdentifier = received.PacketIdentifier });
                break;
            case MqttPubCompPacket complete:
                Settle(complete.PacketIdentifier, ReasonCode.Success);
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

    /// <summary>A command is done at once; its answer goes out with QoS 0, which needs no Packet Identifier.</summary>
    private void Answer(ILowLevelMqttClient client, MqttPublishPacket command)
    {
        Send(client, new MqttPublishPacket { Topic = command.Topic + "/answer", Payload = new ReadOnlySequence<byte>("{\"ok\":true}"u8.ToArray()) });
        if (command.QualityOfServiceLevel == MqttQualityOfServiceLevel.AtLeastOnce)
        {
            Send(client, new MqttPubAckPacket { PacketIdentifier = command.PacketIdentifier });
        }
    }

    private void Settle(ushort identifier, ReasonCode code)
    {
        ulong state;
        lock (_gate)
        {
            if (identifier == 0 || identifier > _used.Length || !_used[identifier - 1])
            {
                return;
            }

            state = Release(identifier);
        }

        _owner.Published(
            new PublishResult(code >= ReasonCode.UnspecifiedError ? PublishOutcome.Refused : PublishOutcome.Acknowledged, code), state);
    }

    private ulong Release(ushort identifier)
    {
        _used[identifier - 1] = false;
        _packets[identifier - 1].Payload = default;
        _free.Push(identifier);
        _inFlight--;
        return _states[identifier - 1];
    }

    private void End(string reason)
    {
        List<ulong> lost = [];
        lock (_gate)
        {
            _established = false;
            _client = null;
            for (var i = 0; i < _used.Length; i++)
            {
                if (_used[i])
                {
                    lost.Add(Release((ushort)(i + 1)));
                }
            }
        }

        foreach (var state in lost)
        {
            _owner.Published(new PublishResult(PublishOutcome.ConnectionLost, 0), state);
        }

        _subscribed?.TrySetException(new MqttCommunicationException(reason));
        _owner.Disconnected(reason);
    }

    private void Send(ILowLevelMqttClient client, MqttPacket packet)
    {
        var sending = client.SendAsync(packet, CancellationToken.None);
        if (!sending.IsCompletedSuccessfully)
        {
            _ = WatchAsync(client, sending);
        }
    }

    private static async Task WatchAsync(ILowLevelMqttClient client, Task sending)
    {
        try
        {
            await sending;
        }
        catch (Exception)
        {
            // The receive loop ends with the client, and tells the device.
            client.Dispose();
        }
    }
}
