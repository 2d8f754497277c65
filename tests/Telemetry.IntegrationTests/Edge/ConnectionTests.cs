using MQTTnet;
using MQTTnet.Formatter;
using MQTTnet.Protocol;
using Telemetry.Edge;
using Telemetry.Edge.Security.Passwords;
using Telemetry.Edge.Hosting;
using Telemetry.Edge.Reasons;
using Telemetry.IntegrationTests.Mqtt;
using Telemetry.Mqtt;
using Telemetry.Testing;

namespace Telemetry.IntegrationTests.Edge;

public sealed class ConnectionTests
{
    private static readonly byte[] ConnectV5 = [0x10, 14, 0, 4, (byte)'M', (byte)'Q', (byte)'T', (byte)'T', 5, 2, 0, 0, 0, 0, 1, (byte)'m'];

    /// <summary>Each is sent behind a good CONNECT of MQTT 5.0; the connection must end, and say so.</summary>
    public static TheoryData<string, byte[], ReasonCode> Malformed => new()
    {
        { "second CONNECT", ConnectV5, ReasonCode.ProtocolError },
        { "packet type 0", [0x00, 0x00], ReasonCode.MalformedPacket },
        { "PINGRESP from a client", [0xD0, 0x00], ReasonCode.ProtocolError },
        { "QoS 3", [0x36, 0x06, 0, 1, (byte)'t', 0, 1, 0], ReasonCode.MalformedPacket },
        { "DUP at QoS 0", [0x38, 0x04, 0, 1, (byte)'t', 0], ReasonCode.MalformedPacket },
        { "packet identifier 0", [0x32, 0x06, 0, 1, (byte)'t', 0, 0, 0], ReasonCode.MalformedPacket },
        { "wildcard in topic name", [0x30, 0x04, 0, 1, (byte)'#', 0], ReasonCode.MalformedPacket },
        { "neither name nor alias", [0x30, 0x03, 0, 0, 0], ReasonCode.ProtocolError },
        { "SUBSCRIBE without filter", [0x82, 0x03, 0, 1, 0], ReasonCode.ProtocolError },
        { "SUBSCRIBE flags", [0x80, 0x07, 0, 1, 0, 0, 1, (byte)'t', 0], ReasonCode.MalformedPacket },
        { "UNSUBSCRIBE without filter", [0xA2, 0x03, 0, 1, 0], ReasonCode.ProtocolError },
        { "Retain Handling 3", [0x82, 0x07, 0, 1, 0, 0, 1, (byte)'t', 0x30], ReasonCode.ProtocolError },
        { "No Local shared", [0x82, 0x10, 0, 1, 0, 0, 10, (byte)'$', (byte)'s', (byte)'h', (byte)'a', (byte)'r', (byte)'e', (byte)'/', (byte)'g', (byte)'/', (byte)'t', 4], ReasonCode.ProtocolError },
        { "five length bytes", [0x30, 0xFF, 0xFF, 0xFF, 0xFF, 0x01], ReasonCode.MalformedPacket },
        { "length not shortest", [0xC0, 0x80, 0x00], ReasonCode.MalformedPacket },
        { "property twice", [0x30, 0x0B, 0, 1, (byte)'t', 4, 1, 0, 1, 0, 1, 2, 3], ReasonCode.ProtocolError },
        { "unknown property", [0x30, 0x06, 0, 1, (byte)'t', 2, 0x7F, 0], ReasonCode.MalformedPacket },
        { "PUBREL flags", [0x60, 0x02, 0, 1], ReasonCode.MalformedPacket },
        { "bad UTF-8", [0x30, 0x05, 0, 2, 0xC0, 0x80, 0], ReasonCode.MalformedPacket },
        { "unasked AUTH", [0xF0, 0x00], ReasonCode.ProtocolError },
        { "CONNACK from a client", [0x20, 0x03, 0, 0, 0], ReasonCode.ProtocolError },
        { "SUBACK from a client", [0x90, 0x04, 0, 1, 0, 0], ReasonCode.ProtocolError },
        { "UNSUBACK from a client", [0xB0, 0x04, 0, 1, 0, 0], ReasonCode.ProtocolError },
        { "PINGREQ with a body", [0xC0, 0x01, 0x00], ReasonCode.MalformedPacket },
        { "subscription identifier from a client", [0x30, 0x06, 0, 1, (byte)'t', 2, 0x0B, 1], ReasonCode.ProtocolError },
        { "topic alias 0", [0x30, 0x07, 0, 1, (byte)'t', 3, 0x23, 0, 0], ReasonCode.TopicAliasInvalid },
        { "packet too large", [0x30, 0xFF, 0xFF, 0xFF, 0x7F], ReasonCode.PacketTooLarge },
    };

