using Telemetry.Mqtt;
using Telemetry.Mqtt.Ingest;
using Telemetry.Testing;

namespace Telemetry.IntegrationTests.Edge.Conformance;

/// <summary>Chapters 4.3 to 4.6: delivery protocols, redelivery and order.</summary>
public sealed class QosTests
{
    [Theory]
    [InlineData(MqttVersion.V311)]
    [InlineData(MqttVersion.V500)]
    [Spec("MQTT-4.3.1-1"), Spec("MQTT-4.3.2-1"), Spec("MQTT-4.3.2-2"), Spec("MQTT-4.3.3-1"), Spec("MQTT-4.3.3-2"), Spec("MQTT-4.3.3-4")]
    [Spec("MQTT-2.2.1-2"), Spec("MQTT-2.2.1-4"), Spec("MQTT-3.3.1-2")]
    [Spec("MQTT3-4.3.1-1"), Spec("MQTT3-4.3.2-1"), Spec("MQTT3-4.3.3-1"), Spec("MQTT3-2.3.1-1"), Spec("MQTT3-2.3.1-4")]
    [Spec("MQTT3-2.3.1-5"), Spec("MQTT3-3.3.1-2")]
    public async Task Sender_keeps_to_the_protocol_of_each_qos(MqttVersion version)
    {
        await using var broker = await TestBroker.StartAsync();
        await using var client = await broker.ConnectRawAsync("c", version);
        await client.SubscribeAsync("t", MqttQos.ExactlyOnce);

        // QoS 0, byte for byte: no identifier, flags 0.
        await broker.Broker.PublishAsync("t", "x"u8.ToArray());
        var zero = await client.NextAsync();
        zero.Flags.ShouldBe((byte)0);
        zero.Body.ShouldBe(version == MqttVersion.V311 ? [0, 1, (byte)'t', (byte)'x'] : [0, 1, (byte)'t', 0, (byte)'x']);

        var ids = new HashSet<ushort>();
        foreach (var qos in new[] { MqttQos.AtLeastOnce, MqttQos.ExactlyOnce, MqttQos.AtLeastOnce, MqttQos.ExactlyOnce })
        {
            await broker.Broker.PublishAsync("t", "x"u8.ToArray(), qos);
            var copy = await client.TakeAsync();
            (copy.Qos, copy.Duplicate).ShouldBe((qos, false));
            copy.Id.ShouldNotBe((ushort)0);
            ids.Add(copy.Id).ShouldBeTrue("none of the four is acknowledged");
            if (qos == MqttQos.ExactlyOnce)
            {
                await client.AckAsync(MqttPacketType.PubRec, copy.Id);
                var release = await client.NextAsync();
                (release.Type, release.Id).ShouldBe((MqttPacketType.PubRel, copy.Id));
            }
        }

        await client.PingAsync();
    }

    [Theory]
    [InlineData(MqttVersion.V311)]
    [InlineData(MqttVersion.V500)]
    [Spec("MQTT-4.3.2-4"), Spec("MQTT-4.3.2-5"), Spec("MQTT-4.3.3-8"), Spec("MQTT-4.3.3-10"), Spec("MQTT-4.3.3-11"), Spec("MQTT-4.3.3-12")]
    [Spec("MQTT3-4.3.2-2"), Spec("MQTT3-4.3.3-2")]
    public async Task Receiver_takes_a_message_once_and_its_identifier_anew_after_that(MqttVersion version)
    {
        await using var broker = await TestBroker.StartAsync();
        await using var watcher = await broker.ConnectRawAsync("w", version);
        await watcher.SubscribeAsync("t");
        await using var client = await broker.ConnectRawAsync("c", version);
        foreach (var (payload, duplicate) in new[] { ("1", false), ("2", false), ("3", true) })
        {
            await client.PublishAsync("t", payload, MqttQos.AtLeastOnce, 9, duplicate);
            (await client.NextAsync()).Type.ShouldBe(MqttPacketType.PubAck);
            (await watcher.TakeAsync()).Payload.ShouldBe(payload);
        }

        await client.PublishAsync("t", "4", MqttQos.ExactlyOnce, 9);
        await client.PublishAsync("t", "4", MqttQos.ExactlyOnce, 9, dup: true);
        (await client.NextAsync()).Type.ShouldBe(MqttPacketType.PubRec);
        (await client.NextAsync()).Type.ShouldBe(MqttPacketType.PubRec);
        await client.AckAsync(MqttPacketType.PubRel, 9);
        (await client.NextAsync()).Type.ShouldBe(MqttPacketType.PubComp);
        (await watcher.TakeAsync()).Payload.ShouldBe("4");
        await watcher.PingAsync();
        await client.DeliverAsync("t", "5", MqttQos.ExactlyOnce, 9);
        (await watcher.TakeAsync()).Payload.ShouldBe("5");
    }

