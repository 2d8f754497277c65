using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using Microsoft.Extensions.Logging.Abstractions;
using MQTTnet;
using MQTTnet.Diagnostics.PacketInspection;
using MQTTnet.Formatter;
using MQTTnet.Protocol;
using Telemetry.Bridge;
using Telemetry.Bridge.Ingest;
using Telemetry.Contracts;
using Telemetry.Contracts.Readings;
using Telemetry.Contracts.V1;
using Telemetry.Contracts.Wire;
using Telemetry.IntegrationTests.Edge;
using Telemetry.Streams;
using Telemetry.Streams.Deduplication;
using Telemetry.Streams.Journal;
using Telemetry.Streams.State;

namespace Telemetry.IntegrationTests.Bridge;

/// <summary>The cases of <c>ingest-cases.json</c> through MQTTnet's client, our broker, the bridge and a journal.</summary>
public sealed class IngestCasesTests : IAsyncLifetime
{
    private static readonly TimeSpan Generous = TimeSpan.FromSeconds(60);
    private static readonly JsonElement[] Cases = Load();

    private static readonly byte[] Good = """{"sensor":"t","value":1}"""u8.ToArray();

    private readonly Channel<Answer> _answers = Channel.CreateUnbounded<Answer>();
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("telemetry-cases-");
    private readonly BridgeOptions _options = new()
    {
        Topics =
        [
            new() { Pattern = "flat/{device}", Shapes = PayloadShapes.Flat | PayloadShapes.Array },
            new() { Pattern = "plant/+/{device}/{sensor}", Shapes = PayloadShapes.Value },
        ],
    };

    private JournalLog _log = null!;
    private IRecordProducer _producer = null!;
    private ReadingIngest _ingest = null!;
    private TestBroker _broker = null!;

    public static TheoryData<string, int> Names
    {
        get
        {
            var names = new TheoryData<string, int>();
            foreach (var name in Cases.Select(c => c.GetProperty("name").GetString()!))
            {
                names.Add(name, 1);
                names.Add(name, 2);
            }

            return names;
        }
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _log = JournalLog.Open(new JournalOptions { Directory = _folder.FullName }, NullLoggerFactory.Instance, TimeProvider.System);
        await _log.EnsureTopicsAsync([new TopicSpec(LogTopics.Readings, 1), new TopicSpec(LogTopics.DeadLetters, 1)], Cancel);
        _producer = _log.CreateProducer(new ProducerOptions());

        // The times of the cases stand still while the clock goes on.
        _ingest = new ReadingIngest(_options with { PastMax = TimeSpan.FromDays(36_500), FutureMax = TimeSpan.FromDays(3_650) }, _producer, TimeProvider.System, NullLogger<ReadingIngest>.Instance);
        _broker = await TestBroker.StartAsync(ingest: _ingest);
    }

