using System.Buffers;
using System.Text;
using Telemetry.Edge;
using Telemetry.Edge.Security.Passwords;
using Telemetry.Mqtt;
using Telemetry.Testing;
using Telemetry.Testing.Mqtt;
using static Telemetry.IntegrationTests.Edge.Conformance.Conversation;

namespace Telemetry.IntegrationTests.Edge.Conformance;

/// <summary>Chapters 3.1 and 3.2: CONNECT and CONNACK.</summary>
public sealed class ConnectTests
{
    [Theory]
    [InlineData(MqttVersion.V311)]
    [InlineData(MqttVersion.V500)]
    [Spec("MQTT-3.1.2-4"), Spec("MQTT-3.1.4-4"), Spec("MQTT-3.2.2-2")]
    [Spec("MQTT3-3.1.2-6"), Spec("MQTT3-3.1.4-3"), Spec("MQTT3-3.2.2-1")]
    public async Task Clean_start_forgets_the_session_that_was_kept(MqttVersion version)
    {
        await using var broker = await TestBroker.StartAsync();
        await using var publisher = await broker.ConnectRawAsync("p", version);
        var (kept, _) = await broker.ResumeAsync("c", version);
        await kept.AskAsync(1, Want("t", MqttQos.AtLeastOnce));
        await kept.LeaveAsync();
        var (clean, answer) = await broker.GreetAsync(new ConnectPacket { Version = version, ClientId = "c", CleanStart = true });
        answer.SessionPresent.ShouldBeFalse();
        await publisher.DeliverAsync("t", "x");
        await clean.PingAsync();
        await clean.LeaveAsync();

        // The clean session ended with its connection.
        var (again, present) = await broker.ResumeAsync("c", version);
        present.ShouldBeFalse();
        await publisher.DeliverAsync("t", "x");
        await again.PingAsync();
        await again.DisposeAsync();
    }

    [Theory]
    [InlineData(MqttVersion.V311)]
    [InlineData(MqttVersion.V500)]
    [Spec("MQTT-3.1.2-5"), Spec("MQTT-3.1.2-6"), Spec("MQTT-3.1.2-23"), Spec("MQTT-3.2.2-3"), Spec("MQTT-3.1.3-2"), Spec("MQTT-4.5.0-1")]
    [Spec("MQTT3-3.1.2-4"), Spec("MQTT3-3.1.2-5"), Spec("MQTT3-3.2.2-2"), Spec("MQTT3-3.2.2-3"), Spec("MQTT3-3.1.3-2")]
    [Spec("MQTT3-4.1.0-1"), Spec("MQTT3-4.5.0-1")]
    public async Task Session_is_made_kept_and_found_by_its_client_identifier(MqttVersion version)
    {
        await using var broker = await TestBroker.StartAsync();
        await using var publisher = await broker.ConnectRawAsync("p", version);
        var (first, existed) = await broker.ResumeAsync("c", version);
        existed.ShouldBeFalse();
        await first.AskAsync(1, Want("t/#", MqttQos.ExactlyOnce));
        await broker.CrashAsync(first);
        await publisher.DeliverAsync("t/1", "one", MqttQos.AtLeastOnce);
        await publisher.DeliverAsync("t/2", "two", MqttQos.ExactlyOnce);
        var (other, othersSession) = await broker.ResumeAsync("C", version);
        othersSession.ShouldBeFalse();
        await other.PingAsync();
        await other.DisposeAsync();
        var (second, present) = await broker.ResumeAsync("c", version);
        present.ShouldBeTrue();
        (await second.ReceiveAsync()).Payload.ShouldBe("one");
        (await second.ReceiveAsync()).Payload.ShouldBe("two");
        await publisher.DeliverAsync("t/3", "three");
        (await second.ReceiveAsync()).Payload.ShouldBe("three");
        await second.DisposeAsync();
    }