    [Theory]
    [MemberData(nameof(Malformed))]
    [Spec("MQTT-3.1.0-2"), Spec("MQTT-2.1.3-1"), Spec("MQTT-3.3.1-2"), Spec("MQTT-3.3.1-4"), Spec("MQTT-2.2.1-3"), Spec("MQTT-3.3.2-2")]
    [Spec("MQTT-4.7.0-1"), Spec("MQTT-3.8.1-1"), Spec("MQTT-3.8.3-2"), Spec("MQTT-3.8.3-4"), Spec("MQTT-3.10.3-2"), Spec("MQTT-1.5.5-1")]
    [Spec("MQTT-3.6.1-1"), Spec("MQTT-1.5.4-1"), Spec("MQTT-4.12.0-7"), Spec("MQTT-3.3.4-6"), Spec("MQTT-3.3.2-8"), Spec("MQTT-3.2.2-15")]
    [Spec("MQTT-4.13.1-1"), Spec("MQTT-4.13.2-1")]
    public async Task Malformed_packet_is_answered_and_the_connection_closed(string what, byte[] bytes, ReasonCode code)
    {
        what.ShouldNotBeEmpty();
        await using var broker = await TestBroker.StartAsync();
        await using (var client = await broker.ConnectRawAsync("m"))
        {
            await client.SendAsync(bytes);
            await client.ShouldBeClosedAsync(code);
        }

        await using var old = await broker.ConnectAsync("m", o => o.ProtocolVersion = MqttProtocolVersion.V311);
        await old.ShouldBeQuietAsync();
    }

    [Fact]
    public async Task Packet_type_15_is_reserved_in_3_1_1()
    {
        await using var broker = await TestBroker.StartAsync();
        await using var client = await broker.ConnectRawAsync("m", MqttVersion.V311);
        await client.SendAsync(0xF0, 0);
        await client.ShouldBeClosedAsync(null);
    }

    [Theory]
    [InlineData("first packet not CONNECT", new byte[] { 0xC0, 0 })]
    [InlineData("wrong name", new byte[] { 0x10, 14, 0, 4, 0x4D, 0x51, 0x54, 0x58, 5, 2, 0, 0, 0, 0, 1, 0x6D })]
    [InlineData("v3 reserved flag", new byte[] { 0x10, 13, 0, 4, 0x4D, 0x51, 0x54, 0x54, 4, 3, 0, 0, 0, 1, 0x6D })]
    [Spec("MQTT-3.1.0-1"), Spec("MQTT-3.1.2-1"), Spec("MQTT-3.14.0-1"), Spec("MQTT3-3.1.0-1"), Spec("MQTT3-3.1.2-1"), Spec("MQTT3-3.1.2-3")]
    [Spec("MQTT3-3.1.4-1"), Spec("MQTT3-3.2.2-6")]
    public async Task Bad_first_packet_ends_the_connection_without_an_answer(string what, byte[] bytes)
    {
        what.ShouldNotBeEmpty();
        await using var broker = await TestBroker.StartAsync();
        await using var client = await broker.OpenRawAsync();
        await client.SendAsync(bytes);
        (await client.TryNextAsync()).ShouldBeNull();
    }

    [Fact]
    [Spec("MQTT-3.1.2-2")]
    public async Task Unsupported_level_is_refused_with_a_connack()
    {
        await using var broker = await TestBroker.StartAsync();
        await using var client = await broker.OpenRawAsync();
        await client.SendAsync([0x10, 14, 0, 4, 0x4D, 0x51, 0x54, 0x54, 6, 2, 0, 0, 0, 0, 1, 0x6D]);
        (await client.ConnAckAsync()).ReasonCode.ShouldBe(ReasonCode.UnsupportedProtocolVersion);
        (await client.TryNextAsync()).ShouldBeNull();
    }

    [Fact]
    public async Task Packets_one_byte_at_a_time_are_understood()
    {
        await using var broker = await TestBroker.StartAsync();
        await using var client = await broker.OpenRawAsync();
        foreach (var b in ConnectV5.Concat(new byte[] { 0xC0, 0 }))
        {
            await client.SendAsync([b]);
        }

        (await client.ConnAckAsync()).ReasonCode.ShouldBe(ReasonCode.Success);
        (await client.NextAsync()).Type.ShouldBe(MqttPacketType.PingResp);
    }

    [Fact]
    [Spec("MQTT-3.1.4-3")]
    public async Task Take_over_tells_the_old_connection()
    {
        await using var broker = await TestBroker.StartAsync();
        await using var old = await broker.ConnectAsync("same");
        await using var fresh = await broker.ConnectAsync("same", o => o.ProtocolVersion = MqttProtocolVersion.V311);
        await old.ShouldBeClosedAsync(MqttClientDisconnectReason.SessionTakenOver);
        await fresh.SubscribeAsync("t");
        await fresh.PublishAsync("t", "x", MqttQualityOfServiceLevel.AtMostOnce);
        (await fresh.NextAsync()).Topic.ShouldBe("t");
    }

