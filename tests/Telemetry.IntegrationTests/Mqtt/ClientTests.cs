using System.Net.Security;
using System.Text;
using Telemetry.Mqtt;
using Telemetry.Mqtt.Client;

namespace Telemetry.IntegrationTests.Mqtt;

/// <summary>The client against mosquitto, a broker written by others.</summary>
public sealed class ClientTests
{
    [Theory]
    [InlineData(MqttVersion.V311)]
    [InlineData(MqttVersion.V500)]
    public async Task Publishes_of_every_qos_go_out_and_come_back(MqttVersion version)
    {
        await using var broker = await Mosquitto.StartAsync();
        var recorder = new ClientRecorder();
        await using var client = new MqttClient(OptionsFor(broker) with { Version = version }, recorder);
        await client.ConnectAsync();
        client.IsConnected.ShouldBeTrue();
        (await client.SubscribeAsync("t/#", MqttQos.ExactlyOnce)).ShouldBe(ReasonCode.GrantedQos2);
        foreach (var qos in new[] { MqttQos.AtMostOnce, MqttQos.AtLeastOnce, MqttQos.ExactlyOnce })
        {
            foreach (var size in new[] { 0, 1, 100, 5000, 200_000 })
            {
                var payload = new byte[size];
                new Random(size).NextBytes(payload);
                var result = await client.PublishAsync($"t/{qos}/{size}", payload, qos);
                result.IsSuccess.ShouldBeTrue();
                result.Outcome.ShouldBe(qos == MqttQos.AtMostOnce ? PublishOutcome.Sent : PublishOutcome.Acknowledged);
                var message = await recorder.NextAsync();
                message.Topic.ShouldBe($"t/{qos}/{size}");
                message.Qos.ShouldBe(qos);
                message.Payload.ShouldBe(payload);
            }
        }
        client.InFlight.ShouldBe(0);
        await client.UnsubscribeAsync(["t/#"]);
        await client.DisconnectAsync();
        (await recorder.DisconnectAsync()).Cause.ShouldBe(DisconnectCause.Requested);
        client.IsConnected.ShouldBeFalse();
        recorder.TryNext(out _).ShouldBeFalse();
    }

    [Fact]
    public async Task Properties_of_version_5_go_out_and_come_back()
    {
        await using var broker = await Mosquitto.StartAsync("max_inflight_messages 20");
        var recorder = new ClientRecorder();
        await using var client = new MqttClient(
            OptionsFor(broker) with { ClientId = "", ConnectProperties = new MqttProperties { TopicAliasMaximum = 10 } }, recorder);
        var connAck = await client.ConnectAsync();
        connAck.SessionPresent.ShouldBeFalse();
        client.ClientId.ShouldBe(connAck.Properties!.AssignedClientIdentifier);
        client.ClientId.ShouldNotBeEmpty();
        var subAck = await client.SubscribeAsync(
            [new SubscriptionRequest("p/+", MqttQos.AtLeastOnce) { RetainAsPublished = true }, new SubscriptionRequest("q")],
            new MqttProperties { SubscriptionIdentifier = 268_435_455 });
        subAck.ReasonCodes.ShouldBe([ReasonCode.GrantedQos1, ReasonCode.Success]);
        var properties = new MqttProperties
        {
            ContentType = "application/json",
            ResponseTopic = "answers",
            CorrelationData = [1, 2],
            MessageExpiryInterval = 60,
        }.AddUserProperty("b", "1").AddUserProperty("a", "2").AddUserProperty("b", "1");
        for (var i = 0; i < 3; i++)
        {
            await client.PublishAsync("p/x", "{}"u8.ToArray(), MqttQos.AtLeastOnce, retain: true, properties);
            var message = await recorder.NextAsync();
            message.Topic.ShouldBe("p/x");
            message.ContentType.ShouldBe("application/json");
            message.UserProperties.ShouldBe([new("b", "1"), new("a", "2"), new("b", "1")]);
            message.SubscriptionIdentifier.ShouldBe(268_435_455u);
            message.Retain.ShouldBeTrue();
        }
        (await client.PublishAsync("nobody/listens", default, MqttQos.AtLeastOnce)).ShouldBe(
            new PublishResult(PublishOutcome.Acknowledged, ReasonCode.NoMatchingSubscribers));
        var unsubAck = await client.UnsubscribeAsync(["p/+", "never"]);
        unsubAck.ReasonCodes.ShouldBe([ReasonCode.Success, ReasonCode.NoSubscriptionExisted]);
    }

