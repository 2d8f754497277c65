using Telemetry.Streams;

namespace Telemetry.Tests.Streams;

/// <summary>Many segments: rolling, reading across, opening again, damage in closed ones.</summary>
public sealed class JournalSegmentTests : IDisposable
{
    private readonly JournalBench _bench = new();

    public void Dispose() => _bench.Dispose();

    private JournalOptions Small => _bench.Options with { SegmentBytes = 4096 };

    [Fact]
    public async Task Records_of_many_segments_are_read_in_order_and_found_again_after_a_start()
    {
        await FillAsync(400);
        Segments().Length.ShouldBeGreaterThan(3);
        foreach (var index in Directory.EnumerateFiles(_bench.TopicDirectory, "*.index").Take(2).ToList())
        {
            File.Delete(index);
        }

        await using var log = _bench.Open(Small);
        var records = await JournalBench.ReadRecordsAsync(log);
        foreach (var partition in records.GroupBy(record => record.Partition))
        {
            partition.Select(record => record.Offset).ShouldBe(Enumerable.Range(0, 200).Select(i => (long)i));
            partition.Select(record => int.Parse(record.Value)).ShouldBeInOrder();
        }

        await using var producer = log.CreateProducer(new ProducerOptions());
        (await JournalBench.AppendAsync(producer, "k", "next", partition: 1)).ShouldBe(200);
    }