    [Fact]
    [Spec("MQTT3-4.1.0-2"), Spec("MQTT3-4.1.0-1"), Spec("MQTT-4.1.0-1")]
    public async Task Session_lasts_as_long_as_its_connection()
    {
        var clock = new StepClock();
        await using var broker = await TestBroker.StartAsync(time: clock);
        await using var old = await broker.ConnectRawAsync("3", MqttVersion.V311);
        await using var fresh = await broker.ConnectRawAsync("5", properties: new MqttProperties { SessionExpiryInterval = 1 });
        await old.SubscribeAsync("t");
        await fresh.SubscribeAsync("t");
        clock.Advance(TimeSpan.FromDays(30));
        await broker.Broker.PublishAsync("t", "still"u8.ToArray());
        (await old.TakeAsync()).Payload.ShouldBe("still");
        (await fresh.TakeAsync()).Payload.ShouldBe("still");
    }

    [Theory]
    [InlineData(MqttVersion.V311)]
    [InlineData(MqttVersion.V500)]
    [Spec("MQTT-3.1.3-5"), Spec("MQTT3-3.1.3-5")]
    public async Task Client_identifiers_of_1_to_23_digits_and_letters_are_taken(MqttVersion version)
    {
        const string Characters = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
        await using var broker = await TestBroker.StartAsync();
        foreach (var id in Characters.Chunk(23).Select(c => new string(c)).Concat(Characters.Select(c => $"{c}")))
        {
            var client = await broker.ConnectRawAsync(id, version);
            await client.LeaveAsync();
        }
    }

    [Fact]
    [Spec("MQTT-3.1.3-6"), Spec("MQTT-3.1.3-7"), Spec("MQTT-3.2.2-16")]
    public async Task Assigned_client_identifier_is_as_good_as_one_of_the_clients_own()
    {
        await using var broker = await TestBroker.StartAsync();
        var keep = new MqttProperties { SessionExpiryInterval = 1000 };
        var (first, answer) = await broker.GreetAsync(new ConnectPacket { Properties = keep });
        var (second, other) = await broker.GreetAsync(new ConnectPacket { Properties = keep });
        var id = answer.Properties!.AssignedClientIdentifier!;
        id.ShouldNotBe(other.Properties!.AssignedClientIdentifier);
        await first.LeaveAsync();
        await second.LeaveAsync();
        var (again, present) = await broker.ResumeAsync(id, MqttVersion.V500);
        present.ShouldBeTrue();
        await again.DisposeAsync();
    }

    [Fact]
    [Spec("MQTT3-3.1.3-6"), Spec("MQTT3-3.1.3-8"), Spec("MQTT3-3.1.3-9")]
    public async Task Empty_client_identifier_of_3_1_1_is_unique_and_needs_a_clean_session()
    {
        await using var broker = await TestBroker.StartAsync();
        await using var first = await broker.ConnectRawAsync("", MqttVersion.V311);
        await using var second = await broker.ConnectRawAsync("", MqttVersion.V311);
        await first.PingAsync();
        await second.PingAsync();
        broker.Broker.Sessions.Count.ShouldBe(2);
        await using var refused = await broker.OpenRawAsync(MqttVersion.V311);
        await refused.WriteAsync(o => ClientPackets.Connect(o, new ConnectPacket { Version = MqttVersion.V311 }));
        (await refused.NextAsync()).Body.ShouldBe([0, 2]);
        (await refused.TryNextAsync()).ShouldBeNull();
    }

    [Theory]
    [InlineData(MqttVersion.V311)]
    [InlineData(MqttVersion.V500)]
    [Spec("MQTT-3.1.4-3"), Spec("MQTT3-3.1.4-2")]
    public async Task Second_connection_of_a_client_identifier_ends_the_first(MqttVersion version)
    {
        await using var broker = await TestBroker.StartAsync();
        await using var first = await broker.ConnectRawAsync("c", version);
        await using var second = await broker.ConnectRawAsync("c", version);
        await first.ShouldEndAsync(ReasonCode.SessionTakenOver);
        await second.PingAsync();
    }

