using System.Buffers;
using System.Text;
using System.Threading.Channels;
using MQTTnet;
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

    private readonly Channel<MqttApplicationMessage> _messages = Channel.CreateBounded<MqttApplicationMessage>(100_000);
    private readonly TaskCompletionSource<MqttClientDisconnectedEventArgs> _end = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Func<MqttApplicationMessage, Task>? _received;

    private TestClient(Func<MqttApplicationMessage, Task>? received)
    {
        _received = received;
        Client.ApplicationMessageReceivedAsync += Receive;
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
    public static async Task<TestClient> ConnectAsync(
        int port, string clientId, Action<MqttClientOptions>? configure = null, Func<MqttApplicationMessage, Task>? received = null)
    {
        var client = await TryConnectAsync(port, clientId, configure, received);
        client.Answer.ResultCode.ShouldBe(MqttClientConnectResultCode.Success, client.Answer.ReasonString);
        return client;
    }

    /// <summary>As <see cref="ConnectAsync"/>, for a broker that may refuse: <see cref="Answer"/> says whether it did.</summary>
    public static async Task<TestClient> TryConnectAsync(
        int port, string clientId, Action<MqttClientOptions>? configure = null, Func<MqttApplicationMessage, Task>? received = null)
    {
        var options = new MqttClientOptions
        {
            ChannelOptions = new MqttClientTcpOptions { RemoteEndpoint = new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, port) },
            ClientId = clientId,
            Timeout = Patience,
        };
        configure?.Invoke(options);
        var client = new TestClient(received);
        client.Answer = await client.Client.ConnectAsync(options, TestContext.Current.CancellationToken);
        return client;
    }

    /// <summary>Publishes and waits for the broker's answer: PUBACK or PUBCOMP.</summary>
    public Task<MqttClientPublishResult> PublishAsync(
        string topic, ReadOnlyMemory<byte> payload, MqttQualityOfServiceLevel qos = MqttQualityOfServiceLevel.AtLeastOnce, bool retain = false) =>
        Client.PublishAsync(
            new MqttApplicationMessage
            {
                Topic = topic,
                Payload = new ReadOnlySequence<byte>(payload),
                QualityOfServiceLevel = qos,
                Retain = retain,
            },
            TestContext.Current.CancellationToken);

    /// <inheritdoc cref="PublishAsync(string, ReadOnlyMemory{byte}, MqttQualityOfServiceLevel, bool)"/>
    public Task<MqttClientPublishResult> PublishAsync(
        string topic, string payload, MqttQualityOfServiceLevel qos = MqttQualityOfServiceLevel.AtLeastOnce, bool retain = false) =>
        PublishAsync(topic, Encoding.UTF8.GetBytes(payload), qos, retain);

    /// <summary>Subscribes; the broker must grant it.</summary>
    public async Task SubscribeAsync(string filter, MqttQualityOfServiceLevel qos = MqttQualityOfServiceLevel.AtLeastOnce)
    {
        var options = Factory.CreateSubscribeOptionsBuilder().WithTopicFilter(filter, qos).Build();
        var answer = await Client.SubscribeAsync(options, TestContext.Current.CancellationToken);
        ((int)answer.Items.ShouldHaveSingleItem().ResultCode).ShouldBe((int)qos);
    }

    /// <summary>The next message.</summary>
    public async Task<MqttApplicationMessage> NextAsync() =>
        await _messages.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(Patience);

    /// <summary>False when no message has come.</summary>
    public bool TryNext(out MqttApplicationMessage? message) => _messages.Reader.TryRead(out message);

    /// <summary>Ends the connection in good order.</summary>
    public Task DisconnectAsync() => Client.DisconnectAsync(new MqttClientDisconnectOptions(), TestContext.Current.CancellationToken);

    public ValueTask DisposeAsync()
    {
        Client.Dispose();
        return ValueTask.CompletedTask;
    }

    private Task Receive(MqttApplicationMessageReceivedEventArgs received)
    {
        if (_received is not null)
        {
            return _received(received.ApplicationMessage);
        }

        _messages.Writer.TryWrite(received.ApplicationMessage).ShouldBeTrue();
        return Task.CompletedTask;
    }
}
