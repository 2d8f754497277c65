using Telemetry.Streams;

namespace Telemetry.Tests.Streams;

/// <summary>Transactions: together or not at all, and only by the newest producer.</summary>
public abstract class TransactionContract(IRecordLogHost host) : RecordLogContract(host)
{
    [Fact]
    public async Task Committed_records_of_all_topics_are_seen()
    {
        var (one, other) = (await NewTopicAsync(), await NewTopicAsync(2));
        await using var producer = await OpenAsync(NewName());
        producer.BeginTransaction();
        Append(producer, one, "a");
        Append(producer, other, "b");
        await producer.CommitTransactionAsync(Cancel);

        (await ReadAllAsync(one)).ShouldHaveSingleItem().Value.ShouldBe("a");
        (await ReadAllAsync(other)).ShouldHaveSingleItem().Value.ShouldBe("b");
    }

    [Fact]
    public async Task Open_and_aborted_records_stay_unseen_and_leave_a_gap()
    {
        var topic = await NewTopicAsync();
        await using var producer = await OpenAsync(NewName());
        await using var plain = Log.CreateProducer(new ProducerOptions());
        await AppendAsync(plain, topic, "k", "before");
        producer.BeginTransaction();
        Append(producer, topic, "aborted");
        await producer.FlushAsync(Cancel);
        await AppendAsync(plain, topic, "k", "after");

        (await ReadStableAsync(topic, 1)).Select(seen => seen.Value).ShouldBe(["before"]);
        (await Log.QueryOffsetsAsync(new TopicPartition(topic, 0), Cancel)).High.ShouldBeGreaterThanOrEqualTo(1);
        await producer.AbortTransactionAsync(Cancel);

        var seen = await ReadAllAsync(topic);
        seen.Select(record => record.Value).ShouldBe(["before", "after"]);
        seen[1].Offset.ShouldBe(2);
        (await ReadAllAsync(topic, readCommitted: false)).Select(record => record.Value).ShouldBe(["before", "aborted", "after"]);
    }

    [Fact]
    public async Task Waiting_reader_gets_the_records_when_the_transaction_commits()
    {
        var topic = await NewTopicAsync();
        await using var producer = await OpenAsync(NewName());
        await using var consumer = Log.CreateConsumer(new ConsumerOptions());
        consumer.Assign([new TopicPartition(topic, 0)]);
        producer.BeginTransaction();
        Append(producer, topic, "a");
        await producer.FlushAsync(Cancel);
        (await DrainAsync(consumer)).ShouldBeEmpty();
        var poll = consumer.PollAsync(10, Generous, Cancel).AsTask();
        await producer.CommitTransactionAsync(Cancel);

        (await poll).ShouldHaveSingleItem().Offset.ShouldBe(0);
    }

    [Fact]
    public async Task Newer_producer_fences_the_older_and_aborts_what_it_had_open()
    {
        var topic = await NewTopicAsync();
        var id = NewName();
        await using var older = await OpenAsync(id);
        older.BeginTransaction();
        Append(older, topic, "older");
        await older.FlushAsync(Cancel);
        await using var newer = await OpenAsync(id);

        (await Should.ThrowAsync<RecordLogException>(async () => await older.CommitTransactionAsync(Cancel)))
            .Error.ShouldBe(RecordLogError.Fenced);
        newer.BeginTransaction();
        Append(newer, topic, "newer");
        await newer.CommitTransactionAsync(Cancel);
        (await ReadAllAsync(topic)).Select(seen => seen.Value).ShouldBe(["newer"]);
    }

