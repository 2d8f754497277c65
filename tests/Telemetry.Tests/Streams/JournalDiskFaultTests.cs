using Telemetry.Streams;
using Telemetry.Streams.Journal;

namespace Telemetry.Tests.Streams;

/// <summary>A disk that fails or fills up.</summary>
public sealed class JournalDiskFaultTests : IDisposable
{
    private readonly JournalBench _bench = new();
    private readonly FaultyFiles _files = new();

    public void Dispose() => _bench.Dispose();

    [Fact]
    public async Task Failed_fsync_ends_the_log_and_nothing_more_is_acknowledged()
    {
        await using (var log = await OpenAsync())
        {
            await using var producer = log.CreateProducer(new ProducerOptions());
            await JournalBench.AppendAsync(producer, "k", "acknowledged");
            _files.SyncFails = true;

            (await Should.ThrowAsync<RecordLogException>(() => JournalBench.AppendAsync(producer, "k", "lost")))
                .Error.ShouldBe(RecordLogError.WriteFailed);
            (await log.Failed.WaitAsync(TimeSpan.FromSeconds(30))).ShouldNotBeNull();

            // Not even when the disk seems well again: the kernel may have dropped the pages.
            _files.SyncFails = false;
            Should.Throw<RecordLogException>(() => producer.TryAppend(
                new NewRecord { Topic = JournalBench.Topic, TimestampMs = 1 }, null, 0)).Error.ShouldBe(RecordLogError.WriteFailed);
            (await Should.ThrowAsync<RecordLogException>(async () => await producer.FlushAsync(default)))
                .Error.ShouldBe(RecordLogError.WriteFailed);
            (await Should.ThrowAsync<RecordLogException>(async () => await producer.WaitForCapacityAsync(default)))
                .Error.ShouldBe(RecordLogError.WriteFailed);
        }

        await using var again = _bench.Open();
        (await JournalBench.ReadAsync(again)).ShouldContain("acknowledged");
    }

    [Fact]
    public async Task Failed_fsync_fails_a_transactions_commit_too()
    {
        await using var log = await OpenAsync();
        await using var producer = await log.OpenTransactionalProducerAsync("id", new ProducerOptions(), default);
        producer.BeginTransaction();
        await JournalBench.AppendAsync(producer, "k", "v");
        _files.SyncFails = true;

        (await Should.ThrowAsync<RecordLogException>(async () => await producer.CommitTransactionAsync(default)))
            .Error.ShouldBe(RecordLogError.WriteFailed);
    }

