using System.Buffers;
using System.Text;
using System.Threading.Channels;
using MQTTnet;
using MQTTnet.Diagnostics.PacketInspection;
using MQTTnet.Packets;
using MQTTnet.Protocol;

namespace Telemetry.IntegrationTests.Mqtt;

/// <summary>
/// MQTTnet's client, for every test that is not about raw bytes: written by others, it does not share the mistakes of our
/// codec. It keeps what it receives until the test asks for it.
/// </summary>
internal sealed class TestClient : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly MqttClientFactory Factory = new();

    private readonly Channel<MqttApplicationMessageReceivedEventArgs> _messages =
        Channel.CreateBounded<MqttApplicationMessageReceivedEventArgs>(100_000);
    private readonly TaskCompletionSource<MqttClientDisconnectedEventArgs> _end = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Func<MqttApplicationMessage, Task>? _received;
    private readonly bool _acknowledges;
    private int _arrived;
    private int _taken;

    private TestClient(Func<MqttApplicationMessage, Task>? received, bool acknowledges)
    {
        _received = received;
        _acknowledges = acknowledges;
        Client.ApplicationMessageReceivedAsync += Receive;
        Client.InspectPacketAsync += Count;
        Client.DisconnectedAsync += end =>
        {
            _end.TrySetResult(end);
            return Task.CompletedTask;
        };
    }

    /// <summary>The client itself, for what has no short form here.</summary>
    public IMqttClient Client { get; } = Factory.CreateMqttClient();

    /// <summary>The broker's CONNACK.</summary>
    public MqttClientConnectResult Answer { get; private set; } = null!;

    /// <summary>Why the connection ended; completes when it does.</summary>
    public Task<MqttClientDisconnectedEventArgs> End => _end.Task.WaitAsync(Patience);

    /// <summary>Connects to a broker of this machine with a new session of MQTT 5.</summary>
    /// <param name="port">Its port.</param>
    /// <param name="clientId">Client id.</param>
    /// <param name="configure">Changes the options.</param>
    /// <param name="received">Called with each message, before it is acknowledged; null: <see cref="NextAsync"/> gives them.</param>
    /// <param name="acknowledges">False: it acknowledges no message.</param>
    public static async Task<TestClient> ConnectAsync(
        int port,
        string clientId,
        Action<MqttClientOptions>? configure = null,
        Func<MqttApplicationMessage, Task>? received = null,
        bool acknowledges = true)
    {
        var client = await TryConnectAsync(port, clientId, configure, received, acknowledges);
        client.Answer.ResultCode.ShouldBe(MqttClientConnectResultCode.Success, client.Answer.ReasonString);
        return client;
    }

    /// <summary>As <see cref="ConnectAsync"/>, for a broker that may refuse: <see cref="Answer"/> says whether it did.</summary>
    public static async Task<TestClient> TryConnectAsync(
        int port,
        string clientId,
        Action<MqttClientOptions>? configure = null,
        Func<MqttApplicationMessage, Task>? received = null,
        bool acknowledges = true)
    {
        var options = new MqttClientOptions
        {
            ChannelOptions = new MqttClientTcpOptions { RemoteEndpoint = new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, port) },
            ClientId = clientId,
            Timeout = Patience,
        };
        configure?.Invoke(options);
        var client = new TestClient(received, acknowledges);
        client.Answer = await client.Client.ConnectAsync(options, TestContext.Current.CancellationToken);
        return client;
    }

    /// <summary>Publishes and waits for the broker's answer: PUBACK or PUBCOMP.</summary>
    public Task<MqttClientPublishResult> PublishAsync(MqttApplicationMessage message) =>
        Client.PublishAsync(message, TestContext.Current.CancellationToken);

    /// <inheritdoc cref="PublishAsync(MqttApplicationMessage)"/>
    public Task<MqttClientPublishResult> PublishAsync(
        string topic, ReadOnlyMemory<byte> payload, MqttQualityOfServiceLevel qos = MqttQualityOfServiceLevel.AtLeastOnce, bool retain = false) =>
        PublishAsync(new MqttApplicationMessage
        {
            Topic = topic,
            Payload = new ReadOnlySequence<byte>(payload),
            QualityOfServiceLevel = qos,
            Retain = retain,
        });

    /// <inheritdoc cref="PublishAsync(MqttApplicationMessage)"/>
    public Task<MqttClientPublishResult> PublishAsync(
        string topic, string payload, MqttQualityOfServiceLevel qos = MqttQualityOfServiceLevel.AtLeastOnce, bool retain = false) =>
        PublishAsync(topic, Encoding.UTF8.GetBytes(payload), qos, retain);

    /// <summary>Subscribes; the broker must grant it.</summary>
    public Task SubscribeAsync(string filter, MqttQualityOfServiceLevel qos = MqttQualityOfServiceLevel.AtLeastOnce) =>
        SubscribeAsync(new MqttTopicFilter { Topic = filter, QualityOfServiceLevel = qos });

    /// <summary>Subscribes with the options of MQTT 5; the broker must grant it.</summary>
    public async Task SubscribeAsync(MqttTopicFilter filter, uint identifier = 0)
    {
        var options = new MqttClientSubscribeOptions { TopicFilters = [filter], SubscriptionIdentifier = identifier };
        var answer = await Client.SubscribeAsync(options, TestContext.Current.CancellationToken);
        ((int)answer.Items.ShouldHaveSingleItem().ResultCode).ShouldBe((int)filter.QualityOfServiceLevel);
    }

    /// <summary>The next message.</summary>
    public async Task<MqttApplicationMessage> NextAsync() => (await NextDeliveryAsync()).ApplicationMessage;

    /// <summary>The next message with its packet identifier.</summary>
    public async Task<MqttApplicationMessageReceivedEventArgs> NextDeliveryAsync()
    {
        var received = await _messages.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(Patience);
        _taken++;
        return received;
    }

    /// <summary>False when no message has come.</summary>
    public bool TryNext(out MqttApplicationMessage? message)
    {
        var any = _messages.Reader.TryRead(out var received);
        _taken += any ? 1 : 0;
        message = received?.ApplicationMessage;
        return any;
    }

    /// <summary>The connection lives, and the broker has sent no message that the test has not taken.</summary>
    public async Task ShouldBeQuietAsync()
    {
        await Client.PingAsync(TestContext.Current.CancellationToken);
        Volatile.Read(ref _arrived).ShouldBe(_taken, "messages that came before the PINGRESP");
    }

    /// <summary>The broker ends the connection and says why.</summary>
    public async Task ShouldBeClosedAsync(MqttClientDisconnectReason reason)
    {
        var end = await End;
        end.Reason.ShouldBe(reason, end.Exception?.ToString());
    }

    /// <summary>Ends the connection in good order.</summary>
    public Task DisconnectAsync(MqttClientDisconnectOptionsReason reason = MqttClientDisconnectOptionsReason.NormalDisconnection) =>
        Client.DisconnectAsync(new MqttClientDisconnectOptions { Reason = reason }, TestContext.Current.CancellationToken);

    /// <summary>Ends without a word, as a crash does.</summary>
    public void Cut() => Client.Dispose();

    public ValueTask DisposeAsync()
    {
        Cut();
        return ValueTask.CompletedTask;
    }

    private Task Receive(MqttApplicationMessageReceivedEventArgs received)
    {
        received.AutoAcknowledge = _acknowledges;
        if (_received is not null)
        {
            return _received(received.ApplicationMessage);
        }

        _messages.Writer.TryWrite(received).ShouldBeTrue();
        return Task.CompletedTask;
    }

    // Called in the order of arrival. Messages are handed out by another loop, a moment after a PINGRESP behind them perhaps.
    private Task Count(InspectMqttPacketEventArgs packet)
    {
        if (packet.Direction == MqttPacketFlowDirection.Inbound && packet.Buffer[0] >> 4 == (int)MqttControlPacketType.Publish)
        {
            Interlocked.Increment(ref _arrived);
        }

        return Task.CompletedTask;
    }
}
