using Telemetry.Bridge;
using Telemetry.Bridge.Ingest;
using Telemetry.Mqtt.Ingest;

namespace Telemetry.Tests.Bridge;

/// <summary>Topics and shapes that devices have and that are taken where the configuration says so.</summary>
public sealed class TopicPatternTests
{
    [Fact]
    public async Task A_flat_object_becomes_a_reading_for_each_number_by_its_path()
    {
        await using var bridge = Bridge(new() { Pattern = "zigbee2mqtt/{device}", Shapes = PayloadShapes.Flat });
        bridge.Publish("""{"temperature":21.5,"humidity":40,"battery":{"voltage":3.01,"low":true},"state":"ON","last":null,"list":[1,{"a":2}]}""", "zigbee2mqtt/lamp");
        bridge.TheAnswer().ShouldBe(new IngestResult(IngestOutcome.Stored));
        var batch = bridge.Stored.ShouldHaveSingleItem();
        (batch.Device, batch.TimesAssigned).ShouldBe(("lamp", true));
        batch.Sensors.ShouldBe(["temperature", "humidity", "battery.voltage", "battery.low"]);
        batch.Values.ShouldBe([21.5, 40, 3.01, 1]);
        bridge.DeadLetters.ShouldBeEmpty();
    }

    [Fact]
    public async Task The_time_of_a_flat_object_is_the_member_that_is_named_wherever_it_stands()
    {
        await using var bridge = Bridge(new() { Pattern = "tb/{device}", Shapes = PayloadShapes.Flat, TimeMember = "ts", Ignore = ["note", "Wifi"] });
        bridge.Publish("""{"a":1,"ts":1777896000000,"Wifi":{"RSSI":54},"b":2}""", "tb/d");
        var batch = bridge.Stored.ShouldHaveSingleItem();
        batch.Sensors.ShouldBe(["a", "b"]);
        BridgeFixture.Times(batch).ShouldBe([BridgeFixture.NowUs, BridgeFixture.NowUs]);
        batch.TimesAssigned.ShouldBeFalse();
    }

    [Theory]
    [InlineData("Time", "2026-05-01T12:00:00")]
    [InlineData("ts", "1777896000")]
    [InlineData("timestamp", "x")]
    public async Task A_member_that_looks_like_the_time_of_a_flat_object_must_be_named_or_passed_over(string name, string value)
    {
        await using var bridge = Bridge(new() { Pattern = "tasmota/{device}", Shapes = PayloadShapes.Flat });
        bridge.Publish($$"""{"{{name}}":"{{value}}","a":1}""", "tasmota/d");
        var letter = bridge.DeadLetters.ShouldHaveSingleItem();
        (letter.Cause, letter.Detail.Contains("TimeMember", StringComparison.Ordinal)).ShouldBe(("unknown-member", true));
    }

    [Theory]
    [InlineData("21.5", 21.5)]
    [InlineData("  -3e2\r\n", -300)]
    [InlineData("80", 80)]
    [InlineData("true", 1)]
    [InlineData("\"NaN\"", double.NaN)]
    [InlineData("\ufeff7", 7)]
    public async Task A_bare_number_takes_device_and_sensor_from_the_topic(string payload, double value)
    {
        await using var bridge = Bridge(new() { Pattern = "plant/+/{device}/{sensor}", Shapes = PayloadShapes.Value });
        bridge.Publish(payload, "plant/line1/press7/temperature");
        bridge.TheAnswer().ShouldBe(new IngestResult(IngestOutcome.Stored));
        var batch = bridge.Stored.ShouldHaveSingleItem();
        (batch.Device, batch.Sensors.Single(), batch.Values.Single()).ShouldBe(("press7", "temperature", value));
    }

    [Fact]
    public async Task An_object_on_a_topic_with_a_sensor_needs_to_name_none()
    {
        await using var bridge = Bridge(new() { Pattern = "plant/{device}/{sensor}", Shapes = PayloadShapes.Value });
        bridge.Publish("""{"value":2,"time":"2026-05-04T12:00:00Z"}""", "plant/press7/speed");
        bridge.Stored.ShouldHaveSingleItem().Sensors.ShouldBe(["speed"]);
    }