    [Theory]
    [InlineData("write")]
    [InlineData("sync")]
    [InlineData("free space")]
    public async Task Every_call_is_answered_when_the_disk_fails_under_it(string fault)
    {
        var log = _bench.Open(_bench.Options with { FreeBytesMin = 1 }, _files);
        await log.EnsureTopicsAsync([new TopicSpec(JournalBench.Topic, 1)], default);
        await using var producer = log.CreateProducer(new ProducerOptions { InFlightBytesMax = 1 });
        await using var transactional = await log.OpenTransactionalProducerAsync("id", new ProducerOptions(), default);
        await using var consumer = log.CreateConsumer(new ConsumerOptions { Group = "g" });
        consumer.Assign([new TopicPartition(JournalBench.Topic, 0)]);
        transactional.BeginTransaction();
        await JournalBench.AppendAsync(transactional, "k", "v");
        _files.WriteFails = fault == "write";
        _files.SyncFails = fault == "sync";
        _files.FreeBytesFails = fault == "free space";

        // Which of them the writer has taken when it fails is chance; all must hear of it. The floor is looked at four times
        // a second, so rounds go on until it fails.
        var calls = new List<Task>();
        while (!log.Failed.IsCompleted)
        {
            try
            {
                producer.TryAppend(new NewRecord { Topic = JournalBench.Topic, Key = "k"u8, TimestampMs = 1 }, null, 0);
                calls.Add(producer.FlushAsync(default).AsTask());
                calls.Add(producer.WaitForCapacityAsync(default).AsTask());
                calls.Add(consumer.CommitAsync(
                    new Dictionary<TopicPartition, CommittedOffset> { [new TopicPartition(JournalBench.Topic, 0)] = new(0) }, default).AsTask());
            }
            catch (RecordLogException error) when (error.Error == RecordLogError.WriteFailed)
            {
                break;
            }

            await Task.WhenAny(Task.WhenAll(calls), log.Failed).WaitAsync(TimeSpan.FromSeconds(30));
        }

        foreach (var call in calls)
        {
            await call.WaitAsync(TimeSpan.FromSeconds(30)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            call.IsCompleted.ShouldBeTrue();
        }

        (await Should.ThrowAsync<RecordLogException>(async () =>
            await transactional.CommitTransactionAsync(default).AsTask().WaitAsync(TimeSpan.FromSeconds(30)))).Error.ShouldBe(RecordLogError.WriteFailed);
        await log.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task Full_disk_fails_appends_loses_nothing_acknowledged_and_goes_on_when_there_is_space()
    {
        var acknowledged = new List<string>();
        var log = await OpenAsync();
        var producer = log.CreateProducer(new ProducerOptions());
        for (var room = 0; room < 150; room++)
        {
            await JournalBench.AppendAsync(producer, "k", $"before {room}");
            acknowledged.Add($"before {room}");
            _files.Room = room;
            var error = await Should.ThrowAsync<RecordLogException>(
                () => JournalBench.AppendAsync(producer, "k", new string('x', 150)));
            (error.Error, error.IsTransient).ShouldBe((RecordLogError.DiskFull, true));
            error.Message.ShouldContain(JournalBench.Topic);
            _files.Room = long.MaxValue;
        }

        (await JournalBench.ReadAsync(log)).ShouldBe(acknowledged);
        await log.DisposeAsync();
        await using var again = _bench.Open();
        (await JournalBench.ReadAsync(again)).ShouldBe(acknowledged);
        _bench.Logged.Lines.ShouldNotContain(line => line.Contains("cut at"));
    }

    [Fact]
    public async Task Transaction_that_lost_a_record_to_a_full_disk_is_aborted_and_done_again()
    {
        await using var log = await OpenAsync();
        await using var producer = await log.OpenTransactionalProducerAsync("id", new ProducerOptions(), default);
        producer.BeginTransaction();
        await JournalBench.AppendAsync(producer, "k", "first");
        _files.Room = 10;
        producer.TryAppend(new NewRecord { Topic = JournalBench.Topic, Key = "k"u8, Value = "second"u8, TimestampMs = 1 }, null, 0);
        var error = await Should.ThrowAsync<RecordLogException>(async () => await producer.CommitTransactionAsync(default));
        (error.Error, error.IsTransient).ShouldBe((RecordLogError.DiskFull, true));
        await producer.AbortTransactionAsync(default);
        _files.Room = long.MaxValue;

        producer.BeginTransaction();
        await JournalBench.AppendAsync(producer, "k", "again");
        await producer.CommitTransactionAsync(default);
        (await JournalBench.ReadAsync(log)).ShouldBe(["again"]);
    }

    [Fact]
    public async Task Commit_that_does_not_fit_the_disk_can_be_tried_again()
    {
        await using var log = await OpenAsync();
        await using var producer = await log.OpenTransactionalProducerAsync("id", new ProducerOptions(), default);
        producer.BeginTransaction();
        await JournalBench.AppendAsync(producer, "k", "v");
        _files.Room = 5;
        (await Should.ThrowAsync<RecordLogException>(async () => await producer.CommitTransactionAsync(default)))
            .Error.ShouldBe(RecordLogError.DiskFull);
        _files.Room = long.MaxValue;
        await producer.CommitTransactionAsync(default);

        (await JournalBench.ReadAsync(log)).ShouldBe(["v"]);
    }

    [Fact]
    public async Task Below_the_floor_appends_fail_and_commits_still_work()
    {
        var log = _bench.Open(_bench.Options with { FreeBytesMin = 1_000_000 }, _files);
        await log.EnsureTopicsAsync([new TopicSpec(JournalBench.Topic, 1)], default);
        _files.Room = 900_000;
        await using var producer = log.CreateProducer(new ProducerOptions());
        (await Should.ThrowAsync<RecordLogException>(() => JournalBench.AppendAsync(producer, "k", "v")))
            .Message.ShouldContain("floor");
        await using var consumer = log.CreateConsumer(new ConsumerOptions { Group = "g", Topics = [JournalBench.Topic] });
        await consumer.PollAsync(1, TimeSpan.Zero, default);
        await consumer.CommitAsync(
            new Dictionary<TopicPartition, CommittedOffset> { [new TopicPartition(JournalBench.Topic, 0)] = new(0) }, default);

        _files.Room = long.MaxValue;
        (await JournalBench.AppendAsync(producer, "k", "v")).ShouldBeGreaterThanOrEqualTo(0);
        await log.DisposeAsync();
    }

    [Fact]
    public async Task Offsets_whose_append_failed_are_not_part_of_the_log_before_or_after_a_start()
    {
        var (first, second) = (new TopicPartition("two", 0), new TopicPartition("two", 1));
        await using (var log = _bench.Open(files: _files))
        {
            await log.EnsureTopicsAsync([new TopicSpec("two", 2)], default);
            await using var producer = log.CreateProducer(new ProducerOptions());
            _files.Room = 0;
            await Should.ThrowAsync<RecordLogException>(() => JournalBench.AppendAsync(producer, "k", "lost", partition: 1, topic: "two"));
            _files.Room = long.MaxValue;
            await JournalBench.AppendAsync(producer, "k", "kept", partition: 0, topic: "two");
            (await log.QueryOffsetsAsync(first, default)).ShouldBe(new OffsetRange(0, 1));
            (await log.QueryOffsetsAsync(second, default)).ShouldBe(new OffsetRange(0, 0));
        }

        await using var again = _bench.Open();
        (await again.QueryOffsetsAsync(second, default)).ShouldBe(new OffsetRange(0, 0));
    }

    [Fact]
    public async Task Maintenance_goes_on_after_any_failure_and_leaves_no_hole()
    {
        var log = _bench.Open(
            _bench.Options with { SegmentBytes = 4096, MaintenanceInterval = TimeSpan.FromMilliseconds(20) }, _files, TimeProvider.System);
        await log.EnsureTopicsAsync([new TopicSpec(JournalBench.Topic, 1, RetentionTime: TimeSpan.FromHours(1))], default);
        await using (var producer = log.CreateProducer(new ProducerOptions()))
        {
            _files.DeleteFails = true;
            for (var i = 0; i < 100; i++)
            {
                await JournalBench.AppendAsync(producer, "k", new string('x', 200));
            }
        }

        await UntilAsync(() => _bench.Logged.Lines.Count(line => line.Contains("Maintenance of the log failed")) >= 2);
        log.MaintenanceFailure.ShouldBeOfType<UnauthorizedAccessException>();
        (await JournalBench.ReadAsync(log)).Count.ShouldBe(100);
        _files.DeleteFails = false;
        await UntilAsync(() => Directory.EnumerateFiles(_bench.TopicDirectory, "*.log").Count() == 1);
        await log.MaintainAsync(default);
        log.MaintenanceFailure.ShouldBeNull();
        await log.DisposeAsync();
        await using var again = _bench.Open();

        static async Task UntilAsync(Func<bool> holds)
        {
            using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
            while (!holds())
            {
                await timer.WaitForNextTickAsync(patience.Token);
            }
        }
    }

    [Fact]
    public async Task Directory_in_use_is_refused_with_its_path()
    {
        await using var log = await OpenAsync();
        var error = Should.Throw<RecordLogException>(() => _bench.Open());
        error.Error.ShouldBe(RecordLogError.Locked);
        error.Message.ShouldContain(_bench.Options.Directory);
        error.Message.ShouldContain("another process");
    }

    private async Task<JournalLog> OpenAsync()
    {
        var log = _bench.Open(files: _files);
        await log.EnsureTopicsAsync([new TopicSpec(JournalBench.Topic, 1)], default);
        return log;
    }
}
