using Telemetry.Streams;
using Telemetry.Streams.Journal;

namespace Telemetry.Tests.Streams;

/// <summary>Retention, compaction, and what is ended because it is silent.</summary>
public sealed class JournalMaintenanceTests : IDisposable
{
    private readonly JournalBench _bench = new();

    public void Dispose() => _bench.Dispose();

    private JournalOptions Small => _bench.Options with { SegmentBytes = 4096, CompactedSegmentBytes = 4096 };

    private long Now => _bench.Time.GetUtcNow().ToUnixTimeMilliseconds();

    [Fact]
    public async Task Retention_by_time_removes_whole_segments_and_moves_low()
    {
        await using var log = await OpenAsync(new TopicSpec(JournalBench.Topic, 1, RetentionTime: TimeSpan.FromHours(1)));
        await FillAsync(log, 300);
        _bench.Time.Advance(TimeSpan.FromMinutes(59));
        await log.MaintainAsync(default);
        (await log.QueryOffsetsAsync(new TopicPartition(JournalBench.Topic, 0), default)).ShouldBe(new OffsetRange(0, 300));

        _bench.Time.Advance(TimeSpan.FromMinutes(2));
        await log.MaintainAsync(default);
        (await log.QueryOffsetsAsync(new TopicPartition(JournalBench.Topic, 0), default)).ShouldBe(new OffsetRange(300, 300));
        (await JournalBench.ReadAsync(log)).ShouldBeEmpty();
        Directory.EnumerateFiles(_bench.TopicDirectory, "*.log").Count().ShouldBe(1);
        await FillAsync(log, 1);
        (await JournalBench.ReadRecordsAsync(log)).ShouldHaveSingleItem().Offset.ShouldBe(300);
    }

    [Fact]
    public async Task Offsets_go_on_after_everything_was_removed_and_the_log_opened_again()
    {
        await using (var log = await OpenAsync(new TopicSpec(JournalBench.Topic, 1, RetentionTime: TimeSpan.FromHours(1))))
        {
            await FillAsync(log, 300);
            _bench.Time.Advance(TimeSpan.FromHours(2));
            await log.MaintainAsync(default);
        }

        await using var again = _bench.Open(Small);
        await FillAsync(again, 1);
        (await JournalBench.ReadRecordsAsync(again)).ShouldHaveSingleItem().Offset.ShouldBe(300);
    }

    [Fact]
    public async Task Retention_by_bytes_keeps_at_least_what_was_promised()
    {
        await using var log = await OpenAsync(new TopicSpec(JournalBench.Topic, 2, RetentionBytes: 6_000));
        await FillAsync(log, 1000);
        await log.MaintainAsync(default);
        var left = Directory.EnumerateFiles(_bench.TopicDirectory, "*.log").Sum(path => new FileInfo(path).Length);
        left.ShouldBeInRange(12_000, 12_000 + (2 * 4096));
        var low = (await log.QueryOffsetsAsync(new TopicPartition(JournalBench.Topic, 0), default)).Low;
        low.ShouldBeGreaterThan(0);
        (await JournalBench.ReadRecordsAsync(log)).Where(record => record.Partition == 0).Min(record => record.Offset).ShouldBe(low);
    }

    [Fact]
    public async Task Consumer_overtaken_by_retention_goes_on_at_the_first_record_that_is_there()
    {
        await using var log = await OpenAsync(new TopicSpec(JournalBench.Topic, 1, RetentionTime: TimeSpan.FromHours(1)));
        await FillAsync(log, 300);
        await using var consumer = log.CreateConsumer(new ConsumerOptions());
        consumer.Assign([new TopicPartition(JournalBench.Topic, 0)]);
        (await consumer.PollAsync(1, TimeSpan.Zero, default)).ShouldHaveSingleItem().Offset.ShouldBe(0);
        _bench.Time.Advance(TimeSpan.FromHours(2));
        await log.MaintainAsync(default);
        await FillAsync(log, 1);

        (await consumer.PollAsync(10, TimeSpan.FromSeconds(30), default))[0].Offset.ShouldBe(300);
        _bench.Logged.Lines.ShouldContain(line => line.Contains("not there any more"));
    }