    [Theory]
    [InlineData(MqttVersion.V311)]
    [InlineData(MqttVersion.V500)]
    [Spec("MQTT-3.2.0-1"), Spec("MQTT-3.2.0-2"), Spec("MQTT-3.1.4-5"), Spec("MQTT-3.2.2-1"), Spec("MQTT-3.2.2-8")]
    [Spec("MQTT3-3.2.0-1"), Spec("MQTT3-3.1.4-4")]
    public async Task Connack_is_the_first_packet_and_the_only_one_of_its_kind(MqttVersion version)
    {
        await using var broker = await TestBroker.StartAsync();
        var (kept, _) = await broker.ResumeAsync("c", version);
        await kept.AskAsync(1, Want("t", MqttQos.AtLeastOnce));
        await broker.CrashAsync(kept);
        await broker.Broker.PublishAsync("t", "waiting"u8.ToArray(), MqttQos.AtLeastOnce);
        await using var client = await broker.OpenRawAsync(version);

        // CONNECT, PINGREQ and a second SUBSCRIBE in one piece: the client need not wait for CONNACK.
        await client.WriteAsync(output =>
        {
            ClientPackets.Connect(output, new ConnectPacket
            {
                Version = version,
                ClientId = "c",
                Properties = version == MqttVersion.V500 ? new MqttProperties { SessionExpiryInterval = 1000 } : null,
            });
            PingRequest(output);
            ClientPackets.Subscribe(output, version, new SubscribePacket { PacketIdentifier = 7, Requests = [Want("u", MqttQos.AtMostOnce)] });
        });
        var first = await client.NextAsync();
        first.Type.ShouldBe(MqttPacketType.ConnAck);
        (first.Body[0], first.Body[1]).ShouldBe(((byte)1, (byte)0));
        var others = new[] { (await client.NextAsync()).Type, (await client.NextAsync()).Type, (await client.NextAsync()).Type };
        others.Order().ShouldBe([MqttPacketType.Publish, MqttPacketType.SubAck, MqttPacketType.PingResp]);
        await client.PingAsync();
    }

    [Theory]
    [InlineData(MqttVersion.V311, 4)]
    [InlineData(MqttVersion.V500, 0x86)]
    [Spec("MQTT-3.1.4-2"), Spec("MQTT-3.1.4-6"), Spec("MQTT-3.2.2-6"), Spec("MQTT-3.2.2-7"), Spec("MQTT-3.2.2-8"), Spec("MQTT-4.13.2-1")]
    [Spec("MQTT3-3.1.4-5"), Spec("MQTT3-3.2.2-4"), Spec("MQTT3-3.2.2-5")]
    public async Task Nothing_behind_a_refused_connect_is_processed(MqttVersion version, byte code)
    {
        var user = new MqttUserOptions { Name = "u", PasswordHash = PasswordHash.Create("right"u8, 1_000) };
        await using var broker = await TestBroker.StartAsync(new EdgeOptions { Users = [user] });
        ConnectPacket Connect(string id, string password) => new()
        {
            Version = version,
            ClientId = id,
            CleanStart = true,
            UserName = "u",
            Password = Encoding.UTF8.GetBytes(password),
        };
        var (watcher, _) = await broker.GreetAsync(Connect("w", "right"));
        await watcher.SubscribeAsync("#");
        await using var refused = await broker.OpenRawAsync(version);
        await refused.WriteAsync(output =>
        {
            ClientPackets.Connect(output, Connect("c", "wrong"));
            PublishPacket.Write(output, version, "t"u8, default, "smuggled"u8, new PublishDelivery { Retain = true });
        });
        var answer = await refused.NextAsync();
        (answer.Type, answer.Body[0], answer.Body[1]).ShouldBe((MqttPacketType.ConnAck, (byte)0, code));
        (await refused.TryNextAsync()).ShouldBeNull();
        await watcher.PingAsync();
        await watcher.SubscribeAsync("t");
        await watcher.PingAsync();
        await watcher.DisposeAsync();
    }

    [Fact]
    [Spec("MQTT-3.14.0-1"), Spec("MQTT-3.1.2-3"), Spec("MQTT-3.1.4-1"), Spec("MQTT-3.2.2-7"), Spec("MQTT-4.13.1-1"), Spec("MQTT-4.13.2-1")]
    public async Task Malformed_connect_of_5_0_gets_a_connack_and_no_disconnect()
    {
        await using var broker = await TestBroker.StartAsync();
        await using var client = await broker.OpenRawAsync();
        await client.SendAsync([0x10, 14, 0, 4, 0x4D, 0x51, 0x54, 0x54, 5, 3, 0, 0, 0, 0, 1, 0x6D]);
        (await client.ConnAckAsync()).ReasonCode.ShouldBe(ReasonCode.MalformedPacket);
        (await client.TryNextAsync()).ShouldBeNull();
    }