    [Theory]
    [InlineData("take-over", ReasonCode.SessionTakenOver)]
    [InlineData("stop", ReasonCode.ServerShuttingDown)]
    [Spec("MQTT-3.14.4-1"), Spec("MQTT-3.14.4-2"), Spec("MQTT-3.14.2-1"), Spec("MQTT-4.13.2-1")]
    public async Task Connection_is_ended_behind_the_brokers_disconnect(string how, ReasonCode code)
    {
        await using var broker = await TestBroker.StartAsync();
        // MQTTnet would end it itself.
        await using var client = await broker.ConnectRawAsync("same");
        await using var fresh = how == "take-over" ? await broker.ConnectAsync("same") : null;
        var stopping = how == "stop" ? broker.Broker.StopAsync() : Task.CompletedTask;
        await client.ShouldBeClosedAsync(code);
        await client.DisposeAsync();
        await stopping;
    }

    [Fact]
    public async Task Race_of_100_connects_leaves_exactly_one()
    {
        await using var broker = await TestBroker.StartAsync();
        var clients = await Task.WhenAll(
            Enumerable.Range(0, 100).Select(i => broker.ConnectAsync("same", o => o.CleanSession = i % 2 == 0)));
        var left = clients.ToDictionary(c => (Task)c.End);
        while (left.Count > 1)
        {
            left.Remove(await Task.WhenAny(left.Keys), out var closed);
            await closed!.ShouldBeClosedAsync(MqttClientDisconnectReason.SessionTakenOver);
        }

        broker.Broker.Sessions.Count.ShouldBe(1);
        await left.Values.Single().ShouldBeQuietAsync();
        foreach (var client in clients)
        {
            await client.DisposeAsync();
        }
    }

    [Theory]
    [InlineData("cut", true)]
    [InlineData("disconnect with will", true)]
    [InlineData("disconnect", false)]
    [Spec("MQTT-3.1.2-8"), Spec("MQTT-3.1.2-10"), Spec("MQTT-3.14.4-3")]
    public async Task Will_is_published_unless_the_client_says_goodbye(string how, bool expected)
    {
        await using var broker = await TestBroker.StartAsync();
        await using var watcher = await broker.ConnectAsync("w");
        await watcher.SubscribeAsync("#");
        await using var client = await broker.ConnectAsync("c", o =>
        {
            o.WillTopic = "will";
            o.WillPayload = "dead"u8.ToArray();
        });
        if (how == "cut")
        {
            client.Cut();
        }
        else
        {
            await client.DisconnectAsync(expected
                ? MqttClientDisconnectOptionsReason.DisconnectWithWillMessage
                : MqttClientDisconnectOptionsReason.NormalDisconnection);
        }

        if (!expected)
        {
            // Once the connection is through, a will would have been published before this.
            await broker.UntilConnectionsAsync(1);
            await broker.Broker.PublishAsync("will", "none"u8.ToArray());
        }

        (await watcher.NextAsync()).ConvertPayloadToString().ShouldBe(expected ? "dead" : "none");
    }

    [Theory]
    [InlineData(MqttVersion.V311)]
    [InlineData(MqttVersion.V500)]
    public async Task Connection_is_ended_behind_the_clients_disconnect(MqttVersion version)
    {
        await using var broker = await TestBroker.StartAsync();
        await using var client = await broker.ConnectRawAsync("c", version);
        await client.WriteAsync(o => DisconnectPacket.Write(o, version, ReasonCode.Success));
        (await client.TryNextAsync()).ShouldBeNull(); // [MQTT-3.14.4-3]
    }

    [Fact]
    [Spec("MQTT-3.1.3-9"), Spec("MQTT-3.1.2-8")]
    public async Task Delayed_will_is_cancelled_by_coming_back_and_sent_when_the_session_ends()
    {
        await using var broker = await TestBroker.StartAsync();
        await using var watcher = await broker.ConnectAsync("w");
        await watcher.SubscribeAsync("#");
        static void KeepWithWill(MqttClientOptions options)
        {
            options.CleanSession = false;
            options.SessionExpiryInterval = 1000;
            options.WillTopic = "will";
            options.WillDelayInterval = 900;
        }

        var first = await broker.ConnectAsync("c", KeepWithWill);
        first.Cut();
        var second = await broker.ConnectAsync("c", KeepWithWill);
        await watcher.ShouldBeQuietAsync();
        second.Cut();
        // Clean start ends the session, and with it the wait. [MQTT-3.1.2-8]
        await using var third = await broker.ConnectAsync("c");
        (await watcher.NextAsync()).Topic.ShouldBe("will");
        await watcher.ShouldBeQuietAsync();
    }