    [Theory]
    [InlineData(MqttVersion.V311)]
    [InlineData(MqttVersion.V500)]
    [Spec("MQTT-4.4.0-1"), Spec("MQTT-3.3.1-1"), Spec("MQTT-4.6.0-1"), Spec("MQTT-4.3.2-3"), Spec("MQTT-4.3.3-3"), Spec("MQTT-4.3.3-5"), Spec("MQTT-4.3.3-6")]
    [Spec("MQTT3-4.4.0-1"), Spec("MQTT3-3.3.1-1"), Spec("MQTT3-4.6.0-1"), Spec("MQTT3-2.3.1-4"), Spec("MQTT3-4.3.2-1"), Spec("MQTT3-4.3.3-1")]
    public async Task Unacknowledged_packets_are_sent_again_in_order_on_a_reconnect_and_at_no_other_time(MqttVersion version)
    {
        var clock = new StepClock();
        await using var broker = await TestBroker.StartAsync(time: clock);
        var (client, _) = await broker.ResumeAsync("c", version);
        await client.SubscribeAsync("t", MqttQos.ExactlyOnce);
        var sent = new List<Delivered>();
        foreach (var (payload, qos) in new[] { ("1", 1), ("2", 2), ("3", 2), ("4", 1), ("5", 1) })
        {
            await broker.Broker.PublishAsync("t", System.Text.Encoding.UTF8.GetBytes(payload), (MqttQos)qos);
            sent.Add(await client.TakeAsync());
        }

        await client.AckAsync(MqttPacketType.PubAck, sent[4].Id);
        await client.AckAsync(MqttPacketType.PubRec, sent[2].Id);
        (await client.NextAsync()).Type.ShouldBe(MqttPacketType.PubRel);
        clock.Advance(TimeSpan.FromSeconds(500));
        await client.PingAsync();
        for (var round = 0; round < 2; round++)
        {
            await broker.CrashAsync(client);
            (client, var present) = await broker.ResumeAsync("c", version);
            present.ShouldBeTrue();
            (await client.TakeAsync()).ShouldBeAgain(sent[0]);
            (await client.TakeAsync()).ShouldBeAgain(sent[1]);
            var release = await client.NextAsync();
            (release.Type, release.Id).ShouldBe((MqttPacketType.PubRel, sent[2].Id));
            (await client.TakeAsync()).ShouldBeAgain(sent[3]);
            await client.PingAsync();
        }

        await client.AckAsync(MqttPacketType.PubComp, sent[2].Id);
        await broker.CrashAsync(client);
        (client, _) = await broker.ResumeAsync("c", version);
        (await client.TakeAsync()).Payload.ShouldBe("1");
        (await client.TakeAsync()).Payload.ShouldBe("2");
        (await client.TakeAsync()).Payload.ShouldBe("4");
        await client.PingAsync();
        await client.DisposeAsync();
    }

    [Fact]
    [Spec("MQTT-4.4.0-2"), Spec("MQTT-4.3.3-4"), Spec("MQTT-3.3.4-9")]
    public async Task Delivery_that_was_answered_with_an_error_is_not_sent_again()
    {
        await using var broker = await TestBroker.StartAsync();
        var (client, _) = await broker.ResumeAsync("c", MqttVersion.V500);
        await client.SubscribeAsync("t", MqttQos.ExactlyOnce);
        await broker.Broker.PublishAsync("t", "1"u8.ToArray(), MqttQos.AtLeastOnce);
        await broker.Broker.PublishAsync("t", "2"u8.ToArray(), MqttQos.ExactlyOnce);
        foreach (var type in new[] { MqttPacketType.PubAck, MqttPacketType.PubRec })
        {
            var copy = await client.TakeAsync();
            await client.WriteAsync(o => PubAckPacket.Write(o, type, MqttVersion.V500, copy.Id, ReasonCode.ImplementationSpecificError));
        }

        // No PUBREL either.
        await client.PingAsync();
        await broker.CrashAsync(client);
        (client, var present) = await broker.ResumeAsync("c", MqttVersion.V500);
        present.ShouldBeTrue();
        await client.PingAsync();
        await client.DisposeAsync();
    }

