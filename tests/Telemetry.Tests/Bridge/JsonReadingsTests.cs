using Telemetry.Bridge.Json;
using Telemetry.Contracts.V1;
using Telemetry.Mqtt.Ingest;

namespace Telemetry.Tests.Bridge;

public sealed class JsonReadingsTests : IAsyncDisposable
{
    private readonly BridgeFixture _bridge = new();

    public ValueTask DisposeAsync() => _bridge.DisposeAsync();

    [Fact]
    public void The_long_form_becomes_the_batch_it_says()
    {
        _bridge.Publish("""
             {"device":"press-1","boot":"18446744073709551615","seq":9,"readings":[
               {"sensor":"t","time":"2026-05-04T12:00:00.123456Z","value":1.5,"quality":"uncertain"},
               {"sensor":"p","time":1777896000123,"value":"NaN"},
               {"sensor":"t","time":1777896000123456,"value":"-Infinity","quality":2},
               {"sensor":"valve\/open","value":true}]}
            """).ShouldBeTrue();
        _bridge.TheAnswer().ShouldBe(new IngestResult(IngestOutcome.Stored));
        var batch = _bridge.Stored.ShouldHaveSingleItem();
        batch.Device.ShouldBe("press-1");
        batch.BootId.ShouldBe(ulong.MaxValue);
        batch.FirstSequence.ShouldBe(9UL);
        batch.Sensors.ShouldBe(["t", "p", "valve/open"]);
        batch.SensorIndexes.ShouldBe([0u, 1u, 0u, 2u]);
        batch.Values.ShouldBe([1.5, double.NaN, double.NegativeInfinity, 1]);
        batch.Qualities.ShouldBe([Quality.Uncertain, Quality.GoodUnspecified, Quality.Bad, Quality.GoodUnspecified]);
        var time = batch.BaseTimeUs;
        batch.TimeDeltasUs.Select(d => (time += d) - BridgeFixture.NowUs).ShouldBe([123456, 123000, 123456, 0]);
    }

    [Theory]
    [InlineData("\"2026-05-04T12:00:00Z\"", 0)]
    [InlineData("\"2026-05-04t12:00:00z\"", 0)]
    [InlineData("\"2026-05-04 12:00:00Z\"", 0)]
    [InlineData("\"2026-05-04T14:00:00+02:00\"", 0)]
    [InlineData("\"2026-05-04T11:30:00.5-00:30\"", 500_000)]
    [InlineData("\"2026-05-04T12:00:00.1234567899Z\"", 123_456)]
    [InlineData("\"2026-05-04T11:59:60Z\"", 0)]
    [InlineData("\"2026-05-04T12:00:00\\u005a\"", 0)]
    [InlineData("1777896000", 0)]
    [InlineData("1777896000.25", 250_000)]
    [InlineData("1777896000000.5", 500)]
    [InlineData("1.777896e15", 0)]
    [InlineData("1777896000000001", 1)]
    public void Times_are_read_to_the_microsecond(string time, long fromNowUs)
    {
        _bridge.Publish($$"""{"sensor":"t","value":1,"time":{{time}}}""").ShouldBeTrue();
        _bridge.TheAnswer().ShouldBe(new IngestResult(IngestOutcome.Stored));
        _bridge.Stored.ShouldHaveSingleItem().BaseTimeUs.ShouldBe(BridgeFixture.NowUs + fromNowUs);
    }

    [Theory]
    [InlineData("\"2026-05-04T12:00:00\"")]
    [InlineData("\"2026-05-04\"")]
    [InlineData("\"2026-05-04T12:00:00+0100\"")]
    [InlineData("\"2026-05-04T12:00Z\"")]
    [InlineData("\"2026-05-04T12:00:00.Z\"")]
    [InlineData("\"2026-05-04T24:00:00Z\"")]
    [InlineData("\"2026-02-30T12:00:00Z\"")]
    [InlineData("\"2026-05-04T12:00:00+24:00\"")]
    [InlineData("\"2026-05-04T12:00:00Z \"")]
    [InlineData("\"1777896000\"")]
    [InlineData("\"\\ud800\"")]
    [InlineData("\"\"")]
    [InlineData("1777896000000000000")]
    [InlineData("null")]
    [InlineData("true")]
    [InlineData("[1777896000]")]
    public void Times_that_could_be_hours_off_are_refused_with_the_three_units_named(string time)
    {
        _bridge.Publish($$"""{"sensor":"t","value":1,"time":{{time}}}""").ShouldBeTrue();
        _bridge.TheAnswer().Outcome.ShouldBe(IngestOutcome.RejectedPayload);
        var letter = _bridge.DeadLetters.ShouldHaveSingleItem();
        letter.Cause.ShouldBe("bad-time");
        letter.Detail.ShouldContain("RFC 3339 with an offset");
        letter.Detail.ShouldContain("seconds, milliseconds or microseconds");
    }

