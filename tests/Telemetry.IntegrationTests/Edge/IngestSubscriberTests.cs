using MQTTnet;
using MQTTnet.Protocol;
using Telemetry.Edge;
using Telemetry.Mqtt;
using Telemetry.Mqtt.Ingest;

namespace Telemetry.IntegrationTests.Edge;

/// <summary>Subscribers of ingest topics get what the log has taken, after it has it.</summary>
public sealed class IngestSubscriberTests
{
    [Theory]
    [InlineData(MqttQos.AtMostOnce)]
    [InlineData(MqttQos.AtLeastOnce)]
    [InlineData(MqttQos.ExactlyOnce)]
    public async Task Subscriber_gets_a_reading_when_the_log_has_it_and_not_before(MqttQos qos)
    {
        var ingest = new ScriptedIngest();
        await using var broker = await TestBroker.StartAsync(ingest: ingest);
        await using var device = await broker.ConnectRawAsync("device");
        // Nobody subscribes yet: what was found then must not hold.
        await device.PublishAsync("in/x", "before", qos, 1);
        await ingest.TakenAsync(1);
        ingest.Answer(0);
        await using var subscriber = await broker.ConnectAsync("subscriber");
        await subscriber.SubscribeAsync("in/+", MqttQualityOfServiceLevel.ExactlyOnce);
        await using var all = await broker.ConnectAsync("all");
        await all.SubscribeAsync("#");
        await device.PublishAsync("in/x", "reading", qos, 2);
        await ingest.TakenAsync(2);
        await subscriber.ShouldBeQuietAsync();
        ingest.Answer(1);
        var got = await subscriber.NextAsync();
        (got.Topic, got.ConvertPayloadToString(), (int)got.QualityOfServiceLevel, got.Retain).ShouldBe(("in/x", "reading", (int)qos, false));
        (await all.NextAsync()).ConvertPayloadToString().ShouldBe("reading");
        await subscriber.Client.UnsubscribeAsync("in/+", TestContext.Current.CancellationToken);
        await device.PublishAsync("in/x", "after", qos, 3);
        await ingest.TakenAsync(3);
        ingest.Answer(2);
        (await all.NextAsync()).ConvertPayloadToString().ShouldBe("after");
        await subscriber.ShouldBeQuietAsync();
    }

    [Theory]
    [InlineData(IngestOutcome.RejectedPayload)]
    [InlineData(IngestOutcome.RejectedIdentity)]
    [InlineData(IngestOutcome.RejectedTopic)]
    [InlineData(IngestOutcome.Failed)]
    public async Task What_the_log_does_not_take_reaches_no_subscriber(IngestOutcome outcome)
    {
        var ingest = new ScriptedIngest();
        await using var broker = await TestBroker.StartAsync(ingest: ingest);
        await using var subscriber = await broker.ConnectAsync("subscriber");
        await subscriber.SubscribeAsync("in/#");
        await using var device = await broker.ConnectRawAsync("device");
        await device.PublishAsync("in/x", "reading", MqttQos.AtLeastOnce, 1);
        await ingest.TakenAsync(1);
        ingest.Answer(0, outcome);
        // Its answer, or its end.
        await device.TryNextAsync();
        await subscriber.ShouldBeQuietAsync();
    }

    [Fact]
    public async Task Reading_goes_out_once_although_it_waited_for_room()
    {
        var ingest = new ScriptedIngest();
        await using var broker = await TestBroker.StartAsync(ingest: ingest);
        await using var subscriber = await broker.ConnectAsync("subscriber");
        await subscriber.SubscribeAsync("in/#");
        await using var device = await broker.ConnectRawAsync("device");
        ingest.Fill();
        await device.PublishAsync("in/x", "held", MqttQos.AtLeastOnce, 1);
        while (broker.Broker.Metrics.IngestPauses == 0)
        {
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }

        ingest.MakeRoom();
        await ingest.TakenAsync(1);
        ingest.Answer(0);
        (await device.NextAsync()).Type.ShouldBe(MqttPacketType.PubAck);
        (await subscriber.NextAsync()).ConvertPayloadToString().ShouldBe("held");
        await subscriber.ShouldBeQuietAsync();
    }

    [Fact]
    public async Task Will_on_an_ingest_topic_reaches_subscribers_when_the_log_has_it()
    {
        var ingest = new ScriptedIngest();
        await using var broker = await TestBroker.StartAsync(ingest: ingest);
        await using var subscriber = await broker.ConnectAsync("subscriber");
        await subscriber.SubscribeAsync("in/#");
        await using (var device = await broker.ConnectRawAsync("device", will: new WillMessage { TopicName = "in/death", Payload = "gone"u8.ToArray(), Retain = true }))
        {
            device.Cut();
        }

        await ingest.TakenAsync(1);
        await subscriber.ShouldBeQuietAsync();
        ingest.Answer(0);
        (await subscriber.NextAsync()).ConvertPayloadToString().ShouldBe("gone");
        await using var late = await broker.ConnectAsync("late");
        await late.SubscribeAsync("in/#");
        await late.ShouldBeQuietAsync();
    }

    [Fact]
    public async Task Subscription_that_the_rules_do_not_cover_is_refused_as_any_other()
    {
        var ingest = new ScriptedIngest();
        await using var broker = await TestBroker.StartAsync(
            new EdgeOptions { AccessRules = [new AccessRuleOptions { Publish = ["in/#"], Subscribe = ["in/{client}"] }] }, ingest);
        await using var nosy = await broker.ConnectAsync("nosy");
        var answer = await nosy.Client.SubscribeAsync("in/x", cancellationToken: TestContext.Current.CancellationToken);
        answer.Items.ShouldHaveSingleItem().ResultCode.ShouldBe(MqttClientSubscribeResultCode.NotAuthorized);
        await using var device = await broker.ConnectRawAsync("device");
        await device.PublishAsync("in/x", "reading", MqttQos.AtLeastOnce, 1);
        await ingest.TakenAsync(1);
        ingest.Answer(0);
        await device.NextAsync();
        await nosy.ShouldBeQuietAsync();
    }
}
