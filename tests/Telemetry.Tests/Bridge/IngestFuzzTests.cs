using System.Text;
using Telemetry.Bridge;
using Telemetry.Contracts;
using Telemetry.Contracts.Readings;
using Telemetry.Mqtt.Ingest;
using Telemetry.Tests.Contracts;

namespace Telemetry.Tests.Bridge;

/// <summary>Whatever bytes come: stored, dead-lettered or refused, once, in few records and few bytes, and the next good publish is taken.</summary>
public sealed class IngestFuzzTests
{
    private const string Good = """{"sensor":"t","value":1}""";

    private static readonly string[] Pieces =
    [
        "{", "}", "[", "]", ":", ",", "\"", "\"sensor\"", "\"value\"", "\"time\"", "\"quality\"", "\"readings\"", "\"boot\"", "\"seq\"", "\"device\"",
        "\"t\"", "\"press-1\"", "\"\\ud800\"", "\"\\udc00\\ud800\"", "\\ud83d", "1", "-1", "0", "1e999", "1e-999", "21.5", "nan", "NaN", "\"NaN\"", "Infinity",
        "null", "true", "false", "18446744073709551616", "\"2026-05-04T12:00:00Z\"", "\"2026-05-04\"", "1777896000", "\ufeff", "\0", "\u0001", " ", "\n",
        "\"\\u0000\"", "\"é\"", "\"\ud83d\ude00\"", "//", "/*", "{}", "[]", "[[[[[[[[[[[[[[[[[[", "\"a\":{\"a\":{\"a\":",
    ];

    [Fact]
    public void Any_text_is_answered_once_and_the_next_publish_is_taken() => ReadingBatchBufferTests.ForAllSeeds(3_000, random =>
    {
        var text = new StringBuilder();
        for (var i = random.Next(1, 30); i > 0; i--)
        {
            text.Append(Pieces[random.Next(Pieces.Length)]);
        }

        var bytes = Encoding.UTF8.GetBytes(text.ToString());
        Check(random.Next(2) == 0 ? bytes : Damaged(bytes, random), random);
    });

    [Fact]
    public void A_good_payload_with_any_damage_is_answered_once_and_the_next_publish_is_taken() => ReadingBatchBufferTests.ForAllSeeds(3_000, random =>
    {
        var bytes = random.Next(3) switch
        {
            0 => """{"device":"press-1","boot":7,"seq":1,"readings":[{"sensor":"t","time":"2026-05-04T12:00:00Z","value":1.5,"quality":"good"},{"sensor":"\u0074","value":-0}]}"""u8.ToArray(),
            1 => """{"temperature":21.5,"battery":{"voltage":3.01,"low":false},"note":"x","list":[1,2]}"""u8.ToArray(),
            _ => WireMessage.Write(WireMessage.Any(random), random),
        };
        Check(Damaged(bytes, random), random);
    });

    [Fact]
    public async Task One_publish_that_alternates_good_and_bad_becomes_two_records_of_about_its_size()
    {
        await using var bridge = new BridgeFixture();
        var readings = Enumerable.Range(0, 10_000).Select(i =>
            $$"""{"sensor":"sensor-{{i % 1024}}","value":{{i}},"time":{{(i % 2 == 0 ? BridgeFixture.NowUs : 1)}}}""");
        var payload = Encoding.UTF8.GetBytes($$"""{"boot":7,"seq":1,"readings":[{{string.Join(',', readings)}}]}""");
        payload.Length.ShouldBeGreaterThan(500_000);
        bridge.Publish(payload).ShouldBeTrue();
        bridge.TheAnswer().Outcome.ShouldBe(IngestOutcome.Stored);
        bridge.Producer.Records.Count.ShouldBeLessThanOrEqualTo(4);
        bridge.Producer.Records.Sum(r => (long)r.Value.Length).ShouldBeLessThan(2L * payload.Length);
        bridge.Stored.SelectMany(BridgeFixture.Sequences).ShouldBe(Enumerable.Range(0, 5_000).Select(i => (ulong)(2 * i) + 1));
        bridge.DeadLetters.ShouldHaveSingleItem().ReadingIndexes.Count.ShouldBe(5_000);
        bridge.Ingest.ParkedBytes.ShouldBe(0);
    }