    [Fact]
    public async Task Thousands_of_publishes_complete_exactly_once_within_the_receive_maximum()
    {
        await using var broker = await Mosquitto.StartAsync("max_inflight_messages 50\nmax_queued_messages 0");
        var recorder = new ClientRecorder();
        await using var client = new MqttClient(OptionsFor(broker), recorder);
        var connAck = await client.ConnectAsync();
        connAck.Properties!.ReceiveMaximum.ShouldBe((ushort)50);
        await client.SubscribeAsync("n", MqttQos.ExactlyOnce);
        const int Count = 5_000;
        var most = 0;
        for (ulong i = 0; i < Count; i++)
        {
            var qos = (MqttQos)(i % 2 + 1);
            while (client.TryPublish("n"u8, BitConverter.GetBytes(i), qos, recorder, i) == PublishStart.Full)
            {
                await client.WaitForCapacityAsync(qos);
            }
            most = Math.Max(most, client.InFlight);
        }
        most.ShouldBeLessThanOrEqualTo(50);
        var received = new HashSet<ulong>();
        for (var i = 0; i < Count; i++)
        {
            received.Add(BitConverter.ToUInt64((await recorder.NextAsync()).Payload)).ShouldBeTrue();
        }
        await client.DisconnectAsync();
        client.InFlight.ShouldBe(0);
        recorder.Completions.Count.ShouldBe(Count);
        recorder.Completions.Values.ShouldAllBe(c => c.Count == 1);
    }

    [Theory]
    [InlineData(MqttQos.AtLeastOnce)]
    [InlineData(MqttQos.ExactlyOnce)]
    public async Task Kill_of_the_broker_mid_flight_completes_every_publish_exactly_once(MqttQos qos)
    {
        await using var broker = await Mosquitto.StartAsync("max_inflight_messages 500");
        var recorder = new ClientRecorder();
        await using var client = new MqttClient(OptionsFor(broker), recorder);
        await client.ConnectAsync();
        ulong started = 0;
        var killing = Task.CompletedTask;
        while (true)
        {
            var start = client.TryPublish("t"u8, "x"u8, qos, recorder, started);
            if (start == PublishStart.NotConnected)
            {
                break;
            }
            if (start == PublishStart.Full)
            {
                await client.WaitForCapacityAsync(qos);
                continue;
            }
            start.ShouldBe(PublishStart.Started);
            if (++started == 2_000)
            {
                // Frozen first, so that some are sure to be under way.
                broker.Pause();
                killing = KillAfterAFewMoreAsync();
            }
        }
        await killing;
        var end = await recorder.DisconnectAsync();
        end.Cause.ShouldBe(DisconnectCause.ConnectionLost);
        client.InFlight.ShouldBe(0);
        recorder.Completions.Count.ShouldBe((int)started);
        recorder.Completions.Values.ShouldAllBe(c => c.Count == 1);
        recorder.Completions.Values.Count(c => c.Last.Outcome == PublishOutcome.ConnectionLost).ShouldBeGreaterThan(0);
        recorder.Completions.Values.Count(c => c.Last.Outcome == PublishOutcome.Acknowledged).ShouldBeGreaterThan(0);

        async Task KillAfterAFewMoreAsync()
        {
            await Task.Yield();
            await broker.KillAsync();
        }
    }

    [Theory]
    [InlineData(MqttVersion.V311)]
    [InlineData(MqttVersion.V500)]
    public async Task Publishes_under_way_are_sent_again_on_a_resumed_session(MqttVersion version)
    {
        await using var broker = await Mosquitto.StartAsync();
        var listener = new ClientRecorder();
        await using var subscriber = new MqttClient(OptionsFor(broker) with { ClientId = "subscriber" }, listener);
        await subscriber.ConnectAsync();
        await subscriber.SubscribeAsync("r", MqttQos.ExactlyOnce);
        var recorder = new ClientRecorder();
        await using var client = new MqttClient(
            OptionsFor(broker) with
            {
                Version = version,
                CleanStart = false,
                ResumeInFlight = true,
                ConnectProperties = new MqttProperties { SessionExpiryInterval = 600 },
            },
            recorder);
        (await client.ConnectAsync()).SessionPresent.ShouldBeFalse();
        broker.Pause();
        for (ulong i = 0; i < 10; i++)
        {
            client.TryPublish("r"u8, [(byte)i], (MqttQos)(i % 2 + 1), recorder, i).ShouldBe(PublishStart.Started);
        }
        await client.AbortAsync();
        client.InFlight.ShouldBe(10);
        recorder.Completions.ShouldBeEmpty();
        broker.Resume();

        (await client.ConnectAsync()).SessionPresent.ShouldBeTrue();
        var qos2 = new List<byte>();
        var seen = new HashSet<byte>();
        while (seen.Count < 10)
        {
            var message = await listener.NextAsync();
            seen.Add(message.Payload[0]);
            if (message.Qos == MqttQos.ExactlyOnce)
            {
                qos2.Add(message.Payload[0]);
            }
        }
        qos2.Order().ToArray().ShouldBe(new byte[] { 1, 3, 5, 7, 9 }, "QoS 2 is delivered exactly once");
        await client.PublishAsync("r", new byte[] { 100 }, MqttQos.ExactlyOnce);
        client.InFlight.ShouldBe(0);
        recorder.Completions.Count.ShouldBe(10);
        recorder.Completions.Values.ShouldAllBe(c => c.Count == 1 && c.Last.Outcome == PublishOutcome.Acknowledged);
    }

