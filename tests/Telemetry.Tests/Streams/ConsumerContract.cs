using Telemetry.Streams;

namespace Telemetry.Tests.Streams;

/// <summary>Reading by position: seek, pause, start, time, lag, commits.</summary>
public abstract class ConsumerContract(IRecordLogHost host) : RecordLogContract(host)
{
    [Fact]
    public async Task Poll_gives_no_more_than_asked_and_goes_on_where_it_stopped()
    {
        var topic = await NewTopicAsync();
        await FillAsync(topic, 0, 25);
        await using var consumer = Log.CreateConsumer(new ConsumerOptions());
        consumer.Assign([new TopicPartition(topic, 0)]);
        var offsets = new List<long>();
        while (offsets.Count < 25)
        {
            var records = await consumer.PollAsync(4, Generous, Cancel);
            records.Count.ShouldBeInRange(1, 4);
            offsets.AddRange(records.Select(record => record.Offset));
            consumer.Position(new TopicPartition(topic, 0)).ShouldBe(offsets[^1] + 1);
        }

        offsets.ShouldBe(Enumerable.Range(0, 25).Select(i => (long)i));
    }

    [Fact]
    public async Task Waiting_poll_returns_when_a_record_is_appended()
    {
        var topic = await NewTopicAsync();
        await using var consumer = Log.CreateConsumer(new ConsumerOptions());
        consumer.Assign([new TopicPartition(topic, 0)]);
        (await DrainAsync(consumer)).ShouldBeEmpty();
        var poll = consumer.PollAsync(10, Generous, Cancel).AsTask();
        await FillAsync(topic, 0, 1);

        (await poll).ShouldHaveSingleItem().Offset.ShouldBe(0);
    }

    [Fact]
    public async Task Seek_goes_back_and_forward()
    {
        var topic = await NewTopicAsync();
        await FillAsync(topic, 0, 50);
        await using var consumer = Log.CreateConsumer(new ConsumerOptions());
        var partition = new TopicPartition(topic, 0);
        consumer.Assign([partition]);
        (await ReadAsync(consumer, 50)).Count.ShouldBe(50);

        consumer.Seek(partition, 7);
        consumer.Position(partition).ShouldBe(7);
        (await ReadAsync(consumer, 1))[0].Offset.ShouldBe(7);
        consumer.Seek(partition, 49);
        (await ReadAsync(consumer, 1)).ShouldHaveSingleItem().Offset.ShouldBe(49);
    }

    [Fact]
    public async Task Position_beyond_the_end_is_reset_to_the_start_position()
    {
        var topic = await NewTopicAsync();
        await FillAsync(topic, 0, 5);
        await using var consumer = Log.CreateConsumer(new ConsumerOptions { Start = StartPosition.Earliest });
        consumer.Assign([new TopicPartition(topic, 0)]);
        consumer.Seek(new TopicPartition(topic, 0), 1_000);

        (await ReadAsync(consumer, 5))[0].Offset.ShouldBe(0);
    }

    [Fact]
    public async Task Paused_partition_holds_back_and_loses_nothing()
    {
        var topic = await NewTopicAsync(3);
        await using var consumer = Log.CreateConsumer(new ConsumerOptions());
        var partitions = Enumerable.Range(0, 3).Select(p => new TopicPartition(topic, p)).ToList();
        consumer.Assign(partitions);
        consumer.Pause([partitions[1]]);
        for (var partition = 0; partition < 3; partition++)
        {
            await FillAsync(topic, partition, 20);
        }

        var before = await ReadAsync(consumer, 40);
        before.ShouldAllBe(seen => seen.Partition != 1);
        (await DrainAsync(consumer)).ShouldBeEmpty();
        consumer.Assignment.Count.ShouldBe(3);
        consumer.Position(partitions[1]).ShouldBe(0);

        consumer.Resume([partitions[1]]);
        (await ReadAsync(consumer, 20)).Select(seen => (seen.Partition, seen.Offset))
            .ShouldBe(Enumerable.Range(0, 20).Select(i => (1, (long)i)));
    }

    [Fact]
    public async Task Latest_begins_behind_what_is_there()
    {
        var topic = await NewTopicAsync();
        await FillAsync(topic, 0, 5);
        await using var consumer = Log.CreateConsumer(new ConsumerOptions { Start = StartPosition.Latest });
        consumer.Assign([new TopicPartition(topic, 0)]);
        (await DrainAsync(consumer)).ShouldBeEmpty();
        consumer.Position(new TopicPartition(topic, 0)).ShouldBe(5);
        await FillAsync(topic, 0, 1);

        (await ReadAsync(consumer, 1)).ShouldHaveSingleItem().Offset.ShouldBe(5);
    }