    [Fact]
    public async Task The_largest_JSON_batch_becomes_few_messages_that_consumers_take()
    {
        await using var bridge = new BridgeFixture(new() { JsonBytesMax = 4 << 20, PastMax = TimeSpan.FromDays(36_500) });
        var readings = Enumerable.Range(0, 10_000).Select(i =>
            $$"""{"sensor":"{{new string('s', 58)}}-{{i % 1024}}","value":{{i}}.5,"quality":"bad","time":{{(i % 2 == 0 ? BridgeFixture.NowUs : 100_000_000_000_000)}}}""");
        bridge.Publish(Encoding.UTF8.GetBytes($$"""{"boot":7,"seq":1,"readings":[{{string.Join(',', readings)}}]}""")).ShouldBeTrue();
        bridge.TheAnswer().ShouldBe(new IngestResult(IngestOutcome.Stored));
        var records = bridge.Producer.Records;
        records.Count.ShouldBeInRange(1, 4);
        records.ShouldAllBe(r => r.Value.Length <= ReadingLimits.BatchBytesMax + 6);
        bridge.Stored.SelectMany(BridgeFixture.Sequences).ShouldBe(Enumerable.Range(1, 10_000).Select(i => (ulong)i));
    }

    [Fact]
    public async Task Parked_publishes_are_bounded_in_bytes()
    {
        await using var bridge = new BridgeFixture(new() { ParkedBytesMax = 8 << 20 });
        var readings = Enumerable.Range(0, 5_000).Select(i => $$"""{"sensor":"s{{i % 1024}}","value":{{i}},"time":{{(i % 2 == 0 ? BridgeFixture.NowUs : 1)}}}""");
        var payload = Encoding.UTF8.GetBytes($$"""{"boot":7,"seq":1,"readings":[{{string.Join(',', readings)}}]}""");
        var parked = 0;
        for (; ; parked++)
        {
            bridge.Producer.Room = 1;
            if (!bridge.Publish(payload))
            {
                break;
            }
        }

        parked.ShouldBeInRange(1, (8 << 20) / payload.Length);
        bridge.Ingest.ParkedBytes.ShouldBeLessThanOrEqualTo(8 << 20);
    }

    private static byte[] Damaged(byte[] bytes, Random random)
    {
        for (var i = random.Next(1, 4); i > 0 && bytes.Length > 0; i--)
        {
            var at = random.Next(bytes.Length);
            bytes = random.Next(4) switch
            {
                0 => [.. bytes[..at], .. bytes[(at + 1)..]],
                1 => [.. bytes[..at], (byte)random.Next(256), .. bytes[at..]],
                2 => bytes[..at],
                _ => [.. bytes[..at], (byte)random.Next(256), .. bytes[(at + 1)..]],
            };
        }

        return bytes;
    }

    private static void Check(byte[] payload, Random random)
    {
        var shapes = (PayloadShapes)random.Next(8);
        var bridge = new BridgeFixture(new()
        {
            Topics = [new() { Pattern = "plant/{device}/{sensor}", Shapes = shapes }, new() { Pattern = "flat/{device}", Shapes = shapes & ~PayloadShapes.Value }],
        });
        string[] topics = ["telemetry/v1/press-1/readings", "plant/press-1/t", "flat/press-1", "telemetry/v1/answer", "plant/pre ss/\u0001", "telemetry/v1/press-1/commands/0123456789abcdef0123456789abcdef/answer"];
        string[] types = ["", "application/json", "application/x-protobuf", "text/plain"];
        var topic = topics[random.Next(topics.Length)];
        bridge.Publish(payload, topic, types[random.Next(types.Length)]).ShouldBeTrue();
        bridge.Answers.Count.ShouldBe(1, Convert.ToHexString(payload));
        bridge.Answers[0].Result.Outcome.ShouldNotBe(IngestOutcome.Failed);
        bridge.DeadLetters.ShouldAllBe(l => l.Cause != "bridge-failed", Encoding.UTF8.GetString(payload));
        bridge.Producer.Records.Count.ShouldBeInRange(1, 3);
        foreach (var reason in bridge.Answers.Select(a => a.Result.Reason))
        {
            // An MQTT string: no NUL, no half characters.
            (reason ?? "").ShouldNotContain('\0');
            new UTF8Encoding(false, throwOnInvalidBytes: true).GetByteCount(reason ?? "").ShouldBeLessThan(2_000);
        }

        // What is stored, consumers can read.
        var batch = new ReadingBatchBuffer();
        foreach (var record in bridge.Producer.Records.Where(r => r.Topic == LogTopics.Readings))
        {
            batch.TryDecode(record.Value.AsMemory(6), out var error).ShouldBeTrue(error.ToString());
        }

        bridge.Publish(Good).ShouldBeTrue();
        bridge.Answers.Count.ShouldBe(2);
        bridge.Answers[1].Result.ShouldBe(new IngestResult(IngestOutcome.Stored));
        bridge.DisposeAsync().AsTask().GetAwaiter().GetResult();
    }
}