    [Fact]
    public async Task Publishes_kept_for_a_session_that_is_gone_complete_with_session_lost()
    {
        await using var broker = await Mosquitto.StartAsync();
        var recorder = new ClientRecorder();
        await using var client = new MqttClient(
            OptionsFor(broker) with
            {
                ResumeInFlight = true,
                ConnectProperties = new MqttProperties { SessionExpiryInterval = 600 },
            },
            recorder);
        await client.ConnectAsync();
        broker.Pause();
        client.TryPublish("r"u8, "x"u8, MqttQos.AtLeastOnce, recorder, 1).ShouldBe(PublishStart.Started);
        await broker.KillAsync();
        await recorder.DisconnectAsync();
        recorder.Completions.ShouldBeEmpty();
        await using var second = await Mosquitto.StartAsync(port: broker.Port);
        (await client.ConnectAsync()).SessionPresent.ShouldBeFalse();
        recorder.Completions[1].ShouldBe((1, new PublishResult(PublishOutcome.SessionLost, 0)));
    }

    [Fact]
    public async Task Messages_not_acknowledged_yet_come_again_on_a_resumed_session()
    {
        await using var broker = await Mosquitto.StartAsync();
        var recorder = new ClientRecorder { AcknowledgesNow = false };
        await using var client = new MqttClient(
            OptionsFor(broker) with
            {
                CleanStart = false,
                ConnectProperties = new MqttProperties { SessionExpiryInterval = 600 },
            },
            recorder);
        await client.ConnectAsync();
        await client.SubscribeAsync("a/+", MqttQos.ExactlyOnce);
        await client.PublishAsync("a/1", "x"u8.ToArray(), MqttQos.AtLeastOnce);
        await client.PublishAsync("a/2", "x"u8.ToArray(), MqttQos.ExactlyOnce);
        var first = await recorder.NextAsync();
        await recorder.NextAsync();
        await client.AbortAsync();
        await recorder.DisconnectAsync();
        client.Acknowledge(first.Delivery).ShouldBeFalse("its connection is gone");

        (await client.ConnectAsync()).SessionPresent.ShouldBeTrue();
        var again = await recorder.NextAsync();
        again.Topic.ShouldBe("a/1");
        again.Duplicate.ShouldBeTrue();
        client.Acknowledge(again.Delivery).ShouldBeTrue();
        again = await recorder.NextAsync();
        again.Topic.ShouldBe("a/2");
        client.Acknowledge(again.Delivery).ShouldBeTrue();
        await client.DisconnectAsync();
        await recorder.DisconnectAsync();

        (await client.ConnectAsync()).SessionPresent.ShouldBeTrue();
        await client.PublishAsync("a/3", "x"u8.ToArray(), MqttQos.AtLeastOnce);
        (await recorder.NextAsync()).Topic.ShouldBe("a/3", "what was acknowledged does not come again");
    }

