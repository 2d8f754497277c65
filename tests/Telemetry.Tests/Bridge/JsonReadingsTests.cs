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
             {"device":"press-1","boot":"18446744073709551615","seq":9,"later":{"a":[1]},"readings":[
               {"sensor":"t","time":"2026-05-04T12:00:00.123456Z","value":1.5,"quality":"uncertain"},
               {"sensor":"p","time":1777896000123,"value":"NaN"},
               {"sensor":"t","time":1777896000123456,"value":"-Infinity","quality":2},
               {"sensor":"valve\/open","value":true,"unit":"-"}]}
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
    [InlineData("\"2026-05-04T12:00:00\"", 0)]
    [InlineData("\"2026-05-04T14:00:00+02:00\"", 0)]
    [InlineData("\"2026-05-04\"", -43_200_000_000)]
    [InlineData("1777896000000.5", 500)]
    public void Times_without_offset_are_UTC(string time, long fromNowUs)
    {
        _bridge.Publish($$"""{"sensor":"t","value":1,"time":{{time}}}""").ShouldBeTrue();
        _bridge.Stored.ShouldHaveSingleItem().BaseTimeUs.ShouldBe(BridgeFixture.NowUs + fromNowUs);
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
    [InlineData("""{"sensor":"t","value":1,"time":1777896000}""", "time-out-of-range")]
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
        _bridge.Stored.Select(b => (b.FirstSequence, b.Values.Single())).ShouldBe([(5UL, 1.0), (8UL, 4.0)]);
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