    [Fact]
    public async Task An_array_of_readings_is_one_batch_also_on_our_own_topic()
    {
        await using var bridge = Bridge(new() { Pattern = "telemetry/v1/{device}/readings", Shapes = PayloadShapes.Array | PayloadShapes.Flat });
        bridge.Publish("""[{"sensor":"t","value":1},{"sensor":"u","value":2},{"pressure":3,"flow":4}]""");
        bridge.TheAnswer().ShouldBe(new IngestResult(IngestOutcome.Stored));
        var batch = bridge.Stored.ShouldHaveSingleItem();
        batch.Sensors.ShouldBe(["t", "u", "pressure", "flow"]);
        batch.Values.ShouldBe([1, 2, 3, 4]);
        bridge.Publish("""{"sensor":"t","value":5}""");
        bridge.Stored.Count().ShouldBe(2);
    }

    [Theory]
    [InlineData("""[{"sensor":"t","value":1}]""", "array")]
    [InlineData("21.5", "number")]
    [InlineData("80", "number")]
    [InlineData("true", "JSON")]
    [InlineData("""{"temperature":21.5}""", "\"temperature\"")]
    [InlineData("garbage", "JSON")]
    public async Task Without_a_pattern_shapes_are_refused_in_words_of_JSON(string payload, string word)
    {
        await using var bridge = new BridgeFixture();
        bridge.Publish(payload);
        bridge.TheAnswer().Outcome.ShouldBe(IngestOutcome.RejectedPayload);
        var detail = bridge.DeadLetters.ShouldHaveSingleItem().Detail;
        detail.ShouldContain(word);
        detail.ShouldNotContain("rotobuf");
    }

    [Theory]
    [InlineData("", "empty")]
    [InlineData("plant/{sensor}", "device 0 times")]
    [InlineData("{device}/{device}/x", "device 2 times")]
    [InlineData("plant/{device}/#", "'#'")]
    [InlineData("plant/x{device}/{device}", "'x{device}'")]
    [InlineData("+/{device}", "plain text")]
    [InlineData("$SYS/{device}", "name space")]
    [InlineData("telemetry/v1/{device}/other", "name space")]
    [InlineData("plant/{device}", "has no {sensor}")]
    public void A_pattern_that_cannot_be_meant_is_an_error_of_the_configuration(string pattern, string problem)
    {
        var options = new BridgeOptions { Topics = [new() { Pattern = "ok/{device}" }, new() { Pattern = pattern, Shapes = PayloadShapes.Value }] };
        var error = options.Validate(new(options)).ShouldHaveSingleItem();
        error.ErrorMessage!.ShouldContain(problem);
        error.MemberNames.ShouldBe(["Topics:1:Pattern"]);
    }

    [Theory]
    [InlineData("plant/press 7/t", "U+0020")]
    [InlineData("plant//t", "missing or empty")]
    [InlineData("plant/press7/a b", "U+0020")]
    public async Task A_topic_with_an_illegal_name_is_refused_with_the_character(string topic, string fault)
    {
        await using var bridge = Bridge(new() { Pattern = "plant/{device}/{sensor}", Shapes = PayloadShapes.Value });
        bridge.Publish("1", topic);
        bridge.TheAnswer().Outcome.ShouldBe(IngestOutcome.RejectedTopic);
        bridge.DeadLetters.ShouldHaveSingleItem().Detail.ShouldContain(fault);
    }

    [Theory]
    [InlineData("/telemetry/v1/x/readings", "slash")]
    [InlineData("Telemetry/v1/x/readings", "letters")]
    [InlineData("TELEMETRY/V1/x/readings", "letters")]
    [InlineData("telemetry/V1/x/readings", "letters")]
    [InlineData("telemetry/v2/x/readings", "version")]
    [InlineData("telemetry/x/readings", "no version")]
    [InlineData("telemetry/x/Readings", "no version")]
    public async Task A_topic_that_looks_like_ours_gets_a_hint(string topic, string fault)
    {
        await using var bridge = new BridgeFixture();
        var name = System.Text.Encoding.UTF8.GetBytes(topic);
        bridge.Ingest.Accepts(name).ShouldBeFalse();
        bridge.Ingest.HintFor(name)!.ShouldContain(fault);
    }

    [Theory]
    [InlineData("plant/telemetry/v1/x/readings")]
    [InlineData("telemetry")]
    [InlineData("telemetry/settings/x")]
    [InlineData("telemetrics/v1/x/readings")]
    [InlineData("")]
    [InlineData("/")]
    public void Other_topics_get_none(string topic) => IngestTopics.HintFor(System.Text.Encoding.UTF8.GetBytes(topic)).ShouldBeNull();

    private static BridgeFixture Bridge(TopicPatternOptions pattern)
    {
        var options = new BridgeOptions { Topics = [pattern] };
        options.Validate(new(options)).ShouldBeEmpty();
        return new BridgeFixture(options);
    }
}
