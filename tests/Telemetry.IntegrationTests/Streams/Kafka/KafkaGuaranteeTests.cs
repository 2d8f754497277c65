using System.Text;
using Telemetry.Streams;
using Telemetry.Streams.State;
using Telemetry.Tests.State;
using Telemetry.Tests.Streams;

namespace Telemetry.IntegrationTests.Streams.Kafka;

/// <summary>What only a log with members and coordinators elsewhere can get wrong.</summary>
public sealed class KafkaGuaranteeTests(SharedKafka kafka) : RecordLogContract(new KafkaHost(kafka))
{
    [Fact]
    public async Task Silent_member_cannot_commit_through_a_transaction_once_another_has_its_partition()
    {
        var (input, output) = (await NewTopicAsync(), await NewTopicAsync());
        var group = NewName();
        var partition = new TopicPartition(input, 0);
        await using var plain = Log.CreateProducer(new ProducerOptions());
        await AppendAsync(plain, input, "k", "in");

        await using var impatient = KafkaHost.Open(
            kafka.Cluster, options => options with { MaxPollInterval = TimeSpan.FromSeconds(3), SessionTimeout = TimeSpan.FromSeconds(3) });
        await using var silent = impatient.CreateConsumer(new ConsumerOptions { Group = group, Topics = [input] });
        (await ReadAsync(silent, 1)).Count.ShouldBe(1);

        // It polls no more: the group gives its partition to the other, which reads the same record.
        await using var other = Log.CreateConsumer(new ConsumerOptions { Group = group, Topics = [input] });
        (await ReadAsync(other, 1)).Count.ShouldBe(1);

        await using var zombie = await Log.OpenTransactionalProducerAsync(NewName(), new ProducerOptions(), Cancel);
        zombie.BeginTransaction();
        Append(zombie, output, "zombie");
        await Should.ThrowAsync<RecordLogException>(async () =>
        {
            await zombie.SendOffsetsAsync(Offsets(partition, 1), silent, Cancel);
            await zombie.CommitTransactionAsync(Cancel);
        });
        await zombie.AbortTransactionAsync(Cancel);
        (await Should.ThrowAsync<RecordLogException>(async () => await silent.CommitAsync(Offsets(partition, 1), Cancel)))
            .Error.ShouldBeOneOf(RecordLogError.NotAssigned, RecordLogError.Fenced);
        (await Log.QueryCommittedAsync(group, [partition], Cancel)).ShouldBeEmpty();

        await using var owner = await Log.OpenTransactionalProducerAsync(NewName(), new ProducerOptions(), Cancel);
        owner.BeginTransaction();
        Append(owner, output, "owner");
        await owner.SendOffsetsAsync(Offsets(partition, 1), other, Cancel);
        await owner.CommitTransactionAsync(Cancel);
        (await ReadAllAsync(output)).Select(seen => seen.Value).ShouldBe(["owner"]);
    }

    [Fact]
    public async Task Position_passes_markers_at_the_end_of_a_partition()
    {
        var topic = await NewTopicAsync();
        var partition = new TopicPartition(topic, 0);
        await using var producer = await Log.OpenTransactionalProducerAsync(NewName(), new ProducerOptions(), Cancel);
        for (var i = 0; i < 3; i++)
        {
            producer.BeginTransaction();
            Append(producer, topic, $"{i}");
            await (i == 0 ? producer.CommitTransactionAsync(Cancel) : producer.AbortTransactionAsync(Cancel));
        }

        // The coordinator answers once the end is decided; the markers follow.
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(Generous);
        while (await Log.QueryOffsetsAsync(partition, limit.Token) != new OffsetRange(0, 6))
        {
            await Task.Delay(20, limit.Token);
        }

        (await ReadAllAsync(topic)).ShouldHaveSingleItem().Value.ShouldBe("0");
    }

    [Fact]
    public async Task Markers_behind_the_committed_offset_are_no_lag()
    {
        var topic = await NewTopicAsync();
        var group = NewName();
        await using var producer = await Log.OpenTransactionalProducerAsync(NewName(), new ProducerOptions(), Cancel);
        producer.BeginTransaction();
        Append(producer, topic, "a");
        await producer.CommitTransactionAsync(Cancel);
        await using var consumer = Log.CreateConsumer(new ConsumerOptions { Group = group, Topics = [topic] });
        await ReadAsync(consumer, 1);
        await consumer.CommitAsync(Offsets(new TopicPartition(topic, 0), 1), Cancel);

        (await Log.QueryLagAsync(group, topic, Cancel)).ShouldHaveSingleItem().Records.ShouldBe(0);
    }

    [Fact]
    public async Task Group_reads_a_topic_of_many_partitions()
    {
        const int Partitions = 100;
        var topic = await NewTopicAsync(Partitions);
        await using var producer = Log.CreateProducer(new ProducerOptions());
        for (var i = 0; i < 10 * Partitions; i++)
        {
            producer.TryAppend(
                new NewRecord { Topic = topic, Partition = i % Partitions, Value = Bytes($"{i}"), TimestampMs = 1 }, null, 0).ShouldBeTrue();
        }

        await producer.FlushAsync(Cancel);
        await using var consumer = Log.CreateConsumer(new ConsumerOptions { Group = NewName(), Topics = [topic] });
        var seen = await ReadAsync(consumer, 10 * Partitions);

        seen.GroupBy(record => record.Partition).Select(partition => partition.Count()).ShouldBe(Enumerable.Repeat(10, Partitions));
        consumer.Assignment.Count.ShouldBe(Partitions);
    }