    [Fact]
    [Spec("MQTT3-3.1.2-2")]
    public async Task Unsupported_level_gets_return_code_1()
    {
        await using var broker = await TestBroker.StartAsync();
        await using var client = await broker.OpenRawAsync(MqttVersion.V311);
        await client.SendAsync([0x10, 13, 0, 4, 0x4D, 0x51, 0x54, 0x54, 3, 2, 0, 0, 0, 1, 0x6D]);
        var answer = await client.NextAsync();
        answer.Type.ShouldBe(MqttPacketType.ConnAck);
        answer.Body.ShouldBe([0, 1]);
        (await client.TryNextAsync()).ShouldBeNull();
    }

    [Theory]
    [InlineData(MqttVersion.V311)]
    [InlineData(MqttVersion.V500)]
    [Spec("MQTT-3.1.2-22"), Spec("MQTT-3.2.2-22"), Spec("MQTT3-3.1.2-24")]
    public async Task Silent_client_is_ended_after_one_and_a_half_keep_alives_as_if_the_network_had_failed(MqttVersion version)
    {
        var clock = new StepClock();
        await using var broker = await TestBroker.StartAsync(time: clock);
        await using var watcher = await broker.ConnectRawAsync("w", version);
        await watcher.SubscribeAsync("will");
        await using var client = await broker.ConnectRawAsync(
            "c", version, will: new WillMessage { TopicName = "will", Payload = "dead"u8.ToArray() }, keepAlive: 100);
        clock.Advance(TimeSpan.FromSeconds(140));
        await client.PingAsync();
        clock.Advance(TimeSpan.FromSeconds(140));
        await client.PingAsync();
        clock.Advance(TimeSpan.FromSeconds(151));
        await client.ShouldEndAsync(ReasonCode.KeepAliveTimeout);
        (await watcher.TakeAsync()).Payload.ShouldBe("dead");
    }

    [Fact]
    [Spec("MQTT-3.1.2-28")]
    public async Task Response_information_is_returned_to_those_who_ask()
    {
        await using var broker = await TestBroker.StartAsync(new EdgeOptions { ResponseInformation = "answers/{client}/" });
        foreach (var (asked, expected) in new (byte?, string?)[] { (null, null), (0, null), (1, "answers/c/") })
        {
            var (client, answer) = await broker.GreetAsync(new ConnectPacket
            {
                ClientId = "c",
                CleanStart = true,
                Properties = new MqttProperties { RequestResponseInformation = asked },
            });
            answer.Properties?.ResponseInformation.ShouldBe(expected);
            await client.LeaveAsync();
        }
    }

    [Fact]
    [Spec("MQTT-3.2.2-19"), Spec("MQTT-3.1.2-24")]
    public async Task Refusal_leaves_out_its_reason_where_the_client_takes_no_packet_of_that_size()
    {
        var user = new MqttUserOptions { Name = "u", PasswordHash = PasswordHash.Create("right"u8, 1_000) };
        await using var broker = await TestBroker.StartAsync(new EdgeOptions { Users = [user] });
        foreach (var (maximum, hasReason) in new (uint?, bool)[] { (null, true), (10, false) })
        {
            var (client, answer) = await broker.GreetAsync(new ConnectPacket
            {
                ClientId = "c",
                UserName = "u",
                Password = "wrong"u8.ToArray(),
                Properties = new MqttProperties { MaximumPacketSize = maximum },
            });
            answer.ReasonCode.ShouldBe(ReasonCode.BadUserNameOrPassword);
            (answer.Properties?.ReasonString is not null).ShouldBe(hasReason);
            (await client.TryNextAsync()).ShouldBeNull();
            await client.DisposeAsync();
        }
    }

    [Fact]
    [Spec("MQTT-3.1.2-24"), Spec("MQTT-3.2.0-1")]
    public async Task Client_that_takes_no_connack_of_ours_is_ended_without_one()
    {
        await using var broker = await TestBroker.StartAsync();
        await using var client = await broker.OpenRawAsync();
        await client.WriteAsync(o => ClientPackets.Connect(
            o, new ConnectPacket { ClientId = "c", Properties = new MqttProperties { MaximumPacketSize = 4 } }));
        (await client.TryNextAsync()).ShouldBeNull();
    }