    [Fact]
    public async Task Offset_for_a_time_is_the_first_stamped_at_or_after_it()
    {
        var topic = await NewTopicAsync(2);
        await using var producer = Log.CreateProducer(new ProducerOptions());
        for (var i = 0; i < 100; i++)
        {
            await AppendAsync(producer, topic, "k", $"{i}", partition: i % 2, timestampMs: 10_000 + (i * 10));
        }

        var odd = new TopicPartition(topic, 1);
        (await OffsetAtAsync(odd, 0)).ShouldBe(0);
        (await OffsetAtAsync(odd, 10_010)).ShouldBe(0);
        (await OffsetAtAsync(odd, 10_011)).ShouldBe(1);
        (await OffsetAtAsync(odd, 10_990)).ShouldBe(49);
        (await OffsetAtAsync(odd, 10_991)).ShouldBeNull();
    }

    [Fact]
    public async Task Committed_offset_and_metadata_come_back_and_a_new_member_goes_on_there()
    {
        var topic = await NewTopicAsync();
        var group = NewName();
        var partition = new TopicPartition(topic, 0);
        await FillAsync(topic, 0, 10);
        await using (var first = Log.CreateConsumer(new ConsumerOptions { Group = group, Topics = [topic] }))
        {
            await ReadAsync(first, 10);
            await first.CommitAsync(
                new Dictionary<TopicPartition, CommittedOffset> { [partition] = new(6, "note ü") }, Cancel);
        }

        var committed = await Log.QueryCommittedAsync(group, [partition, new TopicPartition(topic, 7)], Cancel);
        committed.ShouldHaveSingleItem().Value.ShouldBe(new CommittedOffset(6, "note ü"));
        await using var second = Log.CreateConsumer(new ConsumerOptions { Group = group, Topics = [topic] });
        (await ReadAsync(second, 4))[0].Offset.ShouldBe(6);
    }

    [Fact]
    public async Task Commit_of_a_partition_that_is_not_assigned_is_refused()
    {
        var topic = await NewTopicAsync(2);
        await using var consumer = Log.CreateConsumer(new ConsumerOptions { Group = NewName(), Topics = [topic] });
        var error = await Should.ThrowAsync<RecordLogException>(async () => await consumer.CommitAsync(
            new Dictionary<TopicPartition, CommittedOffset> { [new TopicPartition(topic, 0)] = new(1) }, Cancel));
        error.Error.ShouldBe(RecordLogError.NotAssigned);
    }

    [Fact]
    public async Task Lag_counts_offsets_and_the_age_of_the_oldest()
    {
        var topic = await NewTopicAsync(2);
        var group = NewName();
        var stamp = DateTimeOffset.UtcNow - TimeSpan.FromMinutes(10);
        await using var producer = Log.CreateProducer(new ProducerOptions());
        for (var i = 0; i < 10; i++)
        {
            await AppendAsync(
                producer, topic, "k", "v", partition: 0, timestampMs: stamp.AddMinutes(i).ToUnixTimeMilliseconds());
        }

        await using var consumer = Log.CreateConsumer(new ConsumerOptions { Group = group, Topics = [topic] });
        await ReadAsync(consumer, 10);
        await consumer.CommitAsync(
            new Dictionary<TopicPartition, CommittedOffset> { [new TopicPartition(topic, 0)] = new(4) }, Cancel);

        var lag = (await Log.QueryLagAsync(group, topic, Cancel)).OrderBy(entry => entry.Partition.Partition).ToList();
        lag.Count.ShouldBe(2);
        lag[0].Records.ShouldBe(6);
        lag[0].Time.ShouldBeInRange(TimeSpan.FromMinutes(5.9), TimeSpan.FromMinutes(9));
        lag[1].ShouldBe(new PartitionLag(new TopicPartition(topic, 1), 0, TimeSpan.Zero));
    }

    private async Task<long?> OffsetAtAsync(TopicPartition partition, long timeMs) =>
        await Log.QueryOffsetForTimeAsync(partition, DateTimeOffset.FromUnixTimeMilliseconds(timeMs), Cancel);

    private async Task FillAsync(string topic, int partition, int count)
    {
        await using var producer = Log.CreateProducer(new ProducerOptions());
        for (var i = 0; i < count; i++)
        {
            producer.TryAppend(
                new NewRecord { Topic = topic, Partition = partition, Value = Bytes($"{i}"), TimestampMs = 1_000 + i }, null, 0)
                .ShouldBeTrue();
        }

        await producer.FlushAsync(Cancel);
    }
}