    [Fact]
    public async Task Publishes_go_over_tls()
    {
        await using var broker = await Mosquitto.StartAsync(withTls: true);
        var recorder = new ClientRecorder();
        var tls = new SslClientAuthenticationOptions
        {
            TargetHost = "localhost",
            // The certificate is made for this run and signed by itself.
            RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate?.Subject == "CN=localhost",
        };
        await using var client = new MqttClient(OptionsFor(broker) with { Port = broker.TlsPort, Tls = tls }, recorder);
        await client.ConnectAsync();
        await client.SubscribeAsync("s", MqttQos.AtLeastOnce);
        foreach (var size in new[] { 10, 100_000 })
        {
            (await client.PublishAsync("s", new byte[size], MqttQos.AtLeastOnce)).IsSuccess.ShouldBeTrue();
            (await recorder.NextAsync()).Payload.Length.ShouldBe(size);
        }
        await client.DisconnectAsync();
        (await recorder.DisconnectAsync()).Cause.ShouldBe(DisconnectCause.Requested);
    }

    [Fact]
    public async Task Untrusted_certificate_is_no_connection()
    {
        await using var broker = await Mosquitto.StartAsync(withTls: true);
        var tls = new SslClientAuthenticationOptions { TargetHost = "localhost" };
        await using var client = new MqttClient(OptionsFor(broker) with { Port = broker.TlsPort, Tls = tls }, new ClientRecorder());
        var exception = await Should.ThrowAsync<MqttClientException>(() => client.ConnectAsync());
        exception.IsTransient.ShouldBeFalse();
    }

    [Theory]
    [InlineData(MqttVersion.V311)]
    [InlineData(MqttVersion.V500)]
    public async Task Refused_connection_says_why_and_can_be_tried_again(MqttVersion version)
    {
        await using var broker = await Mosquitto.StartAsync("allow_anonymous false");
        await using var client = new MqttClient(OptionsFor(broker) with { Version = version }, new ClientRecorder());
        for (var i = 0; i < 3; i++)
        {
            var exception = await Should.ThrowAsync<MqttClientException>(() => client.ConnectAsync());
            exception.ReasonCode.ShouldBe(ReasonCode.NotAuthorized);
            exception.IsTransient.ShouldBeFalse();
        }
    }

    [Fact]
    public async Task Nobody_listening_is_a_transient_failure()
    {
        int port;
        await using (var broker = await Mosquitto.StartAsync())
        {
            port = broker.Port;
        }
        await using var client = new MqttClient(new MqttClientOptions { Port = port, ClientId = "c" }, new ClientRecorder());
        (await Should.ThrowAsync<MqttClientException>(() => client.ConnectAsync())).IsTransient.ShouldBeTrue();
        client.TryPublish("t"u8, default, MqttQos.AtMostOnce).ShouldBe(PublishStart.NotConnected);
        await Should.ThrowAsync<MqttClientException>(() => client.SubscribeAsync("t", MqttQos.AtMostOnce));
    }

    [Fact]
    public async Task Broker_that_does_not_answer_ends_the_connect_timeout()
    {
        await using var broker = await Mosquitto.StartAsync();
        broker.Pause();
        await using var client = new MqttClient(
            OptionsFor(broker) with { ConnectTimeout = TimeSpan.FromMilliseconds(300) }, new ClientRecorder());
        (await Should.ThrowAsync<MqttClientException>(() => client.ConnectAsync())).IsTransient.ShouldBeTrue();
        broker.Resume();
        await client.ConnectAsync();
    }

    [Fact]
    public async Task Disconnect_from_the_broker_is_told_with_its_reason()
    {
        await using var broker = await Mosquitto.StartAsync();
        var recorder = new ClientRecorder();
        await using var client = new MqttClient(OptionsFor(broker), recorder);
        await client.ConnectAsync();
        // The quick way in does not check names; the broker does.
        client.TryPublish("not/a/name/#"u8, default, MqttQos.AtMostOnce).ShouldBe(PublishStart.Started);
        var end = await recorder.DisconnectAsync();
        end.Cause.ShouldBe(DisconnectCause.ByServer);
        end.ReasonCode.ShouldBe(ReasonCode.ProtocolError);
    }

    [Fact]
    public async Task Take_over_by_another_client_ends_the_connection()
    {
        await using var broker = await Mosquitto.StartAsync();
        var recorder = new ClientRecorder();
        await using var first = new MqttClient(OptionsFor(broker), recorder);
        await first.ConnectAsync();
        await using var second = new MqttClient(OptionsFor(broker), new ClientRecorder());
        await second.ConnectAsync();
        // mosquitto 2.0.11 closes without the DISCONNECT 0x8E that the specification asks for.
        (await recorder.DisconnectAsync()).Cause.ShouldBeOneOf(DisconnectCause.ConnectionLost, DisconnectCause.ByServer);
        first.IsConnected.ShouldBeFalse();
        second.IsConnected.ShouldBeTrue();
    }

