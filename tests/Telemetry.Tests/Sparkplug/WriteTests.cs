using System.Text.Json;
using Telemetry.Contracts.Sparkplug;
using Telemetry.Contracts.V1;
using Telemetry.Query.Commands;
using Telemetry.Testing;
using Telemetry.Testing.Sparkplug.Wire;

namespace Telemetry.Tests.Sparkplug;

/// <summary>What is written to a metric, as it goes over the wire.</summary>
public sealed class WriteTests
{
    private const long NowMs = 1_700_000_000_123;

    [Theory]
    [InlineData("Int8", "-1", 1u, 0xFFFF_FFFFul)]
    [InlineData("Int16", "-32768", 2u, 0xFFFF_8000ul)]
    [InlineData("Int32", "2147483647", 3u, 0x7FFF_FFFFul)]
    [InlineData("Int64", "\"-9223372036854775808\"", 4u, 0x8000_0000_0000_0000ul)]
    [InlineData("UInt8", "255", 5u, 255ul)]
    [InlineData("UInt16", "65535", 6u, 65535ul)]
    [InlineData("UInt32", "4294967295", 7u, 4294967295ul)]
    [InlineData("UInt64", "18446744073709551615", 8u, 18446744073709551615ul)]
    [InlineData("DateTime", "1700000000000", 13u, 1700000000000ul)]
    public void Integers_go_into_the_field_of_their_type(string type, string json, uint code, ulong bits)
    {
        var metric = Encode(type, json);
        metric.Datatype.ShouldBe(code);
        (metric.HasIntValue ? metric.IntValue : metric.LongValue).ShouldBe(bits);
        metric.HasLongValue.ShouldBe(type is "Int64" or "UInt64" or "DateTime");
    }

    [Fact]
    [Spec("tck-id-payloads-ncmd-timestamp")]
    [Spec("tck-id-payloads-ncmd-seq")]
    public void Other_values_go_into_theirs_and_the_message_has_a_time_and_no_number()
    {
        Encode("Boolean", "false").ShouldSatisfyAllConditions(m => m.HasBooleanValue.ShouldBeTrue(), m => m.BooleanValue.ShouldBeFalse());
        Encode("Float", "1.5").FloatValue.ShouldBe(1.5f);
        Encode("Double", "-1e300").DoubleValue.ShouldBe(-1e300);
        Encode("String", "\"größer\"").StringValue.ShouldBe("größer");
        Encode("Text", "\"\"").HasStringValue.ShouldBeTrue();
        Encode("UUID", "\"0b9a1c7e-3f0a-4c55-9d8e-0123456789ab\"").Datatype.ShouldBe(15u);
        var payload = Payload.Parser.ParseFrom(SparkplugCommand.Payload("m", SparkplugScalar.True, NowMs));
        (payload.Timestamp, payload.HasSeq, payload.Metrics.Single().Timestamp).ShouldBe(((ulong)NowMs, false, (ulong)NowMs));
    }

    [Theory]
    [InlineData("Int8", "128")]
    [InlineData("Int8", "-129")]
    [InlineData("UInt8", "-1")]
    [InlineData("UInt8", "256")]
    [InlineData("Int32", "1.5")]
    [InlineData("UInt64", "18446744073709551616")]
    [InlineData("Boolean", "1")]
    [InlineData("String", "1")]
    [InlineData("Float", "1e39")]
    [InlineData("UUID", "\"x\"")]
    [InlineData("DataSet", "{}")]
    public void Value_that_does_not_fit_its_type_is_refused_by_name(string type, string json) =>
        SparkplugScalar.TryRead(type, Json(json), out _)!.ShouldContain(type);

    [Theory]
    [InlineData("plant:line-1", "spBv1.0/plant/NCMD/line-1")]
    [InlineData("plant:line-1:press_x207", "spBv1.0/plant/DCMD/line-1/press 7")]
    [Spec("tck-id-topics-ncmd-topic")]
    [Spec("tck-id-topics-dcmd-topic")]
    public void Device_id_says_where_a_write_goes(string device, string topic)
    {
        var command = new DeviceCommand { Device = device, Name = SparkplugWrites.Write, IssuedAtUs = NowMs * 1000 };
        SparkplugWrites.TryComplete(command, Json("""{"metric": "Outputs/Valve 1", "value": true}""")).ShouldBeNull();
        command.Topic.ShouldBe(topic);
        Payload.Parser.ParseFrom(command.Payload).Metrics.Single().Name.ShouldBe("Outputs/Valve 1");
    }

    [Theory]
    [InlineData("press-7", """{"metric": "m", "value": true}""", "not an edge node")]
    [InlineData("a_x2Fb:c", """{"metric": "m", "value": true}""", "not an edge node")]
    [InlineData("a:_x2B", """{"metric": "m", "value": true}""", "not an edge node")]
    [InlineData("a:b", """{"metric": "m", "value": 1}""", "type")]
    [InlineData("a:b", """{"metric": "m", "value": 1, "typ": "Int8"}""", "'typ'")]
    [InlineData("a:b", """{"value": true}""", "metric")]
    [InlineData("a:b", "1", "payload")]
    public void Write_that_cannot_be_meant_is_refused_with_what_to_give(string device, string payload, string expected)
    {
        var command = new DeviceCommand { Device = device, Name = SparkplugWrites.Write };
        SparkplugWrites.TryComplete(command, Json(payload))!.ShouldContain(expected);
        command.Topic.ShouldBeEmpty();
    }

    private static Payload.Types.Metric Encode(string type, string json)
    {
        SparkplugScalar.TryRead(type, Json(json), out var value).ShouldBeNull();
        return Payload.Parser.ParseFrom(SparkplugCommand.Payload("m", value, NowMs)).Metrics.ShouldHaveSingleItem();
    }

    private static JsonElement Json(string text) => JsonElement.Parse(text);
}