    [Fact]
    public async Task Offsets_are_committed_with_the_transaction_and_not_with_an_abort()
    {
        var (input, output) = (await NewTopicAsync(), await NewTopicAsync());
        var group = NewName();
        var partition = new TopicPartition(input, 0);
        await using var plain = Log.CreateProducer(new ProducerOptions());
        await AppendAsync(plain, input, "k", "in");
        await using var consumer = Log.CreateConsumer(new ConsumerOptions { Group = group, Topics = [input] });
        await ReadAsync(consumer, 1);
        await using var producer = await OpenAsync(NewName());

        producer.BeginTransaction();
        Append(producer, output, "first try");
        await producer.SendOffsetsAsync(Offsets(partition, 1, "m1"), consumer, Cancel);
        await producer.AbortTransactionAsync(Cancel);
        (await Log.QueryCommittedAsync(group, [partition], Cancel)).ShouldBeEmpty();

        producer.BeginTransaction();
        Append(producer, output, "second try");
        await producer.SendOffsetsAsync(Offsets(partition, 1, "m2"), consumer, Cancel);
        await producer.CommitTransactionAsync(Cancel);
        (await Log.QueryCommittedAsync(group, [partition], Cancel))[partition].ShouldBe(new CommittedOffset(1, "m2"));
        (await ReadAllAsync(output)).Select(seen => seen.Value).ShouldBe(["second try"]);
    }

    [Fact]
    public async Task Offsets_of_a_partition_that_is_not_assigned_are_refused()
    {
        var topic = await NewTopicAsync();
        await using var consumer = Log.CreateConsumer(new ConsumerOptions { Group = NewName(), Topics = [topic] });
        await consumer.DisposeAsync();
        await using var producer = await OpenAsync(NewName());
        producer.BeginTransaction();

        await Should.ThrowAsync<RecordLogException>(async () =>
        {
            await producer.SendOffsetsAsync(Offsets(new TopicPartition(topic, 0), 1, ""), consumer, Cancel);
            await producer.CommitTransactionAsync(Cancel);
        });
    }

    [Fact]
    public async Task Transactions_of_several_producers_do_not_hide_each_others_partitions()
    {
        var topic = await NewTopicAsync(2);
        await using var slow = await OpenAsync(NewName());
        await using var quick = await OpenAsync(NewName());
        slow.BeginTransaction();
        Append(slow, topic, "slow", partition: 0);
        await slow.FlushAsync(Cancel);
        quick.BeginTransaction();
        Append(quick, topic, "quick", partition: 1);
        await quick.CommitTransactionAsync(Cancel);

        (await ReadStableAsync(topic, 1)).Select(seen => seen.Value).ShouldBe(["quick"]);
        await slow.CommitTransactionAsync(Cancel);
        (await ReadAllAsync(topic)).Select(seen => seen.Value).ShouldBe(["slow", "quick"], ignoreOrder: true);
    }

    [Fact]
    public async Task Many_small_transactions_come_through_in_order()
    {
        var topic = await NewTopicAsync();
        await using var producer = await OpenAsync(NewName());
        var expected = new List<string>();
        for (var i = 0; i < 60; i++)
        {
            producer.BeginTransaction();
            Append(producer, topic, $"{i}");
            if (i % 3 == 0)
            {
                await producer.AbortTransactionAsync(Cancel);
            }
            else
            {
                await producer.CommitTransactionAsync(Cancel);
                expected.Add($"{i}");
            }
        }

        (await ReadAllAsync(topic)).Select(seen => seen.Value).ShouldBe(expected);
    }

    [Fact]
    public async Task Append_outside_a_transaction_is_refused()
    {
        var topic = await NewTopicAsync();
        await using var producer = await OpenAsync(NewName());
        Should.Throw<InvalidOperationException>(() => Append(producer, topic, "a"));
        producer.BeginTransaction();
        Should.Throw<InvalidOperationException>(producer.BeginTransaction);
    }

    private async Task<ITransactionalProducer> OpenAsync(string id) =>
        await Log.OpenTransactionalProducerAsync(id, new ProducerOptions(), Cancel);

    private static void Append(IRecordProducer producer, string topic, string value, int? partition = null) => producer.TryAppend(
        new NewRecord { Topic = topic, Partition = partition, Key = "k"u8, Value = Bytes(value), TimestampMs = 1 }, null, 0)
        .ShouldBeTrue();

    private static Dictionary<TopicPartition, CommittedOffset> Offsets(TopicPartition partition, long offset, string metadata) =>
        new() { [partition] = new CommittedOffset(offset, metadata) };
}