    [Fact]
    public async Task Compaction_keeps_the_newest_of_each_key_with_its_offset()
    {
        await using var log = await OpenAsync(new TopicSpec(JournalBench.Topic, 2, Compacted: true));
        var expected = new Dictionary<(int, string), (long, string)>();
        await FillKeysAsync(log, 500, expected);
        var before = Directory.EnumerateFiles(_bench.TopicDirectory, "*.log").Count();
        await log.CompactAsync(default);
        Directory.EnumerateFiles(_bench.TopicDirectory, "*.log").Count().ShouldBeLessThan(before);
        await CheckCompactedAsync(log, expected, recordsMax: 150);

        // Again and again, also over what was compacted before, and after a start.
        await FillKeysAsync(log, 500, expected);
        await log.CompactAsync(default);
        await log.DisposeAsync();
        await using var again = _bench.Open(Small);
        await CheckCompactedAsync(again, expected, recordsMax: 150);
        await again.CompactAsync(default);
        await CheckCompactedAsync(again, expected, recordsMax: 150);
        again.Verify();
    }

    [Fact]
    public async Task Tombstone_removes_the_key_and_goes_itself_after_its_time()
    {
        await using var log = await OpenAsync(new TopicSpec(JournalBench.Topic, 1, Compacted: true));
        await using var producer = log.CreateProducer(new ProducerOptions());
        await JournalBench.AppendAsync(producer, "gone", "value", timestampMs: Now);
        await JournalBench.AppendAsync(producer, "stays", "value", timestampMs: Now);
        await JournalBench.AppendAsync(producer, "gone", "", timestampMs: Now);
        await FillKeysAsync(log, 200, []);
        await log.CompactAsync(default);
        (await JournalBench.ReadRecordsAsync(log)).Where(record => record.Key == "gone").ShouldHaveSingleItem().Value.ShouldBe("");

        _bench.Time.Advance(TimeSpan.FromHours(25));
        await log.CompactAsync(default);
        var keys = (await JournalBench.ReadRecordsAsync(log)).Select(record => record.Key).ToList();
        keys.ShouldNotContain("gone");
        keys.ShouldContain("stays");
    }

    [Fact]
    public async Task Compaction_drops_aborted_records_and_waits_for_open_transactions()
    {
        await using var log = await OpenAsync(new TopicSpec(JournalBench.Topic, 1, Compacted: true));
        await using var producer = log.CreateProducer(new ProducerOptions());
        await JournalBench.AppendAsync(producer, "a", "kept");
        await using var transactional = await log.OpenTransactionalProducerAsync("id", new ProducerOptions(), default);
        transactional.BeginTransaction();
        await JournalBench.AppendAsync(transactional, "a", "aborted");
        await transactional.AbortTransactionAsync(default);
        transactional.BeginTransaction();
        await JournalBench.AppendAsync(transactional, "b", "committed later");
        await FillKeysAsync(log, 200, []);
        await log.CompactAsync(default);
        await transactional.CommitTransactionAsync(default);
        await log.CompactAsync(default);

        var records = await JournalBench.ReadRecordsAsync(log, readCommitted: false);
        records.Where(record => record.Key == "a").ShouldHaveSingleItem().Value.ShouldBe("kept");
        records.Where(record => record.Key == "b").ShouldHaveSingleItem().Value.ShouldBe("committed later");
    }

    [Fact]
    public async Task Crash_between_rename_and_removal_of_a_compaction_doubles_nothing()
    {
        var expected = new Dictionary<(int, string), (long, string)>();
        var before = Path.Combine(_bench.Directory, "before");
        await using (var log = await OpenAsync(new TopicSpec(JournalBench.Topic, 2, Compacted: true)))
        {
            await FillKeysAsync(log, 500, expected);
            JournalBench.Copy(_bench.TopicDirectory, before);
            await log.CompactAsync(default);
        }

        // The old files are still there, and half of a later attempt.
        foreach (var file in Directory.EnumerateFiles(before))
        {
            var target = Path.Combine(_bench.TopicDirectory, Path.GetFileName(file));
            if (!File.Exists(target))
            {
                File.Copy(file, target);
            }
        }

        await File.WriteAllBytesAsync(Path.Combine(_bench.TopicDirectory, "000000000001.compacting.new"), new byte[100]);
        await using var again = _bench.Open(Small);
        await CheckCompactedAsync(again, expected, recordsMax: 150);
        Directory.EnumerateFiles(_bench.TopicDirectory, "*.new").ShouldBeEmpty();
    }

