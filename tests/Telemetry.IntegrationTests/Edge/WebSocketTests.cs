using System.Net;
using System.Net.WebSockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;
using MQTTnet;
using MQTTnet.Protocol;
using Telemetry.Edge.Hosting;
using Telemetry.IntegrationTests.Mqtt;
using Telemetry.Mqtt;
using Telemetry.Testing;
using Telemetry.Testing.Mqtt;

namespace Telemetry.IntegrationTests.Edge;

public sealed class WebSocketTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly byte[] Ping = [0xC0, 0];
    private static readonly byte[] Connect = [0x10, 14, 0, 4, (byte)'M', (byte)'Q', (byte)'T', (byte)'T', 5, 2, 0, 0, 0, 0, 1, (byte)'w'];

    [Fact]
    [Spec("MQTT-6.0.0-2"), Spec("MQTT-6.0.0-4"), Spec("MQTT3-6.0.0-2"), Spec("MQTT3-6.0.0-4")]
    public async Task Packets_may_cross_frames_and_share_them()
    {
        await using var broker = await TestBroker.StartAsync();
        await using var app = await WebAsync(broker.Broker);
        using var socket = await OpenAsync(app);
        socket.SubProtocol.ShouldBe("mqtt");
        await using var client = RawClient.Over(WebSocketStream.Create(socket, WebSocketMessageType.Binary));
        // One packet over two messages, the second of which has two fragments. [MQTT-6.0.0-2]
        await SendAsync(socket, Connect.AsMemory(0, 5));
        await SendAsync(socket, Connect.AsMemory(5, 3), last: false);
        await SendAsync(socket, Connect.AsMemory(8));
        (await client.ConnAckAsync()).ReasonCode.ShouldBe(ReasonCode.Success);
        // Two packets and a half in one, the rest behind an empty one.
        await SendAsync(socket, new byte[] { 0xC0, 0, 0xC0, 0, 0xC0 });
        await SendAsync(socket, ReadOnlyMemory<byte>.Empty);
        await SendAsync(socket, new byte[] { 0 });
        for (var i = 0; i < 3; i++)
        {
            (await client.NextAsync()).Type.ShouldBe(MqttPacketType.PingResp);
        }

        await SendAsync(socket, new byte[] { 0, 0 });
        await client.ShouldBeClosedAsync(ReasonCode.MalformedPacket);
    }

    [Fact]
    public async Task Messages_go_between_a_websocket_and_a_socket()
    {
        await using var broker = await TestBroker.StartAsync();
        await using var app = await WebAsync(broker.Broker);
        await using var plain = await broker.ConnectAsync("plain");
        await plain.SubscribeAsync("up", MqttQualityOfServiceLevel.AtMostOnce);
        await using var web = await ConnectAsync(app);
        await web.SubscribeAsync("down");
        await web.PublishAsync("up", "a", MqttQualityOfServiceLevel.AtMostOnce);
        (await plain.NextAsync()).ConvertPayloadToString().ShouldBe("a");
        var large = new string('y', 200_000);
        await plain.PublishAsync("down", large, MqttQualityOfServiceLevel.AtMostOnce);
        (await web.NextAsync()).ConvertPayloadToString().ShouldBe(large);
        await ShouldBeToldWhyAsync(web);
    }

    [Fact]
    [Spec("MQTT-6.0.0-1"), Spec("MQTT3-6.0.0-1")]
    public async Task Text_frame_ends_the_connection()
    {
        await using var broker = await TestBroker.StartAsync();
        await using var watcher = await broker.ConnectAsync("watcher");
        await watcher.SubscribeAsync("will");
        await using var app = await WebAsync(broker.Broker);
        using var socket = await OpenAsync(app);
        await using var client = RawClient.Over(WebSocketStream.Create(socket, WebSocketMessageType.Binary));
        await client.WriteAsync(o => ClientPackets.Connect(o, new ConnectPacket { ClientId = "w", CleanStart = true, Will = new WillMessage { TopicName = "will" } }));
        await client.ConnAckAsync();
        using var timeout = new CancellationTokenSource(Patience);
        await socket.SendAsync(Ping, WebSocketMessageType.Text, true, timeout.Token); // [MQTT-6.0.0-1]
        var received = await socket.ReceiveAsync(new byte[100], timeout.Token);
        received.MessageType.ShouldBe(WebSocketMessageType.Close);
        received.CloseStatus.ShouldBe(WebSocketCloseStatus.InvalidMessageType);
        (await watcher.NextAsync()).Topic.ShouldBe("will");
    }

    [Fact]
    [Spec("MQTT-6.0.0-3"), Spec("MQTT3-6.0.0-3")]
    public async Task Request_without_the_subprotocol_is_refused()
    {
        await using var broker = await TestBroker.StartAsync();
        await using var app = await WebAsync(broker.Broker);
        using var socket = new ClientWebSocket();
        await Should.ThrowAsync<WebSocketException>(() => socket.ConnectAsync(Address(app), TestContext.Current.CancellationToken));
        broker.Broker.Connections.ShouldBe(0);
    }

    [Fact]
    public async Task Stop_tells_a_websocket_client()
    {
        await using var broker = await TestBroker.StartAsync();
        await using var app = await WebAsync(broker.Broker);
        await using var client = await ConnectAsync(app);
        var stopped = broker.Broker.StopAsync();
        await client.ShouldBeClosedAsync(MqttClientDisconnectReason.ServerShuttingDown);
        await stopped.WaitAsync(Patience, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Kestrel_endpoint_takes_plain_mqtt()
    {
        await using var broker = await TestBroker.StartAsync();
        await using var app = await WebAsync(broker.Broker);
        await using var client = await TestClient.ConnectAsync(new Uri(app.Urls.Last()).Port, "k");
        await client.SubscribeAsync("t", MqttQualityOfServiceLevel.AtMostOnce);
        await client.PublishAsync("t", "through", MqttQualityOfServiceLevel.AtMostOnce);
        (await client.NextAsync()).ConvertPayloadToString().ShouldBe("through");
        // The client closes after this; Kestrel's transport has no half-close to end with.
        await ShouldBeToldWhyAsync(client);
    }

    internal static async Task<WebApplication> WebAsync(MqttBroker broker, Action<WebApplication>? before = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0);
            kestrel.ListenMqtt(broker, new IPEndPoint(IPAddress.Loopback, 0));
        });
        var app = builder.Build();
        before?.Invoke(app);
        app.UseWebSockets();
        app.MapMqttWebSocket(broker);
        await app.StartAsync();
        return app;
    }

    internal static Uri Address(WebApplication app) => new($"ws://127.0.0.1:{new Uri(app.Urls.First()).Port}/mqtt");

    private static async Task<ClientWebSocket> OpenAsync(WebApplication app)
    {
        var socket = new ClientWebSocket();
        socket.Options.AddSubProtocol("mqtt");
        using var timeout = new CancellationTokenSource(Patience);
        await socket.ConnectAsync(Address(app), timeout.Token);
        return socket;
    }

    private static Task<TestClient> ConnectAsync(WebApplication app) => TestClient.ConnectAsync(
        0, "w", options => options.ChannelOptions = new MqttClientWebSocketOptions { Uri = Address(app).ToString() });

    private static async Task ShouldBeToldWhyAsync(TestClient client)
    {
        await client.PublishAsync(new MqttApplicationMessage { Topic = "t", TopicAlias = ushort.MaxValue });
        await client.ShouldBeClosedAsync(MqttClientDisconnectReason.TopicAliasInvalid);
    }

    private static async Task SendAsync(ClientWebSocket socket, ReadOnlyMemory<byte> bytes, bool last = true)
    {
        using var timeout = new CancellationTokenSource(Patience);
        await socket.SendAsync(bytes, WebSocketMessageType.Binary, last, timeout.Token);
    }
}
