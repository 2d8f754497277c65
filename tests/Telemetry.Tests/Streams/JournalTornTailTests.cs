using Telemetry.Streams;
using Telemetry.Streams.Journal.Format;

namespace Telemetry.Tests.Streams;

/// <summary>What a start makes of files that a crash left in any state.</summary>
public sealed class JournalTornTailTests : IDisposable
{
    private readonly JournalBench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Fact]
    public async Task File_cut_at_every_byte_of_the_last_frames_keeps_every_record_before_the_cut()
    {
        var (image, ends) = await AppendedAsync(records: 8, partitions: 2);
        var whole = (int)ends[^1];
        for (var cut = (int)ends[4]; cut <= whole; cut++)
        {
            _bench.Logged.Clear();
            var copy = CopyOf(image);
            using (var file = File.OpenWrite(SegmentIn(copy)))
            {
                file.SetLength(cut);
            }

            await using var log = _bench.Open(_bench.Options with { Directory = copy });
            var kept = ends.Count(end => end <= cut) - 1;
            (await JournalBench.ReadAsync(log)).ShouldBe(Enumerable.Range(0, kept).Select(i => $"{i}"), ignoreOrder: true);
            var cuts = _bench.Logged.Lines.Where(line => line.Contains("cut at")).ToList();
            if (ends.Contains(cut))
            {
                cuts.ShouldBeEmpty();
            }
            else
            {
                cuts.ShouldHaveSingleItem().ShouldContain($"cut at {ends[kept]}, {cut - ends[kept]} bytes");
            }

            await using var producer = log.CreateProducer(new ProducerOptions());
            await JournalBench.AppendAsync(producer, "k", "new", partition: kept % 2);
            (await JournalBench.ReadAsync(log)).Count.ShouldBe(kept + 1);
        }
    }

    [Fact]
    public async Task Flipped_bit_is_refused_where_it_was_acknowledged_and_cut_where_that_cannot_be_known()
    {
        var (image, ends) = await AppendedAsync(records: 5, partitions: 1);
        var bytes = File.ReadAllBytes(SegmentIn(image));
        for (var at = 0; at < bytes.Length; at++)
        {
            var copy = CopyOf(image);
            bytes[at] ^= (byte)(1 << (at % 8));
            File.WriteAllBytes(SegmentIn(copy), bytes);
            bytes[at] ^= (byte)(1 << (at % 8));

            // Frame k + 1 says that the file was durable up to its own beginning; of the last one nobody knows.
            if (at < ends[^2])
            {
                ShouldRefuse(copy, frameStart: at < ends[0] ? 0 : ends.Last(end => end <= at));
            }
            else
            {
                await using var log = _bench.Open(_bench.Options with { Directory = copy });
                (await JournalBench.ReadAsync(log)).ShouldBe(["0", "1", "2", "3"]);
            }
        }
    }

    [Fact]
    public async Task After_an_orderly_end_the_last_record_is_known_to_be_durable_too()
    {
        await using (var log = _bench.Open())
        {
            await log.EnsureTopicsAsync([new TopicSpec(JournalBench.Topic, 1)], default);
            await using var producer = log.CreateProducer(new ProducerOptions());
            await JournalBench.AppendAsync(producer, "k", "only");
        }

        var path = SegmentIn(_bench.Options.Directory);
        var bytes = File.ReadAllBytes(path);
        bytes[^40] ^= 1;
        File.WriteAllBytes(path, bytes);

        var error = Should.Throw<RecordLogException>(() => _bench.Open());
        error.Error.ShouldBe(RecordLogError.Damaged);
        error.Message.ShouldContain(path);
        File.ReadAllBytes(path).ShouldBe(bytes);
    }

    [Fact]
    public async Task Torn_write_that_was_never_acknowledged_is_cut_even_if_a_whole_frame_follows_the_tear()
    {
        var (image, ends) = await AppendedAsync(records: 3, partitions: 1);
        var path = SegmentIn(image);
        var end = ends[^1];
        var garbage = new byte[64];
        Array.Fill(garbage, (byte)0xA5);
        var stray = new byte[FrameFormat.HeaderSize];
        FrameFormat.WriteDraft(stray, stray.Length, 0, 0);
        FrameFormat.Seal(stray, 1, end + garbage.Length, end);
        await using (var file = new FileStream(path, FileMode.Append))
        {
            file.Write(garbage);
            file.Write(stray);
        }

        await using (var log = _bench.Open(_bench.Options with { Directory = image }))
        {
            (await JournalBench.ReadAsync(log)).ShouldBe(["0", "1", "2"]);
        }

        _bench.Logged.Lines.ShouldContain(line => line.Contains($"cut at {end}, {garbage.Length + stray.Length} bytes"));
    }

    [Fact]
    public async Task Transaction_cut_at_every_byte_of_its_commit_is_there_whole_or_not_at_all()
    {
        var before = await TransactionImageAsync(commit: false);
        var after = await TransactionImageAsync(commit: true);
        var start = new FileInfo(CommitsIn(before)).Length;
        var whole = new FileInfo(CommitsIn(after)).Length;
        whole.ShouldBeGreaterThan(start);
        for (var cut = start; cut <= whole; cut++)
        {
            var copy = CopyOf(after);
            using (var file = File.OpenWrite(CommitsIn(copy)))
            {
                file.SetLength(cut);
            }

            await CheckTransactionAsync(copy, committed: cut == whole);
        }
    }

    [Fact]
    public async Task Transaction_whose_records_are_cut_at_any_byte_without_its_commit_is_not_there()
    {
        var image = await TransactionImageAsync(commit: false);
        var whole = new FileInfo(SegmentIn(image)).Length;
        for (var cut = whole - 143; cut <= whole; cut += 3)
        {
            var copy = CopyOf(image);
            using (var file = File.OpenWrite(SegmentIn(copy)))
            {
                file.SetLength(cut);
            }

            await CheckTransactionAsync(copy, committed: false);
        }
    }

    [Fact]
    public async Task Damaged_commit_file_is_refused()
    {
        var image = await TransactionImageAsync(commit: true);
        var path = CommitsIn(image);
        var bytes = File.ReadAllBytes(path);
        bytes[40] ^= 4;
        File.WriteAllBytes(path, bytes);
        var error = Should.Throw<RecordLogException>(() => _bench.Open(_bench.Options with { Directory = image }));
        (error.Error, error.Message.Contains(path)).ShouldBe((RecordLogError.Damaged, true));
    }

    private async Task CheckTransactionAsync(string directory, bool committed)
    {
        var input = new TopicPartition("in", 0);
        await using (var log = _bench.Open(_bench.Options with { Directory = directory }))
        {
            (await JournalBench.ReadAsync(log)).ShouldBe(committed ? ["plain", "one", "two"] : ["plain"]);
            (await JournalBench.ReadAsync(log, "other")).ShouldBe(committed ? ["three"] : []);
            (await log.QueryCommittedAsync("g", [input], default)).Count.ShouldBe(committed ? 1 : 0);
            await using var producer = await log.OpenTransactionalProducerAsync("id", new ProducerOptions(), default);
            producer.BeginTransaction();
            await JournalBench.AppendAsync(producer, "k", "later");
            await producer.CommitTransactionAsync(default);
        }

        // What was aborted stays so when the log is opened again and again.
        await using var again = _bench.Open(_bench.Options with { Directory = directory });
        (await JournalBench.ReadAsync(again)).ShouldBe(committed ? ["plain", "one", "two", "later"] : ["plain", "later"]);
        (await JournalBench.ReadAsync(again, "other")).ShouldBe(committed ? ["three"] : []);
    }

    private async Task<string> TransactionImageAsync(bool commit)
    {
        var options = _bench.Options with { Directory = Path.Combine(_bench.Directory, Guid.NewGuid().ToString("N")) };
        await using var log = _bench.Open(options);
        await log.EnsureTopicsAsync(
            [new TopicSpec(JournalBench.Topic, 1), new TopicSpec("other", 1), new TopicSpec("in", 1)], default);
        await using var plain = log.CreateProducer(new ProducerOptions());
        await JournalBench.AppendAsync(plain, "k", "plain");
        await using var consumer = log.CreateConsumer(new ConsumerOptions { Group = "g", Topics = ["in"] });
        await consumer.PollAsync(1, TimeSpan.Zero, default);
        await using var producer = await log.OpenTransactionalProducerAsync("id", new ProducerOptions(), default);
        producer.BeginTransaction();
        await JournalBench.AppendAsync(producer, "k", "one");
        await JournalBench.AppendAsync(producer, "k", "two");
        await JournalBench.AppendAsync(producer, "k", "three", topic: "other");
        await producer.SendOffsetsAsync(
            new Dictionary<TopicPartition, CommittedOffset> { [new TopicPartition("in", 0)] = new(0, "here") }, consumer, default);
        if (commit)
        {
            await producer.CommitTransactionAsync(default);
        }

        var image = Path.Combine(_bench.Directory, Guid.NewGuid().ToString("N"));
        JournalBench.Copy(options.Directory, image);
        return image;
    }

    // The files as they are while the log is open, and where each record's frame ends (first: the segment's start frame).
    private async Task<(string Image, List<long> Ends)> AppendedAsync(int records, int partitions)
    {
        await using var log = _bench.Open();
        await log.EnsureTopicsAsync([new TopicSpec(JournalBench.Topic, partitions)], default);
        var path = SegmentIn(_bench.Options.Directory);
        var ends = new List<long> { new FileInfo(path).Length };
        await using var producer = log.CreateProducer(new ProducerOptions());
        for (var i = 0; i < records; i++)
        {
            await JournalBench.AppendAsync(producer, "key", $"{i}", partition: i % partitions);
            ends.Add(new FileInfo(path).Length);
        }

        return (_bench.Crash(), ends);
    }

    private void ShouldRefuse(string directory, long frameStart)
    {
        var error = Should.Throw<RecordLogException>(() => _bench.Open(_bench.Options with { Directory = directory }));
        error.Error.ShouldBe(RecordLogError.Damaged);
        error.Message.ShouldContain(SegmentIn(directory));
        error.Message.ShouldContain($"offset {frameStart} ");
    }

    private string CopyOf(string image)
    {
        var copy = Path.Combine(_bench.Directory, Guid.NewGuid().ToString("N"));
        JournalBench.Copy(image, copy);
        return copy;
    }

    private static string SegmentIn(string directory) =>
        Directory.EnumerateFiles(JournalBench.TopicDirectoryIn(directory), "*.log").Single();

    private static string CommitsIn(string directory) => Directory.EnumerateFiles(Path.Combine(directory, "commits")).Single();
}