    [Fact]
    public async Task Silence_is_ended_after_one_and_a_half_keep_alives()
    {
        await using var broker = await TestBroker.StartAsync();
        await using var client = await broker.ConnectRawAsync("k", keepAlive: 1);
        await client.ShouldBeClosedAsync(ReasonCode.KeepAliveTimeout);
    }

    [Fact]
    public async Task Connection_that_never_connects_is_closed()
    {
        await using var broker = await TestBroker.StartAsync(new EdgeOptions { ConnectTimeout = TimeSpan.FromMilliseconds(200) });
        await using var client = await broker.OpenRawAsync();
        await client.SendAsync(0x10);
        (await client.TryNextAsync()).ShouldBeNull();
    }

    [Fact]
    [Spec("MQTT-3.1.3-6"), Spec("MQTT-3.1.3-7"), Spec("MQTT-3.2.2-16")]
    public async Task Assigned_client_identifier_is_told_and_unique()
    {
        await using var broker = await TestBroker.StartAsync();
        var assigned = new HashSet<string>();
        for (var i = 0; i < 3; i++)
        {
            await using var client = await broker.ConnectAsync("");
            client.Answer.AssignedClientIdentifier.ShouldNotBeEmpty();
            assigned.Add(client.Answer.AssignedClientIdentifier).ShouldBeTrue();
        }
    }

    [Theory]
    [InlineData(MqttProtocolVersion.V500)]
    [InlineData(MqttProtocolVersion.V311)]
    [Spec("MQTT-3.1.4-2"), Spec("MQTT-3.2.2-7"), Spec("MQTT3-3.2.2-5")]
    public async Task Wrong_password_is_refused_and_the_right_one_accepted(MqttProtocolVersion version)
    {
        var options = new EdgeOptions
        {
            Users = [new MqttUserOptions { Name = "u", PasswordHash = PasswordHash.Create("right"u8, 1_000) }],
        };
        await using var broker = await TestBroker.StartAsync(options);
        foreach (var password in new[] { "wrong", "right", "right" })
        {
            await using var client = await TestClient.TryConnectAsync(broker.Port, "c", options =>
            {
                options.ProtocolVersion = version;
                options.Credentials = new MqttClientCredentials("u", System.Text.Encoding.UTF8.GetBytes(password));
            });
            client.Answer.ResultCode.ShouldBe(
                password == "right" ? MqttClientConnectResultCode.Success : MqttClientConnectResultCode.BadUserNameOrPassword);
        }
    }

    [Fact]
    public async Task Open_address_without_authentication_is_refused_at_start()
    {
        var options = new EdgeOptions { Listeners = [new MqttListenerOptions { Address = "0.0.0.0", Port = 0 }] };
        await using var broker = new MqttBroker(
            options, null, Microsoft.Extensions.Logging.Abstractions.NullLoggerFactory.Instance, TimeProvider.System);
        var error = await Should.ThrowAsync<EdgeConfigurationException>(() => broker.StartAsync());
        error.Message.ShouldContain("AllowAnonymousFromAnywhere");
    }

    [Fact]
    public async Task Random_bytes_never_harm_the_broker_or_its_other_clients()
    {
        await using var broker = await TestBroker.StartAsync(new EdgeOptions { LingerTime = TimeSpan.FromMilliseconds(50) });
        await using var witness = await broker.ConnectAsync("witness");
        var random = new Random(20260101);
        for (var i = 0; i < 200; i++)
        {
            await using var client = await broker.OpenRawAsync();
            var bytes = new byte[random.Next(1, 400)];
            random.NextBytes(bytes);
            if (i % 2 == 0)
            {
                await client.SendAsync(ConnectV5);
            }

            await client.SendAsync(bytes);
            client.Cut();
        }

        await witness.ShouldBeQuietAsync();
        broker.Broker.Metrics.Closed(CloseKind.InternalError).ShouldBe(0);
    }

    [Fact]
    public async Task Thousand_idle_connections_are_held_and_told_at_the_end()
    {
        await using var broker = await TestBroker.StartAsync();
        var clients = new List<TestClient>();
        for (var i = 0; i < 1000; i++)
        {
            clients.Add(await broker.ConnectAsync($"idle-{i}"));
        }

        broker.Broker.Connections.ShouldBe(1000);
        var stopping = broker.Broker.StopAsync();
        foreach (var client in clients)
        {
            await client.ShouldBeClosedAsync(MqttClientDisconnectReason.ServerShuttingDown);
            await client.DisposeAsync();
        }

        await stopping;
        broker.Broker.Connections.ShouldBe(0);
    }
}
