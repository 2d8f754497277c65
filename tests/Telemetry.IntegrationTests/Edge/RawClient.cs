using System.Buffers;
using System.Net;
using System.Net.Sockets;
using Telemetry.Mqtt;
using Telemetry.Testing.Mqtt;

namespace Telemetry.IntegrationTests.Edge;

/// <summary>
/// A socket that speaks MQTT exactly as the test says, right or wrong: for tests about bytes, the order of packets, acknowledgements
/// that are withheld, and ends that the broker must make. All others use <see cref="Mqtt.TestClient"/>.
/// </summary>
internal sealed class RawClient : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Stream _stream;
    private readonly MqttVersion _version;
    private byte[] _buffer = new byte[4096];
    private int _count;

    private RawClient(Stream stream, MqttVersion version)
    {
        _stream = stream;
        _version = version;
    }

    /// <summary>The version it speaks.</summary>
    public MqttVersion Version => _version;

    /// <summary>Over TLS or a WebSocket, or anything else that was opened already.</summary>
    public static RawClient Over(Stream stream, MqttVersion version = MqttVersion.V500) => new(stream, version);

    public static async Task<RawClient> OpenAsync(EndPoint endpoint, MqttVersion version = MqttVersion.V500)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(endpoint);
        return new RawClient(new NetworkStream(socket, ownsSocket: true), version);
    }

    /// <summary>Connects and takes the CONNACK.</summary>
    public static async Task<RawClient> ConnectAsync(EndPoint endpoint, ConnectPacket connect)
    {
        var client = await OpenAsync(endpoint, connect.Version);
        await client.WriteAsync(output => ClientPackets.Connect(output, connect));
        (await client.ConnAckAsync()).ReasonCode.ShouldBe(ReasonCode.Success);
        return client;
    }

    public Task WriteAsync(Action<IBufferWriter<byte>> write)
    {
        var output = new ArrayBufferWriter<byte>();
        write(output);
        return SendAsync(output.WrittenMemory);
    }

    public async Task SendAsync(ReadOnlyMemory<byte> bytes) => await _stream.WriteAsync(bytes);

    public Task SendAsync(params byte[] bytes) => SendAsync(bytes.AsMemory());

    public Task PublishAsync(
        string topic, string payload, MqttQos qos = MqttQos.AtMostOnce, ushort id = 0, bool dup = false, uint? expiry = null) =>
        WriteAsync(output => PublishPacket.Write(
            output,
            _version,
            PublishMessage.Create(topic, System.Text.Encoding.UTF8.GetBytes(payload)),
            new PublishDelivery { Qos = qos, PacketIdentifier = id, Duplicate = dup, MessageExpiryInterval = expiry }));

    public async Task SubscribeAsync(string filter, MqttQos qos = MqttQos.AtMostOnce)
    {
        await WriteAsync(output => ClientPackets.Subscribe(
            output, _version, new SubscribePacket { PacketIdentifier = 60_000, Requests = [new SubscriptionRequest(filter, qos)] }));
        (await NextAsync()).Type.ShouldBe(MqttPacketType.SubAck);
    }

    public Task AckAsync(MqttPacketType type, ushort id) => WriteAsync(output => PubAckPacket.Write(output, type, id));

    public async Task PingAsync()
    {
        await SendAsync(0xC0, 0);
        (await NextAsync()).Type.ShouldBe(MqttPacketType.PingResp);
    }

    public async Task<ConnAckPacket> ConnAckAsync()
    {
        var packet = await NextAsync();
        packet.Type.ShouldBe(MqttPacketType.ConnAck);
        ServerPackets.ConnAck(packet.Body, _version, out var connAck, out var error).ShouldBeTrue(error.ToString());
        return connAck!;
    }

    /// <summary>The next packet; a failure when the connection ends first.</summary>
    public async Task<RawPacket> NextAsync() => await TryNextAsync() ?? throw new InvalidOperationException("The connection ended.");

    /// <summary>The next packet, null at the end of the connection.</summary>
    public async Task<RawPacket?> TryNextAsync()
    {
        using var timeout = new CancellationTokenSource(Patience);
        while (true)
        {
            var buffer = new ReadOnlySequence<byte>(_buffer, 0, _count);
            var status = MqttFrame.TryRead(buffer, int.MaxValue, out var frame, out _, out _, out var error);
            status.ShouldNotBe(FrameStatus.Invalid, error.ToString());
            if (status == FrameStatus.Complete)
            {
                var packet = new RawPacket(frame.Type, frame.Flags, frame.Body.ToArray(), _version);
                _buffer.AsSpan(frame.Length, _count - frame.Length).CopyTo(_buffer);
                _count -= frame.Length;
                return packet;
            }

            if (_count == _buffer.Length)
            {
                Array.Resize(ref _buffer, _count * 2);
            }

            var read = await _stream.ReadAsync(_buffer.AsMemory(_count), timeout.Token);
            if (read == 0)
            {
                return null;
            }

            _count += read;
        }
    }

    /// <summary>Takes packets until the end; the last one must be DISCONNECT with this code (none in 3.1.1).</summary>
    public async Task ShouldBeClosedAsync(ReasonCode? code)
    {
        RawPacket? last = null;
        while (await TryNextAsync() is { } packet)
        {
            last = packet;
        }

        if (code is null)
        {
            last?.Type.ShouldNotBe(MqttPacketType.Disconnect);
            return;
        }

        last.ShouldNotBeNull("a DISCONNECT should have come before the end");
        last.Type.ShouldBe(MqttPacketType.Disconnect);
        ServerPackets.Disconnect(last.Body, out var disconnect, out var error).ShouldBeTrue(error.ToString());
        disconnect!.ReasonCode.ShouldBe(code.Value);
    }

    /// <summary>Ends without a word, as a crash does.</summary>
    public void Cut()
    {
        var socket = ((NetworkStream)_stream).Socket;
        socket.LingerState = new LingerOption(true, 0);
        socket.Close();
    }

    public ValueTask DisposeAsync() => _stream.DisposeAsync();
}

/// <summary>A packet as it came.</summary>
internal sealed record RawPacket(MqttPacketType Type, byte Flags, byte[] Body, MqttVersion Version)
{
    public ushort Id => AsAck((in PubAckPacket packet) => packet.PacketIdentifier);

    public ReasonCode Code => AsAck((in PubAckPacket packet) => packet.ReasonCode);

    /// <summary>Reason String of an acknowledgement; null without.</summary>
    public string? Reason => AsAck((in PubAckPacket packet) =>
        MqttProperties.TryParse(packet.Properties, (MqttPropertyOwner)Type, out var properties, out _) ? properties?.ReasonString : null);

    public ReceivedPublish Publish()
    {
        Type.ShouldBe(MqttPacketType.Publish);
        PublishPacket.TryParse(Flags, Body, Version, out var packet, out var error).ShouldBeTrue(error.ToString());
        return new ReceivedPublish(
            System.Text.Encoding.UTF8.GetString(packet.Payload), packet.Qos, packet.PacketIdentifier, packet.Duplicate);
    }

    private delegate T FromAck<T>(in PubAckPacket packet);

    private T AsAck<T>(FromAck<T> take)
    {
        PubAckPacket.TryParse(Type, Body, Version, out var packet, out var error).ShouldBeTrue(error.ToString());
        return take(packet);
    }
}

internal sealed record ReceivedPublish(string Payload, MqttQos Qos, ushort Id, bool Dup);
