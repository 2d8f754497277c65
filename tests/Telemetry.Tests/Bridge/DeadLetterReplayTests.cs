using System.Text;
using Google.Protobuf;
using Microsoft.Extensions.Logging.Abstractions;
using Telemetry.Bridge;
using Telemetry.Bridge.Ingest;
using Telemetry.Bridge.DeadLetters;
using Telemetry.Bridge.Replay;
using Telemetry.Contracts;
using Telemetry.Contracts.V1;
using Telemetry.Contracts.Wire;
using Telemetry.Mqtt.Ingest;
using Telemetry.Streams;
using Telemetry.Streams.Journal;

namespace Telemetry.Tests.Bridge;

/// <summary>Letters written by the real bridge onto a journal, listed, replayed and counted.</summary>
public sealed class DeadLetterReplayTests : IAsyncLifetime
{
    private const string Topic = "telemetry/v1/press-1/readings";
    private static readonly TimeSpan Generous = TimeSpan.FromSeconds(30);
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("telemetry-letters-");
    private JournalLog _log = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _log = JournalLog.Open(new JournalOptions { Directory = _folder.FullName }, NullLoggerFactory.Instance, TimeProvider.System);
        await _log.EnsureTopicsAsync([new TopicSpec(LogTopics.Readings, 2), new TopicSpec(LogTopics.DeadLetters, 2)], Cancel);
    }

    public async ValueTask DisposeAsync()
    {
        await _log.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Letter_is_refused_again_until_the_rules_change_and_is_then_replayed_once()
    {
        await RefuseAsync(Batch(Now() - Hours(48)), new BridgeOptions { PastMax = TimeSpan.FromHours(1) });
        var entry = (await ListAsync()).ShouldHaveSingleItem();
        entry.Letter.Cause.ShouldBe("time-out-of-range");

        (await ReplayAsync(entry, new BridgeOptions { PastMax = TimeSpan.FromHours(1) })).Outcome.ShouldBe(ReplayOutcome.Refused);
        (await ReadReadingsAsync()).ShouldBeEmpty();
        (await ListAsync()).ShouldHaveSingleItem();

        (await ReplayAsync(entry, new BridgeOptions(), dryRun: true)).Outcome.ShouldBe(ReplayOutcome.WouldReplay);
        (await ReadReadingsAsync()).ShouldBeEmpty();

        (await ReplayAsync(entry, new BridgeOptions())).Outcome.ShouldBe(ReplayOutcome.Replayed);
        var stored = (await ReadReadingsAsync()).ShouldHaveSingleItem();
        (stored.BootId, stored.FirstSequence, stored.Values.Count).ShouldBe((7UL, 100UL, 1));
        (await ListAsync()).ShouldBeEmpty();

        var resolved = await new DeadLetterReader(_log).FindAsync(entry.Id, Cancel);
        (await ReplayAsync(resolved!, new BridgeOptions())).Outcome.ShouldBe(ReplayOutcome.Resolved);
        (await ReadReadingsAsync()).Count.ShouldBe(1);
    }

    [Fact]
    public async Task Operator_replays_what_was_refused_for_want_of_a_user_or_certificate()
    {
        var strict = new BridgeOptions { RequireUserName = true };
        await RefuseAsync(Batch(Now()), strict);
        await RefuseAsync(Batch(Now() - Hours(1)), strict with { RequireUserName = false, RequireCertificate = true });
        var entries = await ListAsync();
        entries.Select(e => e.Letter.Cause).ShouldBe(["user-required", "certificate-required"], ignoreOrder: true);

        foreach (var entry in entries)
        {
            (await ReplayAsync(entry, strict with { RequireCertificate = true })).Outcome.ShouldBe(ReplayOutcome.Replayed);
        }

        (await ReadReadingsAsync()).Count.ShouldBe(2);
    }

    [Fact]
    public async Task Only_the_refused_readings_of_a_batch_come_back_with_their_own_ids_and_mended_times()
    {
        var batch = BridgeFixture.Batch(Now(), Now() + 1, Now() - (Hours(24) * 4000), Now() + 2, Now() - (Hours(24) * 4000), Now() - (Hours(24) * 4000));
        await RefuseAsync(batch, new BridgeOptions());
        (await ReadReadingsAsync()).Sum(b => b.Values.Count).ShouldBe(3);
        var entry = (await ListAsync()).ShouldHaveSingleItem();
        entry.Letter.ReadingIndexes.ShouldBe([2u, 4u, 5u]);

        (await ReplayAsync(entry, new BridgeOptions())).Outcome.ShouldBe(ReplayOutcome.Refused);
        (await ReplayAsync(entry, new BridgeOptions(), new ReplayOptions { Fix = true })).Outcome.ShouldBe(ReplayOutcome.Replayed);

        var all = await ReadReadingsAsync();
        all.SelectMany(BridgeFixture.Sequences).Order().ShouldBe([100UL, 101UL, 102UL, 103UL, 104UL, 105UL]);
        var mended = all.Where(b => BridgeFixture.Sequences(b).Contains(102UL)).ToList();
        BridgeFixture.Sequences(mended.ShouldHaveSingleItem()).ShouldBe([102UL, 104UL, 105UL]);
        mended.ShouldAllBe(b => b.Qualities.All(q => (int)q == 1));
        mended.ShouldAllBe(b => b.BaseTimeUs >= entry.Letter.RefusedAtUs);
    }

    [Fact]
    public async Task Reading_of_the_future_in_JSON_comes_back_alone_at_the_time_it_was_refused()
    {
        var payload = """{"boot":7,"seq":1,"readings":[{"sensor":"t","value":21.5},{"sensor":"t","time":"2100-01-01T00:00:00Z","value":22.5},{"sensor":"t","value":23.5}]}"""u8.ToArray();
        await RefuseAsync(payload, new BridgeOptions());
        var entry = (await ListAsync()).ShouldHaveSingleItem();
        entry.Letter.ReadingIndexes.ShouldBe([1u]);

        var replayed = await ReplayAsync(entry, new BridgeOptions(), new ReplayOptions { Fix = true });

        replayed.Outcome.ShouldBe(ReplayOutcome.Replayed, replayed.Detail);
        var mended = (await ReadReadingsAsync()).Single(b => b.FirstSequence == 2);
        (mended.BootId, mended.Values.Single()).ShouldBe((7UL, 22.5));
    }

    [Fact]
    public async Task Wrong_device_is_mended_to_the_topics_and_broken_bytes_need_another_payload()
    {
        var other = Batch(Now());
        other.Device = "press-2";
        await RefuseAsync(other, new BridgeOptions());
        await RefuseAsync("{\"sensor\": "u8.ToArray(), new BridgeOptions());
        var entries = await ListAsync();
        entries.Select(e => e.Letter.Cause).ShouldBe(["device-mismatch", "malformed-json"], ignoreOrder: true);
        var device = entries.Single(e => e.Letter.Cause == "device-mismatch");
        var json = entries.Single(e => e.Letter.Cause == "malformed-json");

        (await ReplayAsync(device, new BridgeOptions(), new ReplayOptions { Fix = true })).Outcome.ShouldBe(ReplayOutcome.Replayed);
        (await ReplayAsync(json, new BridgeOptions(), new ReplayOptions { Fix = true })).Outcome.ShouldBe(ReplayOutcome.Refused);
        var payload = """{"sensor": "t", "value": 2.5, "boot": 9, "seq": 1}"""u8.ToArray();
        (await ReplayAsync(json, new BridgeOptions(), new ReplayOptions { Payload = payload })).Outcome.ShouldBe(ReplayOutcome.Replayed);
        var stored = await ReadReadingsAsync();
        stored.ShouldAllBe(b => b.Device == "press-1");
        stored.Select(b => b.BootId).Order().ShouldBe([7UL, 9UL]);
    }

    [Fact]
    public async Task Letter_of_storage_goes_back_to_the_topic_of_readings_unless_it_could_count_twice()
    {
        var batch = Batch(Now());
        byte[] framed = [0, 0, 0, 0, 1, 0, .. batch.ToByteArray()];
        await AppendLetterAsync(Letter("storage", "time-out-of-range", framed), "press-1");
        await AppendLetterAsync(Letter("storage", "ambiguous-duplicate", framed), "press-1");
        var entries = await ListAsync();
        var outcomes = new List<ReplayOutcome>();
        foreach (var entry in entries.OrderBy(e => e.Letter.Cause))
        {
            outcomes.Add((await ReplayAsync(entry, new BridgeOptions())).Outcome);
        }

        outcomes.ShouldBe([ReplayOutcome.Refused, ReplayOutcome.Replayed]);
        (await ReadReadingsAsync()).ShouldHaveSingleItem().ShouldBe(batch);
        (await ListAsync()).ShouldHaveSingleItem().Letter.Cause.ShouldBe("ambiguous-duplicate");
    }

    [Fact]
    public async Task Filter_and_limit_choose_the_newest_and_the_rest_is_counted()
    {
        for (var i = 0; i < 5; i++)
        {
            await RefuseAsync("{"u8.ToArray(), new BridgeOptions());
        }

        await RefuseAsync(new byte[] { 1, 2, 3, 255 }, new BridgeOptions());
        var list = await new DeadLetterReader(_log).ListAsync(new DeadLetterFilter { Cause = "malformed-json" }, 2, Cancel);
        (list.Entries.Count, list.Matching, list.Open).ShouldBe((2, 5, 6));
        (await new DeadLetterReader(_log).ListAsync(new DeadLetterFilter { Source = "press-2" }, 2, Cancel)).Matching.ShouldBe(0);
    }

    [Fact]
    public async Task Depth_follows_letters_and_their_resolution()
    {
        await using var depth = new DeadLetterDepth(_log, TimeProvider.System, NullLogger<DeadLetterDepth>.Instance);
        depth.Start();
        await RefuseAsync(Batch(Now() - Hours(48)), new BridgeOptions { PastMax = TimeSpan.FromHours(1) });
        await RefuseAsync("{"u8.ToArray(), new BridgeOptions());
        await ReachesAsync(depth, 2);
        await ReplayAsync((await ListAsync()).Single(e => e.Letter.Cause == "time-out-of-range"), new BridgeOptions());
        await ReachesAsync(depth, 1);
    }

    [Theory]
    [InlineData("2/17", true)]
    [InlineData("2", false)]
    [InlineData("/2", false)]
    [InlineData("-1/2", false)]
    [InlineData("a/b", false)]
    public void Ids_are_parsed_or_refused_with_an_example(string text, bool legal)
    {
        if (legal)
        {
            DeadLetterId.Parse(text).ToString().ShouldBe(text);
        }
        else
        {
            Should.Throw<FormatException>(() => DeadLetterId.Parse(text)).Message.ShouldContain("2/17");
        }
    }

    private static async Task ReachesAsync(DeadLetterDepth depth, int count)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(Generous);
        while (depth.Count != count)
        {
            await Task.Delay(10, limit.Token);
        }
    }

    private static long Now() => DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() * 1000;

    private static long Hours(int hours) => hours * 3_600_000_000L;

    private static ReadingBatch Batch(long time) => BridgeFixture.Batch(time);

    private static DeadLetter Letter(string stage, string cause, byte[] payload) => new()
    {
        Stage = stage,
        Cause = cause,
        Payload = ByteString.CopyFrom(payload),
        Source = LogTopics.Readings,
        SourcePartition = 0,
        SourceOffset = 5,
        RefusedAtUs = Now(),
    };

    private async Task<IReadOnlyList<DeadLetterEntry>> ListAsync() =>
        (await new DeadLetterReader(_log).ListAsync(new DeadLetterFilter(), 100, Cancel)).Entries;

    private async Task<ReplayResult> ReplayAsync(
        DeadLetterEntry entry, BridgeOptions options, ReplayOptions? how = null, bool dryRun = false)
    {
        await using var replayer = await DeadLetterReplayer.OpenAsync(_log, options, TimeProvider.System, NullLoggerFactory.Instance, Cancel);
        return await replayer.ReplayAsync(entry, how ?? new ReplayOptions(), dryRun, Cancel);
    }

    private Task RefuseAsync(IMessage batch, BridgeOptions options) => RefuseAsync(batch.ToByteArray(), options);

    private async Task RefuseAsync(byte[] payload, BridgeOptions options)
    {
        await using var producer = _log.CreateProducer(new ProducerOptions());
        await using var ingest = new ReadingIngest(options, producer, TimeProvider.System, NullLogger<ReadingIngest>.Instance);
        ingest.TryIngest(
            new IngestPublish { TopicName = Encoding.UTF8.GetBytes(Topic), Payload = payload, ClientId = "c", Qos = 1 }, new Ignored(), 0).ShouldBeTrue();
        await producer.FlushAsync(Cancel);
    }

    private async Task AppendLetterAsync(DeadLetter letter, string key)
    {
        await using var producer = _log.CreateProducer(new ProducerOptions());
        byte[] value = [0, 0, 0, 0, SchemaIds.DeadLetter, 0, .. letter.ToByteArray()];
        producer.TryAppend(
            new NewRecord { Topic = LogTopics.DeadLetters, Key = Encoding.ASCII.GetBytes(key), Value = value, TimestampMs = 1 }, null, 0).ShouldBeTrue();
        await producer.FlushAsync(Cancel);
    }

    private async Task<List<ReadingBatch>> ReadReadingsAsync()
    {
        var batches = new List<ReadingBatch>();
        await using var consumer = _log.CreateConsumer(new ConsumerOptions());
        for (var i = 0; i < 2; i++)
        {
            var partition = new TopicPartition(LogTopics.Readings, i);
            consumer.Assign([partition]);
            consumer.Seek(partition, 0);
            var high = (await _log.QueryOffsetsAsync(partition, Cancel)).High;
            while (consumer.Position(partition) < high)
            {
                foreach (var record in await consumer.PollAsync(100, TimeSpan.FromMilliseconds(100), Cancel))
                {
                    ConfluentFrame.TryRead(record.Value, out _, out var message).ShouldBeTrue();
                    batches.Add(ReadingBatch.Parser.ParseFrom(message.Span));
                }
            }
        }

        return batches;
    }

    private sealed class Ignored : IIngestCompletion
    {
        public void Ingested(in IngestResult result, ulong state)
        {
        }
    }
}