    [Fact]
    public async Task Seek_lands_in_the_right_segment()
    {
        await FillAsync(400);
        await using var log = _bench.Open(Small);
        await using var consumer = log.CreateConsumer(new ConsumerOptions());
        var partition = new TopicPartition(JournalBench.Topic, 1);
        consumer.Assign([partition]);
        for (var offset = 199L; offset >= 0; offset -= 7)
        {
            consumer.Seek(partition, offset);
            (await consumer.PollAsync(1, TimeSpan.Zero, default)).ShouldHaveSingleItem().Offset.ShouldBe(offset);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Record_behind_many_blocks_of_others_comes_with_one_poll(bool waits)
    {
        await using var log = _bench.Open(Small);
        await log.EnsureTopicsAsync([new TopicSpec(JournalBench.Topic, 2)], default);
        await using var producer = log.CreateProducer(new ProducerOptions());
        await JournalBench.AppendAsync(producer, "k", "first", partition: 1);
        await using var consumer = log.CreateConsumer(new ConsumerOptions());
        consumer.Assign([new TopicPartition(JournalBench.Topic, 1)]);
        (await consumer.PollAsync(10, TimeSpan.FromSeconds(30), default)).ShouldHaveSingleItem();

        // From here on the consumer reads on, segment by segment: blocks of the other partition, and of a transaction that was aborted.
        for (var i = 0; i < 400; i++)
        {
            await JournalBench.AppendAsync(producer, "k", new string('x', 100), partition: 0);
        }

        await using (var transactions = await log.OpenTransactionalProducerAsync("t", new ProducerOptions(), default))
        {
            transactions.BeginTransaction();
            for (var i = 0; i < 400; i++)
            {
                transactions.TryAppend(
                    new NewRecord { Topic = JournalBench.Topic, Partition = 1, Value = new byte[100], TimestampMs = 1 }, null, 0).ShouldBeTrue();
                await transactions.FlushAsync(default);
            }

            await transactions.AbortTransactionAsync(default);
        }

        await JournalBench.AppendAsync(producer, "k", "last", partition: 1);
        Segments().Length.ShouldBeGreaterThan(20);

        var records = await consumer.PollAsync(10, waits ? TimeSpan.FromHours(1) : TimeSpan.Zero, default).AsTask().WaitAsync(TimeSpan.FromSeconds(60));

        records.ShouldHaveSingleItem().Offset.ShouldBe(401);
        (await consumer.PollAsync(10, TimeSpan.Zero, default)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Time_is_found_across_segments()
    {
        await FillAsync(400);
        await using var log = _bench.Open(Small);
        for (var i = 1; i < 400; i += 2)
        {
            (await log.QueryOffsetForTimeAsync(
                new TopicPartition(JournalBench.Topic, 1), DateTimeOffset.FromUnixTimeMilliseconds(i), default)).ShouldBe(i / 2);
        }

        (await log.QueryOffsetForTimeAsync(
            new TopicPartition(JournalBench.Topic, 1), DateTimeOffset.FromUnixTimeMilliseconds(400), default)).ShouldBeNull();
    }

    [Fact]
    public async Task Closed_segment_that_is_shorter_than_it_was_is_refused()
    {
        await FillAsync(400);
        using (var file = File.OpenWrite(Segments()[1]))
        {
            file.SetLength(file.Length - 1);
        }

        ShouldRefuse(Segments()[1]);
    }

    [Fact]
    public async Task Closed_segment_that_is_missing_is_refused()
    {
        await FillAsync(400);
        File.Delete(Segments()[2]);
        Should.Throw<RecordLogException>(() => _bench.Open(Small)).Message.ShouldContain("missing");
    }

    [Fact]
    public async Task Damage_in_a_closed_segment_is_found_when_it_is_read_and_by_verify()
    {
        await FillAsync(400);
        var path = Segments()[1];
        var bytes = File.ReadAllBytes(path);
        bytes[2000] ^= 1;
        File.WriteAllBytes(path, bytes);

        await using (var log = _bench.Open(Small))
        {
            var error = await Should.ThrowAsync<RecordLogException>(() => JournalBench.ReadAsync(log));
            (error.Error, error.Message.Contains(path)).ShouldBe((RecordLogError.Damaged, true));
            Should.Throw<RecordLogException>(() => log.Verify()).Message.ShouldContain(path);
        }

        // Without its index the start reads it all.
        File.Delete(Path.ChangeExtension(path, ".index"));
        ShouldRefuse(path);
    }

    [Fact]
    public async Task Topic_whose_settings_were_lost_is_refused()
    {
        await FillAsync(400);
        File.Delete(Path.Combine(_bench.TopicDirectory, "topic.json"));
        Should.Throw<RecordLogException>(() => _bench.Open(Small)).Message.ShouldContain(_bench.TopicDirectory);
    }

    [Fact]
    public async Task Verify_passes_over_a_sound_log()
    {
        await FillAsync(400);
        await using var log = _bench.Open(Small);
        log.Verify().ShouldBe(Segments().Sum(path => new FileInfo(path).Length));
    }

    [Fact]
    public async Task Crash_while_a_segment_is_begun_leaves_nothing_to_repair_by_hand()
    {
        await FillAsync(400);
        var next = Path.Combine(_bench.TopicDirectory, $"{Segments().Length + 1:D12}.log");
        foreach (var torn in new[] { 0, 1, 31, 40 })
        {
            File.WriteAllBytes(next, new byte[torn]);
            await using var log = _bench.Open(Small);
            (await JournalBench.ReadAsync(log)).Count.ShouldBe(400);
            (await log.QueryOffsetsAsync(new TopicPartition(JournalBench.Topic, 0), default)).High.ShouldBe(200);
            await log.DisposeAsync();
            File.Delete(next);
        }
    }

    [Fact]
    public async Task Commit_file_is_renewed_and_still_knows_everything()
    {
        var options = _bench.Options with { CommitFileBytes = 4096 };
        var partition = new TopicPartition(JournalBench.Topic, 0);
        await using (var log = _bench.Open(options))
        {
            await log.EnsureTopicsAsync([new TopicSpec(JournalBench.Topic, 1)], default);
            await using var consumer = log.CreateConsumer(new ConsumerOptions { Group = "g", Topics = [JournalBench.Topic] });
            await consumer.PollAsync(1, TimeSpan.Zero, default);
            await using var open = await log.OpenTransactionalProducerAsync("open", new ProducerOptions(), default);
            open.BeginTransaction();
            await JournalBench.AppendAsync(open, "k", "never");
            await using var producer = await log.OpenTransactionalProducerAsync("id", new ProducerOptions(), default);
            for (var i = 0; i < 200; i++)
            {
                producer.BeginTransaction();
                await JournalBench.AppendAsync(producer, "k", $"{i}");
                await producer.SendOffsetsAsync(
                    new Dictionary<TopicPartition, CommittedOffset> { [partition] = new(i, $"note {i}") }, consumer, default);
                if (i % 5 == 0)
                {
                    await producer.AbortTransactionAsync(default);
                }
                else
                {
                    await producer.CommitTransactionAsync(default);
                }
            }

            JournalBench.Copy(options.Directory, Path.Combine(_bench.Directory, "crashed"));
        }

        await using var again = _bench.Open(options with { Directory = Path.Combine(_bench.Directory, "crashed") });
        var commits = Directory.EnumerateFiles(Path.Combine(_bench.Directory, "crashed", "commits")).ShouldHaveSingleItem();
        new FileInfo(commits).Length.ShouldBeLessThan(10_000);
        (await again.QueryCommittedAsync("g", [partition], default))[partition].ShouldBe(new CommittedOffset(199, "note 199"));
        (await JournalBench.ReadAsync(again)).ShouldBe(Enumerable.Range(0, 200).Where(i => i % 5 != 0).Select(i => $"{i}"));
    }

    private async Task FillAsync(int records)
    {
        await using var log = _bench.Open(Small);
        await log.EnsureTopicsAsync([new TopicSpec(JournalBench.Topic, 2)], default);
        await using var producer = log.CreateProducer(new ProducerOptions());
        for (var i = 0; i < records; i++)
        {
            producer.TryAppend(
                new NewRecord
                {
                    Topic = JournalBench.Topic,
                    Partition = i % 2,
                    Value = System.Text.Encoding.UTF8.GetBytes($"{i}"),
                    TimestampMs = i,
                },
                null,
                0).ShouldBeTrue();
            if (i % 10 == 9)
            {
                await producer.FlushAsync(default);
            }
        }
    }

    private string[] Segments() => [.. Directory.EnumerateFiles(_bench.TopicDirectory, "*.log").Order()];

    private void ShouldRefuse(string path)
    {
        var error = Should.Throw<RecordLogException>(() => _bench.Open(Small));
        (error.Error, error.Message.Contains(path)).ShouldBe((RecordLogError.Damaged, true));
    }
}
