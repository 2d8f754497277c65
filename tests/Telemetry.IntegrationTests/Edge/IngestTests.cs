using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using MQTTnet;
using MQTTnet.Formatter;
using MQTTnet.Protocol;
using Telemetry.Edge;
using Telemetry.Mqtt;
using Telemetry.Mqtt.Ingest;
using Telemetry.Testing;

namespace Telemetry.IntegrationTests.Edge;

public sealed class IngestTests
{
    [Fact]
    [Spec("MQTT-4.3.2-4"), Spec("MQTT3-4.3.2-2")]
    public async Task PubAck_is_not_sent_before_the_log_has_the_message()
    {
        var ingest = new ScriptedIngest();
        await using var broker = await TestBroker.StartAsync(ingest: ingest);
        await using var client = await broker.ConnectRawAsync("a");
        await client.PublishAsync("in/x", "one", MqttQos.AtLeastOnce, 7);
        await ingest.TakenAsync(1);
        // A packet behind the publish is answered while the publish is not.
        await client.PingAsync();
        ingest.Answer(0);
        var ack = await client.NextAsync();
        ack.Type.ShouldBe(MqttPacketType.PubAck);
        ack.Id.ShouldBe((ushort)7);
        ack.Code.ShouldBe(ReasonCode.Success);
    }

    [Fact]
    [Spec("MQTT-4.6.0-2"), Spec("MQTT-4.6.0-3"), Spec("MQTT3-4.6.0-2"), Spec("MQTT3-4.6.0-3")]
    public async Task Acknowledgements_go_out_in_the_order_of_the_publishes()
    {
        var ingest = new ScriptedIngest();
        await using var broker = await TestBroker.StartAsync(ingest: ingest);
        await using var client = await broker.ConnectRawAsync("a");
        for (ushort id = 1; id <= 5; id++)
        {
            await client.PublishAsync("in/x", $"{id}", id % 2 == 0 ? MqttQos.ExactlyOnce : MqttQos.AtLeastOnce, id);
        }

        // An ordinary publish behind them waits for its turn too.
        await client.PublishAsync("other", "6", MqttQos.AtLeastOnce, 6);
        await ingest.TakenAsync(5);
        foreach (var index in new[] { 4, 2, 0, 3, 1 })
        {
            ingest.Answer(index);
        }

        for (ushort id = 1; id <= 6; id++)
        {
            var ack = await client.NextAsync();
            ack.Id.ShouldBe(id);
            ack.Type.ShouldBe(id is 2 or 4 ? MqttPacketType.PubRec : MqttPacketType.PubAck);
        }
    }