    [Fact]
    [Spec("MQTT-3.2.2-13"), Spec("MQTT-3.2.2-14")]
    public async Task Broker_that_retains_nothing_says_so_and_refuses_what_asks_for_it()
    {
        await using var broker = await TestBroker.StartAsync(new EdgeOptions { MaxRetainedMessages = 0 });
        var (client, answer) = await broker.GreetAsync(new ConnectPacket { ClientId = "c", CleanStart = true });
        answer.Properties!.RetainAvailable.ShouldBe((byte)0);
        await client.WriteAsync(o => PublishPacket.Write(
            o, MqttVersion.V500, "t"u8, default, "x"u8, new PublishDelivery { Retain = true, Qos = MqttQos.AtLeastOnce, PacketIdentifier = 1 }));
        await client.ShouldBeClosedAsync(ReasonCode.RetainNotSupported);
        await client.DisposeAsync();
        var (refused, no) = await broker.GreetAsync(new ConnectPacket
        {
            ClientId = "c",
            CleanStart = true,
            Will = new WillMessage { TopicName = "t", Retain = true },
        });
        no.ReasonCode.ShouldBe(ReasonCode.RetainNotSupported);
        (await refused.TryNextAsync()).ShouldBeNull();
        await refused.DisposeAsync();
    }

    [Fact]
    [Spec("MQTT-4.11")]
    public async Task Client_is_told_of_another_broker_when_this_one_is_full_stops_or_has_moved()
    {
        var options = new EdgeOptions { ServerReference = "edge-2:1883", MaxConnections = 1 };
        await using (var broker = await TestBroker.StartAsync(options))
        {
            await using var first = await broker.ConnectRawAsync("1");
            var (second, full) = await broker.GreetAsync(new ConnectPacket { ClientId = "2", CleanStart = true });
            (full.ReasonCode, full.Properties?.ServerReference).ShouldBe((ReasonCode.UseAnotherServer, "edge-2:1883"));
            await second.DisposeAsync();
            var stopping = broker.Broker.StopAsync();
            var last = await first.NextAsync();
            ServerPackets.Disconnect(last.Body, out var disconnect, out var error).ShouldBeTrue(error.ToString());
            (disconnect!.ReasonCode, disconnect.Properties?.ServerReference).ShouldBe((ReasonCode.UseAnotherServer, "edge-2:1883"));
            (await first.TryNextAsync()).ShouldBeNull();
            await first.DisposeAsync();
            await stopping;
        }

        await using var moved = await TestBroker.StartAsync(options with { ServerMoved = true });
        var (client, answer) = await moved.GreetAsync(new ConnectPacket { ClientId = "1", CleanStart = true });
        (answer.ReasonCode, answer.Properties?.ServerReference).ShouldBe((ReasonCode.ServerMoved, "edge-2:1883"));
        await client.DisposeAsync();
        var (old, no) = await moved.GreetAsync(new ConnectPacket { Version = MqttVersion.V311, ClientId = "1", CleanStart = true });
        no.ReasonCode.ShouldBe(ReasonCode.ServerUnavailable);
        await old.DisposeAsync();
    }

    [Fact]
    [Spec("MQTT-4.12.0-1"), Spec("MQTT-4.12.0-6")]
    public async Task Unknown_authentication_method_is_refused_and_none_is_answered_with_none()
    {
        await using var broker = await TestBroker.StartAsync();
        var (refused, no) = await broker.GreetAsync(new ConnectPacket
        {
            ClientId = "c",
            Properties = new MqttProperties { AuthenticationMethod = "NO-SUCH-METHOD" },
        });
        no.ReasonCode.ShouldBe(ReasonCode.BadAuthenticationMethod);
        (await refused.TryNextAsync()).ShouldBeNull();
        await refused.DisposeAsync();

        // The first packet is CONNACK, without a method, and no AUTH comes behind it.
        var (client, answer) = await broker.GreetAsync(new ConnectPacket { ClientId = "c" });
        answer.Properties?.AuthenticationMethod.ShouldBeNull();
        await client.PingAsync();
        await client.DisposeAsync();
    }

    private static void PingRequest(IBufferWriter<byte> output) => output.Write([(byte)0xC0, (byte)0]);
}