    [Fact]
    public async Task Reader_in_the_middle_of_what_is_compacted_goes_on_without_loss_of_newest_values()
    {
        await using var log = await OpenAsync(new TopicSpec(JournalBench.Topic, 2, Compacted: true));
        var expected = new Dictionary<(int, string), (long, string)>();
        await FillKeysAsync(log, 500, expected);
        await using var consumer = log.CreateConsumer(new ConsumerOptions());
        consumer.Assign([new TopicPartition(JournalBench.Topic, 0), new TopicPartition(JournalBench.Topic, 1)]);
        var seen = new Dictionary<(int, string), (long, string)>();
        await TakeAsync(37);
        await log.CompactAsync(default);
        while (await TakeAsync(50) > 0)
        {
            continue;
        }

        seen.ShouldBe(expected, ignoreOrder: true);

        async Task<int> TakeAsync(int recordsMax)
        {
            var records = await consumer.PollAsync(recordsMax, TimeSpan.Zero, default);
            foreach (var record in records)
            {
                var key = (record.Partition, System.Text.Encoding.UTF8.GetString(record.Key.Span));
                seen[key] = (record.Offset, System.Text.Encoding.UTF8.GetString(record.Value.Span));
            }

            return records.Count;
        }
    }

    [Fact]
    public async Task Transaction_open_too_long_is_aborted_and_its_producer_fenced()
    {
        await using var log = await OpenAsync(new TopicSpec(JournalBench.Topic, 1));
        await using var producer = await log.OpenTransactionalProducerAsync("id", new ProducerOptions(), default);
        await using var plain = log.CreateProducer(new ProducerOptions());
        producer.BeginTransaction();
        await JournalBench.AppendAsync(producer, "k", "stuck");
        await JournalBench.AppendAsync(plain, "k", "behind it");
        (await JournalBench.ReadAsync(log)).ShouldBeEmpty();
        _bench.Time.Advance(TimeSpan.FromMinutes(2));
        await log.MaintainAsync(default);

        (await JournalBench.ReadAsync(log)).ShouldBe(["behind it"]);
        (await Should.ThrowAsync<RecordLogException>(async () => await producer.CommitTransactionAsync(default)))
            .Error.ShouldBe(RecordLogError.Fenced);
    }

    [Fact]
    public async Task Aborted_transactions_are_forgotten_once_no_file_holds_their_records()
    {
        var time = TimeSpan.FromHours(1);
        var log = await OpenAsync(new TopicSpec(JournalBench.Topic, 1, RetentionTime: time));
        await log.EnsureTopicsAsync([new TopicSpec("keys", 1, Compacted: true), new TopicSpec("idle", 1)], default);

        // Aborted between committed ones, so that each is a range of its own.
        var kept = new List<string>();
        await using (var producer = await log.OpenTransactionalProducerAsync("id", new ProducerOptions(), default))
        {
            for (var i = 0; i < 100; i++)
            {
                producer.BeginTransaction();
                await JournalBench.AppendAsync(producer, "k", $"{i}", timestampMs: Now);
                await JournalBench.AppendAsync(producer, "k", $"{i}", topic: "keys", timestampMs: Now);
                if (i % 2 == 0)
                {
                    await producer.AbortTransactionAsync(default);
                }
                else
                {
                    await producer.CommitTransactionAsync(default);
                    kept.Add($"{i}");
                }
            }
        }

        await log.CompactAsync(default);
        log.Commits.Transactions.AbortedRanges.ShouldBeGreaterThanOrEqualTo(50, "the files still hold their records");
        (await JournalBench.ReadAsync(log)).ShouldBe(kept);
        await log.DisposeAsync();
        log = _bench.Open(Small);
        (await JournalBench.ReadAsync(log)).ShouldBe(kept);
        log.Commits.Transactions.AbortedRanges.ShouldBeGreaterThanOrEqualTo(50);

        // Retention takes one topic's files away, compaction the other's.
        _bench.Time.Advance(time + time);
        await log.MaintainAsync(default);
        await FillAsync(log, 1);
        await FillKeysAsync(log, 200, [], "keys");
        await log.CompactAsync(default);
        log.Commits.Transactions.AbortedRanges.ShouldBeLessThanOrEqualTo(2);
        (await JournalBench.ReadAsync(log)).ShouldBe(["0"]);
        (await JournalBench.ReadAsync(log, "keys")).Count(value => value == "99").ShouldBe(1);
        await log.DisposeAsync();
        await using var again = _bench.Open(Small);
        await again.MaintainAsync(default);
        again.Commits.Transactions.AbortedRanges.ShouldBeLessThanOrEqualTo(3);
        (await JournalBench.ReadAsync(again)).ShouldBe(["0"]);
    }