    [Theory]
    [InlineData("timestamp")]
    [InlineData("ts")]
    [InlineData("Time")]
    [InlineData("unit")]
    public void A_member_that_is_not_known_is_refused_by_name(string name)
    {
        _bridge.Publish($$"""{"sensor":"t","value":1,"{{name}}":"2026-05-01T12:00:00Z"}""").ShouldBeTrue();
        var letter = _bridge.DeadLetters.ShouldHaveSingleItem();
        (letter.Cause, letter.Detail.Contains($"\"{name}\"", StringComparison.Ordinal)).ShouldBe(("unknown-member", true));
        _bridge.Stored.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("press 1", "U+0020 at position 6")]
    [InlineData("préss", "U+00E9 at position 3")]
    [InlineData("a\\u0000", "U+0000 at position 2")]
    [InlineData("", "is missing or empty")]
    public void A_name_that_is_not_legal_is_refused_with_the_character(string name, string fault)
    {
        _bridge.Publish($$"""{"sensor":"{{name}}","value":1}""").ShouldBeTrue();
        var letter = _bridge.DeadLetters.ShouldHaveSingleItem();
        letter.Cause.ShouldBe("bad-sensor");
        letter.Detail.ShouldContain(fault);
        letter.Detail.ShouldContain("A-Z a-z 0-9 . _ : - /");
    }

    [Fact]
    public void The_shortest_form_gets_ids_and_the_ingest_time()
    {
        for (var i = 0; i < 3; i++)
        {
            _bridge.Publish("""{"sensor":"t","value":1}""").ShouldBeTrue();
        }

        _bridge.Publish("""{"readings":[{"sensor":"t","value":1},{"sensor":"t","value":2}]}""").ShouldBeTrue();
        _bridge.Publish("""{"sensor":"t","value":1}""", "telemetry/v1/press-2/readings", duplicate: true).ShouldBeTrue();
        var stored = _bridge.Stored.ToList();
        stored.Select(b => (b.Device, b.FirstSequence))
            .ShouldBe([("press-1", 1UL), ("press-1", 2UL), ("press-1", 3UL), ("press-1", 4UL), ("press-2", 1UL)]);
        stored.Take(4).Select(b => b.BootId).Distinct().ShouldHaveSingleItem().ShouldNotBe(0UL);
        stored[4].BootId.ShouldNotBe(stored[0].BootId);
        stored.ShouldAllBe(b => b.BaseTimeUs == BridgeFixture.NowUs);
    }