    [Fact]
    public async Task Will_is_published_when_the_client_aborts_and_not_when_it_disconnects()
    {
        await using var broker = await Mosquitto.StartAsync();
        var recorder = new ClientRecorder();
        await using var watcher = new MqttClient(OptionsFor(broker) with { ClientId = "watcher" }, recorder);
        await watcher.ConnectAsync();
        await watcher.SubscribeAsync("wills/+", MqttQos.AtLeastOnce);
        foreach (var name in new[] { "quiet", "loud" })
        {
            var will = new WillMessage { TopicName = $"wills/{name}", Payload = Encoding.UTF8.GetBytes(name), Qos = MqttQos.AtLeastOnce };
            await using var client = new MqttClient(OptionsFor(broker) with { Will = will }, new ClientRecorder());
            await client.ConnectAsync();
            await (name == "quiet" ? client.DisconnectAsync() : client.AbortAsync());
        }
        (await recorder.NextAsync()).Topic.ShouldBe("wills/loud");
    }

    [Fact]
    public async Task Keep_alive_pings_and_notices_a_broker_that_fell_silent()
    {
        await using var broker = await Mosquitto.StartAsync();
        var recorder = new ClientRecorder();
        await using var client = new MqttClient(OptionsFor(broker) with { KeepAlive = TimeSpan.FromSeconds(2) }, recorder);
        await client.ConnectAsync();
        await broker.WaitForAsync("Received PINGREQ");
        await broker.WaitForAsync("Received PINGREQ");
        client.IsConnected.ShouldBeTrue();
        broker.Pause();
        (await recorder.DisconnectAsync()).Cause.ShouldBe(DisconnectCause.KeepAliveTimeout);
        broker.Resume();
    }

    [Fact]
    public async Task Publish_over_the_brokers_packet_size_is_told_at_once()
    {
        await using var broker = await Mosquitto.StartAsync("max_packet_size 1000");
        await using var client = new MqttClient(OptionsFor(broker), new ClientRecorder());
        await client.ConnectAsync();
        client.TryPublish("t"u8, new byte[1000], MqttQos.AtLeastOnce).ShouldBe(PublishStart.TooLarge);
        var exception = await Should.ThrowAsync<MqttClientException>(() => client.PublishAsync("t", new byte[1000]));
        exception.ReasonCode.ShouldBe(ReasonCode.PacketTooLarge);
        (await client.PublishAsync("t", new byte[900], MqttQos.AtLeastOnce)).IsSuccess.ShouldBeTrue();
    }

    [Fact]
    public async Task Requests_without_an_answer_fail_when_the_connection_ends()
    {
        await using var broker = await Mosquitto.StartAsync();
        var recorder = new ClientRecorder();
        await using var client = new MqttClient(OptionsFor(broker), recorder);
        await client.ConnectAsync();
        broker.Pause();
        var subscribing = client.SubscribeAsync("t", MqttQos.AtMostOnce);
        await broker.KillAsync();
        (await Should.ThrowAsync<MqttClientException>(() => subscribing)).IsTransient.ShouldBeTrue();
    }

    [Fact]
    public async Task Client_can_connect_again_from_inside_its_disconnect_event()
    {
        await using var broker = await Mosquitto.StartAsync();
        var handler = new Reconnecting();
        await using var client = new MqttClient(OptionsFor(broker), handler);
        await client.ConnectAsync();
        await client.AbortAsync();
        (await handler.Again.Task.WaitAsync(TimeSpan.FromSeconds(30))).ReasonCode.ShouldBe(ReasonCode.Success);
    }

    private static MqttClientOptions OptionsFor(Mosquitto broker) => new() { Port = broker.Port, ClientId = "client" };

    private sealed class Reconnecting : IMqttClientHandler
    {
        private Task _connecting = Task.CompletedTask;

        public TaskCompletionSource<ConnAckPacket> Again { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool Received(MqttClient client, in PublishPacket packet, in MqttDelivery delivery) => true;

        public void Disconnected(MqttClient client, MqttDisconnect disconnect)
        {
            if (_connecting.IsCompleted && !Again.Task.IsCompleted)
            {
                _connecting = ConnectAsync(client);
            }
        }

        private async Task ConnectAsync(MqttClient client)
        {
            try
            {
                Again.TrySetResult(await client.ConnectAsync());
            }
            catch (Exception exception)
            {
                Again.TrySetException(exception);
            }
        }
    }
}