    [Fact]
    public async Task Latency_of_an_acknowledgement_is_that_of_publishes_with_a_start_alone()
    {
        // Other brokers of this process measure too, with the real clock: what is measured here has durations that no other has.
        var clock = new StepClock();
        clock.Advance(TimeSpan.FromSeconds(1064));
        var measured = new ConcurrentQueue<double>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, l) =>
        {
            if (instrument.Name == "telemetry.edge.puback.duration")
            {
                l.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<double>((_, seconds, _, _) =>
        {
            if (seconds > 900)
            {
                measured.Enqueue(seconds);
            }
        });
        listener.Start();
        var ingest = new ScriptedIngest();
        await using var broker = await TestBroker.StartAsync(ingest: ingest, time: clock);
        await using var client = await broker.ConnectRawAsync("a");

        // The first two are the log's. Those behind them only wait their turn: an ordinary publish of either QoS, and a refused one.
        await client.PublishAsync("in/x", "1", MqttQos.AtLeastOnce, 1);
        await client.PublishAsync("in/x", "2", MqttQos.ExactlyOnce, 2);
        await client.PublishAsync("other", "3", MqttQos.AtLeastOnce, 3);
        await client.PublishAsync("other", "4", MqttQos.ExactlyOnce, 4);
        await client.PublishAsync("other", "4", MqttQos.ExactlyOnce, 4, dup: true);
        await ingest.TakenAsync(2);
        await client.PingAsync();
        clock.Advance(TimeSpan.FromSeconds(1000));
        ingest.Answer(1);
        ingest.Answer(0);
        foreach (var id in new ushort[] { 1, 2, 3, 4, 4 })
        {
            (await client.NextAsync()).Id.ShouldBe(id);
        }

        // And one that waits for nobody.
        await client.PublishAsync("other", "5", MqttQos.AtLeastOnce, 5);
        (await client.NextAsync()).Id.ShouldBe((ushort)5);

        measured.ShouldBe([1000, 1000]);
    }

    [Fact]
    [Spec("MQTT-4.3.3-10"), Spec("MQTT-4.3.3-12")]
    public async Task Repeated_qos_2_publish_is_ingested_once()
    {
        var ingest = new ScriptedIngest();
        await using var broker = await TestBroker.StartAsync(ingest: ingest);
        var session = new MqttProperties { SessionExpiryInterval = 100 };
        await using var first = await broker.ConnectRawAsync("a", clean: false, properties: session);
        await first.PublishAsync("in/x", "one", MqttQos.ExactlyOnce, 9);
        await ingest.TakenAsync(1);
        first.Cut();
        // Again on a new connection, while the log still works on it, and again after its answer.
        await using var second = await broker.ConnectRawAsync("a", clean: false, properties: session);
        await second.PublishAsync("in/x", "one", MqttQos.ExactlyOnce, 9, dup: true);
        await second.PingAsync();
        ingest.Answer(0);
        (await second.NextAsync()).Type.ShouldBe(MqttPacketType.PubRec);
        await second.PublishAsync("in/x", "one", MqttQos.ExactlyOnce, 9, dup: true);
        (await second.NextAsync()).Type.ShouldBe(MqttPacketType.PubRec);
        await second.AckAsync(MqttPacketType.PubRel, 9);
        (await second.NextAsync()).Type.ShouldBe(MqttPacketType.PubComp);
        (await ingest.TakenAsync(1)).Count.ShouldBe(1);
        // The identifier is free now: the next one is a new message. [MQTT-4.3.3-12]
        await second.PublishAsync("in/x", "two", MqttQos.ExactlyOnce, 9);
        (await ingest.TakenAsync(2)).ShouldBe(["one", "two"]);
    }

    [Theory]
    [InlineData(IngestOutcome.RejectedPayload, MqttClientPublishReasonCode.PayloadFormatInvalid)]
    [InlineData(IngestOutcome.RejectedIdentity, MqttClientPublishReasonCode.NotAuthorized)]
    [InlineData(IngestOutcome.RejectedTopic, MqttClientPublishReasonCode.TopicNameInvalid)]
    [Spec("MQTT-3.4.2-1"), Spec("MQTT3-3.3.5-2")]
    public async Task Rejection_is_told_in_5_0_and_acknowledged_in_3_1_1(IngestOutcome outcome, MqttClientPublishReasonCode code)
    {
        foreach (var version in new[] { MqttProtocolVersion.V500, MqttProtocolVersion.V311 })
        {
            var ingest = new ScriptedIngest();
            await using var broker = await TestBroker.StartAsync(ingest: ingest);
            await using var client = await broker.ConnectAsync("a", o => o.ProtocolVersion = version);
            var publishing = client.PublishAsync("in/x", "bad");
            await ingest.TakenAsync(1);
            ingest.Answer(0, outcome, "because");
            (await publishing).ReasonCode.ShouldBe(version == MqttProtocolVersion.V500 ? code : MqttClientPublishReasonCode.Success);
        }
    }

    [Fact]
    public async Task Success_carries_its_remark_in_PubAck_and_PubRec()
    {
        var ingest = new ScriptedIngest();
        await using var broker = await TestBroker.StartAsync(ingest: ingest);
        await using var client = await broker.ConnectAsync("a");
        var publishing = client.PublishAsync("in/x", "one");
        await ingest.TakenAsync(1);
        ingest.Answer(0, IngestOutcome.Stored, "2 of 3 readings were refused");
        var answer = await publishing;
        answer.ReasonCode.ShouldBe(MqttClientPublishReasonCode.Success);
        answer.ReasonString.ShouldBe("2 of 3 readings were refused");
        await using var raw = await broker.ConnectRawAsync("b");
        await raw.PublishAsync("in/x", "two", MqttQos.ExactlyOnce, 3);
        await ingest.TakenAsync(2);
        ingest.Answer(1, IngestOutcome.Stored, "as above");
        var received = await raw.NextAsync();
        (received.Type, received.Code, received.Reason).ShouldBe((MqttPacketType.PubRec, ReasonCode.Success, "as above"));
    }

    [Theory]
    [InlineData(MqttClientPublishReasonCode.Success, IngestOutcome.Stored)]
    [InlineData(MqttClientPublishReasonCode.PayloadFormatInvalid, IngestOutcome.RejectedPayload)]
    [Spec("MQTT-3.1.2-29"), Spec("MQTT-3.4.2-2")]
    public async Task Remark_is_left_out_for_a_client_that_wants_none_or_takes_no_packet_of_that_size(
        MqttClientPublishReasonCode code, IngestOutcome outcome)
    {
        var ingest = new ScriptedIngest();
        await using var broker = await TestBroker.StartAsync(ingest: ingest);
        var wishes = new Action<MqttClientOptions>[]
        {
            o => o.RequestProblemInformation = false,
            o => o.MaximumPacketSize = 100,
            _ => { },
        };
        for (var i = 0; i < wishes.Length; i++)
        {
            await using var client = await broker.ConnectAsync($"client-{i}", wishes[i]);
            var publishing = client.PublishAsync("in/x", "one");
            await ingest.TakenAsync(i + 1);
            ingest.Answer(i, outcome, new string('x', 200));
            var answer = await publishing;
            (answer.ReasonCode, answer.ReasonString?.Length).ShouldBe((code, i == 2 ? 200 : null));
        }
    }

    [Fact]
    public async Task Remark_of_any_length_and_any_character_is_made_to_fit()
    {
        var ingest = new ScriptedIngest();
        await using var broker = await TestBroker.StartAsync(ingest: ingest);
        await using var client = await broker.ConnectAsync("a");
        var publishing = client.PublishAsync("in/x", "one");
        await ingest.TakenAsync(1);
        ingest.Answer(0, IngestOutcome.RejectedPayload, "\0" + string.Concat(Enumerable.Repeat("\U0001F321", 50_000)) + "\ud800");
        var answer = await publishing;
        answer.ReasonCode.ShouldBe(MqttClientPublishReasonCode.PayloadFormatInvalid);
        answer.ReasonString.ShouldStartWith("\uFFFD\U0001F321");
        System.Text.Encoding.UTF8.GetByteCount(answer.ReasonString).ShouldBeInRange(1_000, 1_024);
    }

    [Fact]
    public async Task Failed_log_gets_no_acknowledgement_and_the_connection_is_closed()
    {
        var ingest = new ScriptedIngest();
        await using var broker = await TestBroker.StartAsync(ingest: ingest);
        await using var client = await broker.ConnectRawAsync("a");
        await client.PublishAsync("in/x", "one", MqttQos.AtLeastOnce, 1);
        await ingest.TakenAsync(1);
        ingest.Answer(0, IngestOutcome.Failed);
        var only = await client.NextAsync();
        only.Type.ShouldBe(MqttPacketType.Disconnect);
        (await client.TryNextAsync()).ShouldBeNull();
    }

    [Fact]
    public async Task Full_log_stops_reading_and_nothing_is_lost_when_it_has_room_again()
    {
        var ingest = new ScriptedIngest();
        ingest.Fill();
        await using var broker = await TestBroker.StartAsync(ingest: ingest);
        await using var client = await broker.ConnectRawAsync("a");
        for (ushort id = 1; id <= 20; id++)
        {
            await client.PublishAsync("in/x", $"{id}", MqttQos.AtLeastOnce, id);
        }

        ingest.MakeRoom();
        var taken = await ingest.TakenAsync(20);
        taken.ShouldBe(Enumerable.Range(1, 20).Select(i => $"{i}"));
        for (var i = 0; i < 20; i++)
        {
            ingest.Answer(i);
        }

        for (ushort id = 1; id <= 20; id++)
        {
            (await client.NextAsync()).Id.ShouldBe(id);
        }
    }

    [Fact]
    [Spec("MQTT-3.3.4-7"), Spec("MQTT-4.13.2-1")]
    public async Task Client_over_our_receive_maximum_sees_why_it_is_closed()
    {
        var ingest = new ScriptedIngest();
        await using var broker = await TestBroker.StartAsync(new EdgeOptions { ReceiveMaximum = 3 }, ingest);
        await using var client = await broker.ConnectRawAsync("a");
        for (ushort id = 1; id <= 50; id++)
        {
            await client.PublishAsync("in/x", $"{id}", id == 2 ? MqttQos.ExactlyOnce : MqttQos.AtLeastOnce, id);
        }

        await client.ShouldBeClosedAsync(ReasonCode.ReceiveMaximumExceeded);
        (await ingest.TakenAsync(3)).Count.ShouldBe(3);
    }

    [Fact]
    public async Task Three_one_one_client_over_the_window_is_only_not_read()
    {
        var ingest = new ScriptedIngest();
        await using var broker = await TestBroker.StartAsync(new EdgeOptions { ReceiveMaximum = 3 }, ingest);
        await using var client = await broker.ConnectRawAsync("a", MqttVersion.V311);
        for (ushort id = 1; id <= 10; id++)
        {
            await client.PublishAsync("in/x", $"{id}", MqttQos.AtLeastOnce, id);
        }

        for (var i = 0; i < 10; i++)
        {
            (await ingest.TakenAsync(i + 1)).Count.ShouldBeLessThanOrEqualTo(i + 3);
            ingest.Answer(i);
            (await client.NextAsync()).Id.ShouldBe((ushort)(i + 1));
        }
    }

    [Fact]
    public async Task Ingest_topics_reach_no_subscriber_and_are_not_retained()
    {
        var ingest = new ScriptedIngest();
        await using var broker = await TestBroker.StartAsync(ingest: ingest);
        await using var client = await broker.ConnectAsync("a");
        await client.SubscribeAsync("#");
        await client.PublishAsync("in/x", "one", MqttQualityOfServiceLevel.AtMostOnce, retain: true);
        await client.PublishAsync("out/x", "two", MqttQualityOfServiceLevel.AtMostOnce);
        (await client.NextAsync()).Topic.ShouldBe("out/x");
        await using var late = await broker.ConnectAsync("b");
        await late.SubscribeAsync("in/#");
        await late.ShouldBeQuietAsync();
    }

    [Fact]
    public async Task Stop_waits_for_answers_that_the_log_owes()
    {
        var ingest = new ScriptedIngest();
        await using var broker = await TestBroker.StartAsync(ingest: ingest);
        await using var client = await broker.ConnectAsync("a");
        var publishing = client.PublishAsync("in/x", "one");
        await ingest.TakenAsync(1);
        var stopping = broker.Broker.StopAsync();
        stopping.IsCompleted.ShouldBeFalse();
        ingest.Answer(0);
        (await publishing).ReasonCode.ShouldBe(MqttClientPublishReasonCode.Success);
        await client.ShouldBeClosedAsync(MqttClientDisconnectReason.ServerShuttingDown);
        await stopping;
    }

    [Fact]
    public async Task Will_on_an_ingest_topic_goes_to_the_log()
    {
        var ingest = new ScriptedIngest();
        await using var broker = await TestBroker.StartAsync(ingest: ingest);
        var client = await broker.ConnectAsync("a", o =>
        {
            o.WillTopic = "in/death";
            o.WillPayload = "gone"u8.ToArray();
        });
        client.Cut();
        (await ingest.TakenAsync(1)).ShouldBe(["gone"]);
        ingest.Answer(0);
    }
}