    [Fact]
    public async Task Member_that_does_not_poll_loses_its_partitions_and_may_not_commit()
    {
        await using var log = await OpenAsync(new TopicSpec(JournalBench.Topic, 2));
        var lost = new LostListener();
        var options = new ConsumerOptions { Group = "g", Topics = [JournalBench.Topic] };
        await using var silent = log.CreateConsumer(options with { AssignmentListener = lost });
        await silent.PollAsync(1, TimeSpan.Zero, default);
        silent.Assignment.Count.ShouldBe(2);
        _bench.Time.Advance(TimeSpan.FromMinutes(6));
        await using var other = log.CreateConsumer(options);
        await other.PollAsync(1, TimeSpan.Zero, default);
        await other.PollAsync(1, TimeSpan.Zero, default);
        other.Assignment.Count.ShouldBe(2);

        (await Should.ThrowAsync<RecordLogException>(async () => await silent.CommitAsync(
            new Dictionary<TopicPartition, CommittedOffset> { [new TopicPartition(JournalBench.Topic, 0)] = new(1) }, default)))
            .Error.ShouldBe(RecordLogError.Fenced);
        await silent.PollAsync(1, TimeSpan.Zero, default);
        lost.Partitions.ShouldBe(2);
    }

    private async Task<JournalLog> OpenAsync(TopicSpec spec)
    {
        var log = _bench.Open(Small);
        await log.EnsureTopicsAsync([spec], default);
        return log;
    }

    private async Task FillAsync(JournalLog log, int records)
    {
        await using var producer = log.CreateProducer(new ProducerOptions());
        for (var i = 0; i < records; i++)
        {
            var task = JournalBench.AppendAsync(producer, "", $"{i}", partition: 0, timestampMs: Now);
            if (i % 10 == 9 || i == records - 1)
            {
                await task;
            }
        }
    }

    private async Task FillKeysAsync(
        JournalLog log, int records, Dictionary<(int, string), (long, string)> expected, string topic = JournalBench.Topic)
    {
        await using var producer = log.CreateProducer(new ProducerOptions());
        for (var i = 0; i < records; i++)
        {
            var (partition, key, value) = (i % 2 == 0 || log.Topic(topic).Spec.Partitions == 1 ? 0 : 1, $"key {i % 23}", $"{i}");
            expected[(partition, key)] =
                (await JournalBench.AppendAsync(producer, key, value, partition, timestampMs: Now, topic), value);
        }
    }

    private static async Task CheckCompactedAsync(JournalLog log, Dictionary<(int, string), (long, string)> expected, int recordsMax)
    {
        var records = await JournalBench.ReadRecordsAsync(log);
        records.Count.ShouldBeLessThan(recordsMax);
        foreach (var partition in records.GroupBy(record => record.Partition))
        {
            partition.Select(record => record.Offset).ShouldBeInOrder();
            partition.Select(record => record.Offset).ShouldBeUnique();
        }

        var newest = new Dictionary<(int, string), (long, string)>();
        records.ForEach(record => newest[(record.Partition, record.Key)] = (record.Offset, record.Value));
        newest.ShouldBe(expected, ignoreOrder: true);
    }

    private sealed class LostListener : IAssignmentListener
    {
        public int Partitions { get; private set; }

        public ValueTask AssignedAsync(
            IRecordConsumer consumer, IReadOnlyList<TopicPartition> partitions, CancellationToken cancellationToken) => default;

        public ValueTask RevokedAsync(
            IRecordConsumer consumer, IReadOnlyList<TopicPartition> partitions, CancellationToken cancellationToken) => default;

        public ValueTask LostAsync(
            IRecordConsumer consumer, IReadOnlyList<TopicPartition> partitions, CancellationToken cancellationToken)
        {
            Partitions += partitions.Count;
            return default;
        }
    }
}