    [Fact]
    [Spec("MQTT-4.3.3-7"), Spec("MQTT-4.3.3-13")]
    public async Task Exactly_once_exchange_goes_on_when_its_message_has_expired()
    {
        var clock = new StepClock();
        await using var broker = await TestBroker.StartAsync(time: clock);
        var (client, _) = await broker.ResumeAsync("c", MqttVersion.V500);
        await client.SubscribeAsync("t", MqttQos.ExactlyOnce);
        await using var publisher = await broker.ConnectRawAsync("p");
        await publisher.PublishAsync("t", "x", MqttQos.ExactlyOnce, 3, expiry: 10);
        (await publisher.NextAsync()).Type.ShouldBe(MqttPacketType.PubRec);
        var first = await client.TakeAsync();
        clock.Advance(TimeSpan.FromSeconds(100));

        // The receiver's side: it took the message, whatever became of it.
        await publisher.AckAsync(MqttPacketType.PubRel, 3);
        var completed = await publisher.NextAsync();
        (completed.Type, completed.Id, completed.Code).ShouldBe((MqttPacketType.PubComp, (ushort)3, ReasonCode.Success));

        // The sender's side: it was sent, so it is sent again.
        await broker.CrashAsync(client);
        (client, _) = await broker.ResumeAsync("c", MqttVersion.V500);
        var again = await client.ReceiveAsync();
        (again.Id, again.Duplicate, again.Payload).ShouldBe((first.Id, true, "x"));
        await client.DisposeAsync();
    }

    [Theory]
    [InlineData(MqttVersion.V311)]
    [InlineData(MqttVersion.V500)]
    [Spec("MQTT-4.6.0-5"), Spec("MQTT-4.6.0-6"), Spec("MQTT3-4.6.0-5"), Spec("MQTT3-4.6.0-6")]
    public async Task Messages_of_one_client_topic_and_qos_keep_their_order(MqttVersion version)
    {
        const int Count = 300;
        await using var broker = await TestBroker.StartAsync();
        await using var client = await broker.ConnectRawAsync("c", version);
        await client.SubscribeAsync("t", MqttQos.ExactlyOnce);
        await using var publisher = await broker.ConnectRawAsync("p", version);
        var receiving = Task.Run(async () =>
        {
            var got = new List<(MqttQos Qos, int Number)>();
            while (got.Count < Count)
            {
                var packet = await client.NextAsync();
                if (packet.Type == MqttPacketType.PubRel)
                {
                    await client.AckAsync(MqttPacketType.PubComp, packet.Id);
                    continue;
                }

                var copy = Delivered.Of(packet);
                got.Add((copy.Qos, int.Parse(copy.Payload, System.Globalization.CultureInfo.InvariantCulture)));
                if (copy.Qos != MqttQos.AtMostOnce)
                {
                    await client.AckAsync(copy.Qos == MqttQos.AtLeastOnce ? MqttPacketType.PubAck : MqttPacketType.PubRec, copy.Id);
                }
            }

            return got;
        });
        for (var i = 0; i < Count; i++)
        {
            await publisher.DeliverAsync("t", $"{i}", (MqttQos)(i % 3), (ushort)(i + 1));
        }

        foreach (var qos in (await receiving).GroupBy(m => m.Qos))
        {
            qos.Select(m => m.Number).ShouldBe(Enumerable.Range(0, Count).Where(i => i % 3 == (int)qos.Key), $"{qos.Key}");
        }
    }

    [Theory]
    [InlineData(MqttVersion.V311)]
    [InlineData(MqttVersion.V500)]
    [Spec("MQTT3-4.8.0-2"), Spec("MQTT-4.13.2-1")]
    public async Task Publish_that_the_log_cannot_take_is_not_acknowledged_and_the_connection_ends(MqttVersion version)
    {
        var ingest = new ScriptedIngest();
        await using var broker = await TestBroker.StartAsync(ingest: ingest);
        await using var client = await broker.ConnectRawAsync("c", version);
        await client.PublishAsync("in/x", "1", MqttQos.AtLeastOnce, 1);
        await ingest.TakenAsync(1);
        ingest.Answer(0, IngestOutcome.Failed);
        await client.ShouldEndAsync(ReasonCode.ServerBusy);
    }
}