    public async ValueTask DisposeAsync()
    {
        await _broker.DisposeAsync();
        await _ingest.DisposeAsync();
        await _producer.DisposeAsync();
        await _log.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Publish_is_answered_as_the_case_says_and_the_next_one_is_stored(string name, int qos)
    {
        using var client = await ConnectAsync();
        var play = Cases.Single(c => c.GetProperty("name").GetString() == name);
        foreach (var first in play.TryGetProperty("after", out var after) ? after.EnumerateArray().Select(e => e.GetString()).ToArray() : [])
        {
            (await PublishAsync(client, Cases.Single(c => c.GetProperty("name").GetString() == first), qos)).Code.ShouldBe(0);
        }

        var answer = await PublishAsync(client, play, qos);
        answer.Code.ShouldBe(play.GetProperty("code").GetInt32(), answer.Text);
        if (play.TryGetProperty("reason", out var reason))
        {
            answer.Text.ShouldContain(reason.GetString()!);
        }

        // The same connection goes on.
        (await PublishAsync(client, "telemetry/v1/next/readings", Good, qos)).Code.ShouldBe(0);

        var (stored, letters) = await ReadAsync();
        stored.Count(r => r.Device == "next").ShouldBe(1);
        letters.Select(l => l.Cause).ShouldBe(play.TryGetProperty("cause", out var cause) ? [cause.GetString()!] : []);
        var expected = play.GetProperty("stored").EnumerateArray().ToArray();
        var taken = stored.Where(r => r.Device == "device").ToArray();
        taken.Length.ShouldBe(expected.Length);
        foreach (var (reading, wanted) in taken.Zip(expected))
        {
            (reading.Sensor, reading.Value).ShouldBe((wanted[0].GetString()!, wanted[1].GetDouble()));
            if (wanted[2].ValueKind == JsonValueKind.String)
            {
                reading.Time.ShouldBe(DateTimeOffset.Parse(wanted[2].GetString()!, CultureInfo.InvariantCulture));
            }

            if (wanted[3].ValueKind == JsonValueKind.Number)
            {
                reading.Sequence.ShouldBe(wanted[3].GetUInt64());
            }
        }
    }

    [Fact]
    public async Task Bytes_that_are_no_text_are_answered_and_the_next_publish_is_stored()
    {
        using var client = await ConnectAsync();
        byte[][] payloads = [[0xFF, 0xFE, 0x7B, 0x00], [0x7B, 0x22, 0xC3, 0x28, 0x22, 0x3A, 0x31, 0x7D], [0x00], [0x7B], [.. "{\"sensor\":\""u8, 0xFF, .. "\",\"value\":1}"u8]];
        for (var i = 0; i < payloads.Length; i++)
        {
            (await PublishAsync(client, "telemetry/v1/device/readings", payloads[i], 1 + (i % 2))).Code.ShouldBe(0x99);
            (await PublishAsync(client, "telemetry/v1/next/readings", Good, 1 + (i % 2))).Code.ShouldBe(0);
        }

        var (stored, letters) = await ReadAsync();
        (stored.Count, letters.Count).ShouldBe((payloads.Length, payloads.Length));
    }

    private static JsonElement[] Load()
    {
        using var file = File.OpenRead(Path.Combine(AppContext.BaseDirectory, "Bridge", "ingest-cases.json"));
        return JsonSerializer.Deserialize<JsonElement[]>(file)!;
    }

    private static MqttApplicationMessage Message(string topic, byte[] payload, int qos) => new MqttApplicationMessageBuilder()
        .WithTopic(topic).WithPayload(payload).WithQualityOfServiceLevel((MqttQualityOfServiceLevel)qos).Build();

    private static string Filled(JsonElement play, string member) => play.GetProperty(member).GetString()!
        .Replace("{device}", "device", StringComparison.Ordinal)
        .Replace("{now}", Text(TimeSpan.Zero), StringComparison.Ordinal)
        .Replace("{now+23h}", Text(TimeSpan.FromHours(23)), StringComparison.Ordinal)
        .Replace("{now-200d}", Text(TimeSpan.FromDays(-200)), StringComparison.Ordinal);

    private static string Text(TimeSpan fromNow) =>
        (DateTimeOffset.UtcNow + fromNow).ToString("yyyy-MM-ddTHH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);

    private Task<Answer> PublishAsync(IMqttClient client, JsonElement play, int qos) =>
        PublishAsync(client, Filled(play, "topic"), Encoding.UTF8.GetBytes(Filled(play, "payload")), qos);

    /// <summary>
    /// The answer is taken off the wire: after a PUBREC that refuses, MQTTnet goes on with PUBREL, and reports what becomes of that.
    /// </summary>
    private async Task<Answer> PublishAsync(IMqttClient client, string topic, byte[] payload, int qos)
    {
        await client.PublishAsync(Message(topic, payload, qos), Cancel).WaitAsync(Generous, Cancel);
        return await _answers.Reader.ReadAsync(Cancel).AsTask().WaitAsync(Generous, Cancel);
    }

    private Task KeepAnswer(InspectMqttPacketEventArgs packet)
    {
        // PUBACK or PUBREC: type, length (up to 127 or up to 16,383), identifier, and, unless all is well, code and properties.
        var bytes = packet.Buffer;
        if (packet.Direction == MqttPacketFlowDirection.Inbound && bytes.Length > 0 && bytes[0] >> 4 is 4 or 5)
        {
            var at = bytes[1] < 0x80 ? 4 : 5;
            _answers.Writer.TryWrite(new Answer(bytes.Length > at ? bytes[at] : 0, Encoding.UTF8.GetString(bytes)));
        }

        return Task.CompletedTask;
    }

    private async Task<IMqttClient> ConnectAsync()
    {
        var client = new MqttClientFactory().CreateMqttClient();
        client.InspectPacketAsync += KeepAnswer;
        var options = new MqttClientOptionsBuilder()
            .WithTcpServer("127.0.0.1", _broker.Port).WithProtocolVersion(MqttProtocolVersion.V500).WithClientId("cases").Build();
        await client.ConnectAsync(options, Cancel).WaitAsync(Generous, Cancel);
        return client;
    }

    /// <summary>What consumers take from the log, each reading once, and the bridge's dead letters.</summary>
    private async Task<(List<Taken> Stored, List<DeadLetter> Letters)> ReadAsync()
    {
        var (stored, letters) = (new List<Taken>(), new List<DeadLetter>());
        var filter = new DuplicateFilter(new DuplicateFilterOptions(), new KeyedStateOptions());
        var batch = new ReadingBatchBuffer();
        TopicPartition[] partitions = [new(LogTopics.Readings, 0), new(LogTopics.DeadLetters, 0)];
        await using var consumer = _log.CreateConsumer(new ConsumerOptions { Start = StartPosition.Earliest });
        consumer.Assign(partitions);
        foreach (var partition in partitions)
        {
            var end = (await _log.QueryOffsetsAsync(partition, Cancel)).High;
            while (consumer.Position(partition) < end)
            {
                foreach (var record in await consumer.PollAsync(1_000, TimeSpan.FromMilliseconds(100), Cancel))
                {
                    if (record.Value.IsEmpty)
                    {
                        // It says that time has passed.
                        continue;
                    }

                    ConfluentFrame.TryRead(record.Value, out _, out var message).ShouldBeTrue();
                    if (record.Topic == LogTopics.DeadLetters)
                    {
                        letters.Add(DeadLetter.Parser.ParseFrom(message.Span));
                        continue;
                    }

                    batch.TryDecode(message, out var error).ShouldBeTrue(error.ToString());
                    filter.Advance(record.Offset, record.TimestampMs);
                    filter.Add(batch);
                    foreach (var run in filter.Runs.Span.ToArray().Where(r => r.Kind == DuplicateKind.New))
                    {
                        stored.AddRange(Enumerable.Range(run.Start, run.Count).Select(i => new Taken(
                            Encoding.ASCII.GetString(batch.Device),
                            Encoding.ASCII.GetString(batch.Sensor(batch.SensorIndexes[i])),
                            batch.Values[i],
                            DateTimeOffset.UnixEpoch.AddTicks(batch.EventTimes[i] * TimeSpan.TicksPerMicrosecond),
                            batch.Sequence(i))));
                    }
                }
            }
        }

        return (stored, letters);
    }

    private sealed record Answer(int Code, string Text);

    private sealed record Taken(string Device, string Sensor, double Value, DateTimeOffset Time, ulong Sequence);
}