    [Fact]
    public async Task Taking_over_may_take_longer_than_a_member_may_be_silent()
    {
        var topic = await NewTopicAsync();
        await using var plain = Log.CreateProducer(new ProducerOptions());
        for (var i = 0; i < 5; i++)
        {
            await AppendAsync(plain, topic, "k", $"{i}");
        }

        await using var impatient = KafkaHost.Open(
            kafka.Cluster, options => options with { MaxPollInterval = TimeSpan.FromSeconds(3), SessionTimeout = TimeSpan.FromSeconds(3) });
        var listener = new SlowListener(TimeSpan.FromSeconds(6), seekTo: 2);
        await using var consumer = impatient.CreateConsumer(
            new ConsumerOptions { Group = NewName(), Topics = [topic], AssignmentListener = listener });

        (await ReadAsync(consumer, 3)).Select(seen => seen.Offset).ShouldBe([2L, 3, 4]);
        await consumer.CommitAsync(Offsets(new TopicPartition(topic, 0), 5), Cancel);
        listener.Lost.ShouldBe(0);
    }

    [Fact]
    public async Task State_is_restored_exactly_behind_an_open_transaction_of_a_dead_process()
    {
        var (input, stateTopic) = (await NewTopicAsync(), await NewTopicAsync(compacted: true));
        var partition = new TopicPartition(input, 0);
        await using var plain = Log.CreateProducer(new ProducerOptions());
        for (var i = 0; i < 20; i++)
        {
            await AppendAsync(plain, input, $"k{i % 3}", $"{i}", timestampMs: 1_000 + i);
        }

        var live = NewTable();
        await using var consumer = Log.CreateConsumer(new ConsumerOptions());
        consumer.Assign([partition]);
        await using var short5 = KafkaHost.Open(kafka.Cluster, options => options with { TransactionTimeout = TimeSpan.FromSeconds(5) });
        await using var producer = await short5.OpenTransactionalProducerAsync(NewName(), new ProducerOptions(), Cancel);
        for (var taken = 0; taken < 20; taken += 10)
        {
            for (var i = 0; i < 10;)
            {
                foreach (var record in await consumer.PollAsync(10 - i, Generous, Cancel))
                {
                    Take(live, record);
                    i++;
                }
            }

            var batch = new StateBatch();
            live.Collect(batch, taken + 10, [], TimeSpan.FromMinutes(10));
            producer.BeginTransaction();
            await batch.AppendAsync(producer, stateTopic, 0, 2_000, Cancel);
            await producer.FlushAsync(Cancel);
            if (taken == 0)
            {
                await producer.CommitTransactionAsync(Cancel);
            }

            // The second stays open, as when its process was killed.
        }

        var restored = NewTable();
        var replayed = new List<long>();
        var report = await StateRestorer.RestoreAsync(
            Log, stateTopic, partition, 10, restored, static _ => { },
            record =>
            {
                replayed.Add(record.Offset);
                Take(restored, record);
            },
            Cancel);

        report.Missing.ShouldBe(0);
        restored.Slots.Sum(slot => slot.State!.Records).ShouldBe(10);
        restored.Count.ShouldBe(3);
        replayed.ShouldBe(Enumerable.Range((int)report.ReplayedFrom, 10 - (int)report.ReplayedFrom).Select(i => (long)i));
    }

    private static KeyedStateTable<CountingState> NewTable() => new(new KeyedStateOptions(), new CountingCodec());

    private static void Take(KeyedStateTable<CountingState> table, in LogRecord record)
    {
        table.Advance(record.Offset, record.TimestampMs);
        if (table.TryEnter(record.Key.Span, out var slot))
        {
            table.MarkDirty(slot);
            slot.State!.Records++;
        }
    }

    private static void Append(IRecordProducer producer, string topic, string value) => producer.TryAppend(
        new NewRecord { Topic = topic, Key = "k"u8, Value = Encoding.UTF8.GetBytes(value), TimestampMs = 1 }, null, 0).ShouldBeTrue();

    private static Dictionary<TopicPartition, CommittedOffset> Offsets(TopicPartition partition, long offset) =>
        new() { [partition] = new CommittedOffset(offset) };

    private sealed class SlowListener(TimeSpan takes, long seekTo) : IAssignmentListener
    {
        public int Lost { get; private set; }

        public async ValueTask AssignedAsync(
            IRecordConsumer consumer, IReadOnlyList<TopicPartition> partitions, CancellationToken cancellationToken)
        {
            // Stands for a restore: what is tested is that time passes.
            await Task.Delay(takes, cancellationToken);
            foreach (var partition in partitions)
            {
                consumer.Seek(partition, seekTo);
            }
        }

        public ValueTask RevokedAsync(
            IRecordConsumer consumer, IReadOnlyList<TopicPartition> partitions, CancellationToken cancellationToken) => default;

        public ValueTask LostAsync(
            IRecordConsumer consumer, IReadOnlyList<TopicPartition> partitions, CancellationToken cancellationToken)
        {
            Lost += partitions.Count;
            return default;
        }
    }
}
