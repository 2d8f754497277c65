using Telemetry.Streams;
using Telemetry.Streams.Partitioning;

namespace Telemetry.Tests.Streams;

/// <summary>Appending, keys and topics.</summary>
public abstract class AppendContract(IRecordLogHost host) : RecordLogContract(host)
{
    [Fact]
    public async Task Record_is_read_as_it_was_appended()
    {
        var topic = await NewTopicAsync();
        await using var producer = Log.CreateProducer(new ProducerOptions());
        var headers = new RecordHeaders([new("trace", Bytes("t1")), new("trace", Bytes("t2")), new("empty", Bytes(""))]);
        (await AppendAsync(producer, topic, "key", "value", headers: headers, timestampMs: 1234)).ShouldBe(0);

        await using var consumer = Log.CreateConsumer(new ConsumerOptions());
        consumer.Assign([new TopicPartition(topic, 0)]);
        var record = (await consumer.PollAsync(10, Generous, Cancel)).ShouldHaveSingleItem();

        (record.Topic, record.Partition, record.Offset, record.TimestampMs).ShouldBe((topic, 0, 0L, 1234L));
        (Text(record.Key), Text(record.Value)).ShouldBe(("key", "value"));
        record.Headers.Count.ShouldBe(3);
        (record.Headers[0].Key, Text(record.Headers[0].Value)).ShouldBe(("trace", "t1"));
        record.Headers.TryGet("trace", out var last).ShouldBeTrue();
        Text(last).ShouldBe("t2");
        record.Headers.TryGet("empty", out var empty).ShouldBeTrue();
        empty.Length.ShouldBe(0);
    }

    [Fact]
    public async Task Value_tail_follows_the_value()
    {
        var topic = await NewTopicAsync();
        await using var producer = Log.CreateProducer(new ProducerOptions());
        producer.TryAppend(
            new NewRecord { Topic = topic, Value = "head-"u8, ValueTail = "tail"u8, TimestampMs = 1 }, null, 0).ShouldBeTrue();
        await producer.FlushAsync(Cancel);

        (await ReadAllAsync(topic)).ShouldHaveSingleItem().Value.ShouldBe("head-tail");
    }

    [Fact]
    public async Task Empty_key_and_empty_value_are_records_too()
    {
        var topic = await NewTopicAsync();
        await using var producer = Log.CreateProducer(new ProducerOptions());
        await AppendAsync(producer, topic, "", "");
        await AppendAsync(producer, topic, "k", "");

        (await ReadAllAsync(topic)).Select(seen => (seen.Key, seen.Value)).ShouldBe([("", ""), ("k", "")]);
    }

    [Fact]
    public async Task Records_of_a_key_stay_in_order_in_the_partition_murmur2_gives_it()
    {
        const int Partitions = 5;
        var topic = await NewTopicAsync(Partitions);
        await using var producer = Log.CreateProducer(new ProducerOptions());
        for (var i = 0; i < 500; i++)
        {
            producer.TryAppend(
                new NewRecord { Topic = topic, Key = Bytes($"device-{i % 17}"), Value = Bytes($"{i}"), TimestampMs = i }, null, 0)
                .ShouldBeTrue();
        }

        await producer.FlushAsync(Cancel);
        await using var consumer = Log.CreateConsumer(new ConsumerOptions());
        consumer.Assign([.. Enumerable.Range(0, Partitions).Select(p => new TopicPartition(topic, p))]);
        var seen = await ReadAsync(consumer, 500);

        seen.Count.ShouldBe(500);
        seen.ShouldAllBe(record => record.Partition == Murmur2.Partition(Bytes(record.Key), Partitions));
        foreach (var key in seen.GroupBy(record => record.Key))
        {
            key.Select(record => int.Parse(record.Value)).ShouldBeInOrder();
        }

        foreach (var partition in seen.GroupBy(record => record.Partition))
        {
            partition.Select(record => record.Offset).ShouldBe(Enumerable.Range(0, partition.Count()).Select(i => (long)i));
        }
    }

    [Fact]
    public async Task Records_without_a_key_are_spread_over_the_partitions()
    {
        var topic = await NewTopicAsync(4);
        await using var producer = Log.CreateProducer(new ProducerOptions());
        for (var i = 0; i < 4000; i++)
        {
            producer.TryAppend(new NewRecord { Topic = topic, Value = new byte[500], TimestampMs = 1 }, null, 0).ShouldBeTrue();
        }

        await producer.FlushAsync(Cancel);
        for (var partition = 0; partition < 4; partition++)
        {
            (await Log.QueryOffsetsAsync(new TopicPartition(topic, partition), Cancel)).High.ShouldBeGreaterThan(0);
        }
    }

    [Fact]
    public async Task Append_says_no_at_the_bound_and_takes_more_when_there_is_room()
    {
        var topic = await NewTopicAsync();
        await using var producer = Log.CreateProducer(new ProducerOptions { InFlightBytesMax = 10_000 });
        var refused = 0;
        for (var i = 0; i < 2_000; i++)
        {
            while (!producer.TryAppend(new NewRecord { Topic = topic, Value = new byte[900], TimestampMs = 1 }, null, 0))
            {
                refused++;
                await producer.WaitForCapacityAsync(Cancel);
            }
        }

        await producer.FlushAsync(Cancel);
        refused.ShouldBeGreaterThan(0);
        (await Log.QueryOffsetsAsync(new TopicPartition(topic, 0), Cancel)).ShouldBe(new OffsetRange(0, 2_000));
    }

    [Fact]
    public async Task Record_beyond_the_limit_is_refused_and_the_next_is_taken()
    {
        var topic = await NewTopicAsync();
        await using var producer = Log.CreateProducer(new ProducerOptions());
        Should.Throw<RecordLogException>(() => producer.TryAppend(
            new NewRecord { Topic = topic, Value = new byte[64 << 20], TimestampMs = 1 }, null, 0))
            .Error.ShouldBe(RecordLogError.RecordTooLarge);
        await AppendAsync(producer, topic, "k", "v");

        (await ReadAllAsync(topic)).ShouldHaveSingleItem().Value.ShouldBe("v");
    }

    [Fact]
    public async Task Large_record_comes_back_whole()
    {
        var topic = await NewTopicAsync();
        await using var producer = Log.CreateProducer(new ProducerOptions());
        var value = new string('x', 900_000);
        await AppendAsync(producer, topic, "a", "before");
        await AppendAsync(producer, topic, "a", value);
        await AppendAsync(producer, topic, "a", "after");

        (await ReadAllAsync(topic)).Select(seen => seen.Value).ShouldBe(["before", value, "after"]);
    }

    [Fact]
    public async Task Topic_with_other_partitions_is_refused()
    {
        var topic = await NewTopicAsync(3);
        await Log.EnsureTopicsAsync([new TopicSpec(topic, 3)], Cancel);
        (await Log.QueryPartitionCountAsync(topic, Cancel)).ShouldBe(3);

        var error = await Should.ThrowAsync<RecordLogException>(
            async () => await Log.EnsureTopicsAsync([new TopicSpec(topic, 4)], Cancel));
        error.Error.ShouldBe(RecordLogError.TopicMismatch);
        error.Message.ShouldContain(topic);
    }

    [Fact]
    public async Task Unknown_topic_is_an_error_that_names_it()
    {
        var topic = NewName();
        var error = await Should.ThrowAsync<RecordLogException>(async () => await Log.QueryPartitionCountAsync(topic, Cancel));
        (error.Error, error.Message.Contains(topic)).ShouldBe((RecordLogError.UnknownTopic, true));
    }
}