    [Theory]
    [InlineData("""{"sensor":"t","value":1}x""", "malformed-json")]
    [InlineData("""{"sensor":"t","value":1""", "malformed-json")]
    [InlineData("""{"readings":{}}""", "malformed-json")]
    [InlineData("""{"readings":[1]}""", "malformed-json")]
    [InlineData("""{"readings":[]}""", "empty")]
    [InlineData("{}", "empty")]
    [InlineData("""{"boot":1,"sensor":"t","value":1}""", "malformed-json")]
    [InlineData("""{"seq":1,"sensor":"t","value":1}""", "malformed-json")]
    [InlineData("""{"boot":0,"seq":1,"sensor":"t","value":1}""", "malformed-json")]
    [InlineData("""{"boot":1,"seq":-1,"sensor":"t","value":1}""", "malformed-json")]
    [InlineData("""{"boot":1,"seq":18446744073709551615,"sensor":"t","value":1}""", "bad-sequence")]
    [InlineData("""{"device":"press-2","sensor":"t","value":1}""", "device-mismatch")]
    [InlineData("""{"device":7,"sensor":"t","value":1}""", "bad-device")]
    [InlineData("""{"device":"\ud800","sensor":"t","value":1}""", "bad-device")]
    [InlineData("""{"sensor":"","value":1}""", "bad-sensor")]
    [InlineData("""{"sensor":"t t","value":1}""", "bad-sensor")]
    [InlineData("""{"value":1}""", "bad-sensor")]
    [InlineData("""{"sensor":"t"}""", "bad-value")]
    [InlineData("""{"sensor":"t","value":"1"}""", "bad-value")]
    [InlineData("""{"sensor":"t","value":[1,{"value":2}]}""", "bad-value")]
    [InlineData("""{"sensor":"t","value":null}""", "bad-value")]
    [InlineData("""{"sensor":"t","value":1,"time":"noon"}""", "bad-time")]
    [InlineData("""{"sensor":"t","value":1,"time":1e300}""", "bad-time")]
    [InlineData("""{"sensor":"t","value":1,"time":1000000000}""", "time-out-of-range")]
    [InlineData("""{"sensor":"\ud800","value":1}""", "bad-sensor")]
    [InlineData("""{"\ud800":1,"sensor":"t","value":1}""", "unknown-member")]
    [InlineData("""{"sensor":"t","value":"\udc00"}""", "bad-value")]
    [InlineData("""{"sensor":"t","value":1,"quality":"\ud800"}""", "bad-quality")]
    [InlineData("""{"boot":"\ud800","seq":1,"sensor":"t","value":1}""", "malformed-json")]
    [InlineData("""{"sensor":"t","value":1e999}""", "bad-value")]
    [InlineData("""{"sensor":"t","value":nan}""", "malformed-json")]
    [InlineData("""{"sensor":"t","sensor":"u","value":1}""", "duplicate-member")]
    [InlineData("""{"boot":1,"boot":2,"seq":1,"sensor":"t","value":1}""", "duplicate-member")]
    [InlineData("""{"readings":[{"sensor":"t","value":1}],"sensor":"t","value":1}""", "unknown-member")]
    [InlineData("""{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{}}}}}}}}}}}}}}}}}""", "malformed-json")]
    [InlineData("[1]", "malformed-json")]
    [InlineData("21.5", "malformed-json")]
    [InlineData("null", "malformed-json")]
    [InlineData("", "malformed-json")]
    [InlineData("""{"sensor":"t","value":1,"quality":"fine"}""", "bad-quality")]
    public void What_cannot_be_read_is_dead_lettered_with_its_cause(string json, string cause)
    {
        _bridge.Publish(json, contentType: "application/json").ShouldBeTrue();
        _bridge.TheAnswer().Outcome.ShouldBe(IngestOutcome.RejectedPayload);
        var letter = _bridge.DeadLetters.ShouldHaveSingleItem();
        letter.Cause.ShouldBe(cause);
        letter.Payload.ToStringUtf8().ShouldBe(json);
        letter.Detail.ShouldNotBeEmpty();
    }

    [Fact]
    public void A_bad_reading_does_not_take_its_neighbours_along()
    {
        _bridge.Publish("""
            {"boot":1,"seq":5,"readings":[{"sensor":"t","value":1},{"sensor":"t"},{"sensor":"?","value":1},{"sensor":"t","value":4}]}
            """).ShouldBeTrue();
        var stored = _bridge.Stored.ShouldHaveSingleItem();
        BridgeFixture.Sequences(stored).ShouldBe([5UL, 8UL]);
        stored.Values.ShouldBe([1.0, 4.0]);
        _bridge.DeadLetters.ShouldHaveSingleItem().ReadingIndexes.ShouldBe([1u, 2u]);
    }

    [Fact]
    public void Protobuf_by_content_type_is_not_read_as_JSON()
    {
        _bridge.Publish("{}", contentType: "application/x-protobuf").ShouldBeTrue();
        _bridge.DeadLetters.ShouldHaveSingleItem().Cause.ShouldBe("malformed-payload");
    }

    [Fact]
    public void Any_cut_of_a_JSON_batch_is_answered()
    {
        const string json = """{"boot":1,"seq":5,"readings":[{"sensor":"t\u0041","time":"2026-05-04T12:00:00Z","value":-1.5e3,"quality":"bad"}]}""";
        for (var length = 0; length < json.Length; length++)
        {
            _bridge.Publish(json[..length], contentType: "application/json").ShouldBeTrue();
        }

        _bridge.Answers.Count.ShouldBe(json.Length);
        _bridge.Answers.ShouldAllBe(a => a.Result.Outcome == IngestOutcome.RejectedPayload);
    }

    [Fact]
    public void Assigned_ids_take_bounded_memory_and_never_repeat()
    {
        var ids = new AssignedIds(10);
        var seen = new HashSet<(string, ulong, ulong)>();
        var random = new Random(1);
        for (var i = 0; i < 5_000; i++)
        {
            var device = "d" + random.Next(40);
            var id = ids.Of(System.Text.Encoding.ASCII.GetBytes(device));
            seen.Add((device, id.BootId, id.Next++)).ShouldBeTrue();
            ids.Count.ShouldBeLessThanOrEqualTo(11);
        }
    }
}
