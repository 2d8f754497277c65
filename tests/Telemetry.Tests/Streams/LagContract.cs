using Telemetry.Streams;

namespace Telemetry.Tests.Streams;

/// <summary>Lag: how many records, and how old the oldest is.</summary>
public abstract class LagContract(IRecordLogHost host) : RecordLogContract(host)
{
    private static readonly TimeSpan TenMinutes = TimeSpan.FromMinutes(10);

    [Fact]
    public async Task Group_without_commits_is_behind_by_everything_and_as_old_as_the_oldest()
    {
        var topic = await NewTopicAsync(2);
        await FillAsync(topic, partition: 0, count: 25);

        var lag = await LagAsync(NewName(), topic);

        lag[0].Records.ShouldBe(25);
        lag[0].Time.ShouldBeGreaterThanOrEqualTo(TenMinutes);
        lag[0].Time.ShouldBeLessThan(TenMinutes + Generous);
        lag[1].ShouldBe(new PartitionLag(new TopicPartition(topic, 1), 0, TimeSpan.Zero));
    }

    [Fact]
    public async Task Several_groups_are_behind_each_by_its_own()
    {
        var topic = await NewTopicAsync();
        await FillAsync(topic, partition: 0, count: 10);
        var (fast, slow) = (NewName(), NewName());
        await CommitAsync(fast, topic, 10);
        await CommitAsync(slow, topic, 3);

        (await LagAsync(fast, topic)).ShouldHaveSingleItem().Records.ShouldBe(0);
        (await LagAsync(slow, topic)).ShouldHaveSingleItem().Records.ShouldBe(7);
        (await LagAsync(NewName(), topic)).ShouldHaveSingleItem().Records.ShouldBe(10);
    }

    [Fact]
    public async Task Marker_behind_the_last_record_is_no_lag()
    {
        var topic = await NewTopicAsync();
        await using var producer = await Log.OpenTransactionalProducerAsync(NewName(), new ProducerOptions(), Cancel);
        producer.BeginTransaction();
        Append(producer, topic, "one");
        Append(producer, topic, "two");
        await producer.CommitTransactionAsync(Cancel);
        var group = NewName();
        await CommitAsync(group, topic, 2);

        (await LagAsync(group, topic)).ShouldHaveSingleItem().ShouldBe(new PartitionLag(new TopicPartition(topic, 0), 0, TimeSpan.Zero));
    }

    [Fact]
    public async Task Aborted_records_are_no_lag()
    {
        var topic = await NewTopicAsync();
        await using var producer = await Log.OpenTransactionalProducerAsync(NewName(), new ProducerOptions(), Cancel);
        producer.BeginTransaction();
        Append(producer, topic, "never");
        await producer.FlushAsync(Cancel);
        await producer.AbortTransactionAsync(Cancel);

        (await LagAsync(NewName(), topic)).ShouldHaveSingleItem().Records.ShouldBe(0);
    }

    [Fact]
    public async Task Records_of_an_open_transaction_are_lag_when_it_is_committed()
    {
        var topic = await NewTopicAsync();
        var group = NewName();
        await using var producer = await Log.OpenTransactionalProducerAsync(NewName(), new ProducerOptions(), Cancel);
        producer.BeginTransaction();
        Append(producer, topic, "later");
        await producer.FlushAsync(Cancel);
        (await LagAsync(group, topic)).ShouldHaveSingleItem().Records.ShouldBe(0);

        await producer.CommitTransactionAsync(Cancel);

        (await LagAsync(group, topic)).ShouldHaveSingleItem().Records.ShouldBeGreaterThanOrEqualTo(1);
    }

    [Fact]
    public async Task Lag_behind_a_position_needs_no_group()
    {
        var topic = await NewTopicAsync(2);
        await FillAsync(topic, partition: 1, count: 10);

        var lag = await Log.QueryLagAsync(
            new Dictionary<TopicPartition, long> { [new TopicPartition(topic, 1)] = 8, [new TopicPartition(topic, 0)] = 0 }, Cancel);

        lag.ToDictionary(l => l.Partition.Partition, l => l.Records).ShouldBe(new Dictionary<int, long> { [1] = 2, [0] = 0 });
    }

    private static void Append(IRecordProducer producer, string topic, string value) => producer.TryAppend(
        new NewRecord { Topic = topic, Partition = 0, Value = Bytes(value), TimestampMs = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() },
        null, 0).ShouldBeTrue();

    private async Task<IReadOnlyList<PartitionLag>> LagAsync(string group, string topic) =>
        [.. (await Log.QueryLagAsync(group, topic, Cancel)).OrderBy(l => l.Partition.Partition)];

    /// <summary>The first is ten minutes old, each next one second younger.</summary>
    private async Task FillAsync(string topic, int partition, int count)
    {
        var oldest = DateTimeOffset.UtcNow - TenMinutes;
        await using var producer = Log.CreateProducer(new ProducerOptions());
        for (var i = 0; i < count; i++)
        {
            producer.TryAppend(
                new NewRecord
                {
                    Topic = topic,
                    Partition = partition,
                    Value = Bytes($"{i}"),
                    TimestampMs = oldest.AddSeconds(i).ToUnixTimeMilliseconds(),
                },
                null, 0).ShouldBeTrue();
        }

        await producer.FlushAsync(Cancel);
    }

    private async Task CommitAsync(string group, string topic, long next)
    {
        await using var consumer = Log.CreateConsumer(new ConsumerOptions { Group = group, Topics = [topic] });
        await ReadAsync(consumer, 1);
        await consumer.CommitAsync(
            new Dictionary<TopicPartition, CommittedOffset> { [new TopicPartition(topic, 0)] = new(next) }, Cancel);
    }
}
