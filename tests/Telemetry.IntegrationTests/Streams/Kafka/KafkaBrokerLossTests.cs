using System.Text;
using Telemetry.Streams;
using Telemetry.Streams.Kafka;
using Telemetry.Testing;

namespace Telemetry.IntegrationTests.Streams.Kafka;

/// <summary>Brokers that die or stand still while records are appended.</summary>
[Collection(DisturbedKafkaCollection.Name)]
public sealed class KafkaBrokerLossTests(DisturbedKafka kafka)
{
    private const string Topic = "loss";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Records_acknowledged_while_brokers_are_killed_are_all_there_once_and_in_order()
    {
        await using var log = KafkaHost.Open(await kafka.BeforeTestAsync());
        await log.EnsureTopicsAsync([new TopicSpec(Topic, 3)], Cancel);
        await using var producer = log.CreateProducer(new ProducerOptions { InFlightBytesMax = 4 << 20 });
        var acknowledged = new Acknowledged();
        using var stop = new CancellationTokenSource();
        var appending = Task.Run(() => AppendAsync(producer, acknowledged, stop.Token), Cancel);

        await kafka.WaitForRestartsAsync(2, Cancel);
        await stop.CancelAsync();
        var appended = await appending;
        await producer.FlushAsync(Cancel);

        acknowledged.Failed.ShouldBe(0);
        acknowledged.Count.ShouldBe(appended);
        var values = await ReadAsync(log, partitions: 3);
        values.SelectMany(partition => partition).Order().ShouldBe(Enumerable.Range(0, appended));
        values.ShouldAllBe(partition => partition.SequenceEqual(partition.Order()));
    }

    [Fact]
    public async Task Broker_that_stands_still_holds_appends_back_within_the_bound_and_loses_nothing()
    {
        const long Bound = 2 << 20;
        Assert.SkipWhen(KafkaCluster.MissingReason(own: true) is not null, KafkaCluster.MissingReason(own: true) ?? "");
        await using var cluster = await KafkaCluster.StartAsync(1);
        await using var log = KafkaHost.Open(cluster);
        await log.EnsureTopicsAsync([new TopicSpec(Topic, 1)], Cancel);
        await using var producer = log.CreateProducer(new ProducerOptions { InFlightBytesMax = Bound });
        var acknowledged = new Acknowledged();
        var appended = 0;
        Append(producer, acknowledged, appended++).ShouldBeTrue();
        await producer.FlushAsync(Cancel);

        await cluster.PauseBrokerAsync(1);
        while (Append(producer, acknowledged, appended))
        {
            appended++;
        }

        appended.ShouldBeLessThan((int)Bound / 100);
        acknowledged.Count.ShouldBe(1);
        var waiting = producer.WaitForCapacityAsync(Cancel).AsTask();
        waiting.IsCompleted.ShouldBeFalse();
        await cluster.ResumeBrokerAsync(1);
        await waiting;
        await producer.FlushAsync(Cancel);

        acknowledged.Failed.ShouldBe(0);
        acknowledged.Count.ShouldBe(appended);
        (await ReadAsync(log, partitions: 1))[0].ShouldBe(Enumerable.Range(0, appended));
    }

    [Fact]
    public async Task Cluster_without_the_new_group_protocol_is_read_with_the_classic_one()
    {
        Assert.SkipWhen(KafkaCluster.MissingReason(own: true) is not null, KafkaCluster.MissingReason(own: true) ?? "");
        await using var cluster = await KafkaCluster.StartAsync(1, "group.coordinator.rebalance.protocols=classic");
        await using var log = KafkaHost.Open(cluster);
        await log.EnsureTopicsAsync([new TopicSpec(Topic, 1)], Cancel);
        await using var producer = log.CreateProducer(new ProducerOptions());
        Append(producer, new Acknowledged(), 7).ShouldBeTrue();
        await producer.FlushAsync(Cancel);

        await using var consumer = log.CreateConsumer(new ConsumerOptions { Group = "old", Topics = [Topic] });
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        deadline.CancelAfter(TimeSpan.FromSeconds(30));
        IReadOnlyList<LogRecord> records = [];
        while (records.Count == 0)
        {
            records = await consumer.PollAsync(10, TimeSpan.FromSeconds(1), deadline.Token);
        }

        records.ShouldHaveSingleItem();
        await consumer.CommitAsync(
            new Dictionary<TopicPartition, CommittedOffset> { [new TopicPartition(Topic, 0)] = new(1) }, Cancel);
    }

    private static async Task<int> AppendAsync(IRecordProducer producer, Acknowledged acknowledged, CancellationToken stop)
    {
        var next = 0;
        while (!stop.IsCancellationRequested)
        {
            if (Append(producer, acknowledged, next))
            {
                next++;
                if (next % 20 == 0)
                {
                    // A few thousand a second: enough to have some in flight at every moment.
                    await Task.Delay(TimeSpan.FromMilliseconds(5), CancellationToken.None);
                }
            }
            else
            {
                await producer.WaitForCapacityAsync(CancellationToken.None);
            }
        }

        return next;
    }

    [Fact]
    public async Task Offsets_asked_for_while_a_broker_is_silent_are_an_error_and_true_again_once_it_is_back()
    {
        Assert.SkipWhen(KafkaCluster.MissingReason(own: true) is not null, KafkaCluster.MissingReason(own: true) ?? "");
        await using var cluster = await KafkaCluster.StartAsync(1);
        await using var log = KafkaHost.Open(cluster, o => o with { RequestTimeout = TimeSpan.FromSeconds(3) });
        await log.EnsureTopicsAsync([new TopicSpec(Topic, 1)], Cancel);
        await using var producer = log.CreateProducer(new ProducerOptions());
        Append(producer, new Acknowledged(), 0).ShouldBeTrue();
        await producer.FlushAsync(Cancel);
        var partition = new TopicPartition(Topic, 0);
        (await log.QueryOffsetsAsync(partition, Cancel)).ShouldBe(new OffsetRange(0, 1));

        // librdkafka answers a silent leader's partitions with success and no offset.
        await cluster.PauseBrokerAsync(1);
        var error = await Should.ThrowAsync<RecordLogException>(async () => await log.QueryOffsetsAsync(partition, Cancel));
        error.IsTransient.ShouldBeTrue(error.Message);
        await cluster.ResumeBrokerAsync(1);

        // And it keeps the epoch of a leader that was killed and leads again.
        await cluster.KillBrokerAsync(1);
        await cluster.StartBrokerAsync(1);
        OffsetRange? offsets = null;
        for (var attempt = 0; offsets is null && attempt < 10; attempt++)
        {
            try
            {
                offsets = await log.QueryOffsetsAsync(partition, Cancel);
            }
            catch (RecordLogException e) when (e.IsTransient && attempt < 9)
            {
                continue; // A broker that has just started may take a moment to lead.
            }
        }

        offsets.ShouldBe(new OffsetRange(0, 1));
    }

    private static bool Append(IRecordProducer producer, Acknowledged acknowledged, int value) => producer.TryAppend(
        new NewRecord
        {
            Topic = Topic,
            Key = Encoding.UTF8.GetBytes($"device-{value % 31}"),
            Value = BitConverter.GetBytes(value),
            TimestampMs = 1,
        },
        acknowledged,
        (ulong)value);

    private static async Task<List<List<int>>> ReadAsync(KafkaLog log, int partitions)
    {
        await using var consumer = log.CreateConsumer(new ConsumerOptions());
        var ends = new Dictionary<TopicPartition, long>();
        for (var i = 0; i < partitions; i++)
        {
            ends[new TopicPartition(Topic, i)] = (await log.QueryOffsetsAsync(new TopicPartition(Topic, i), Cancel)).High;
        }

        consumer.Assign([.. ends.Keys]);
        List<List<int>> values = [.. Enumerable.Range(0, partitions).Select(_ => new List<int>())];
        while (ends.Any(end => consumer.Position(end.Key) < end.Value))
        {
            foreach (var record in await consumer.PollAsync(1_000, TimeSpan.FromSeconds(1), Cancel))
            {
                values[record.Partition].Add(BitConverter.ToInt32(record.Value.Span));
            }
        }

        return values;
    }

    /// <summary>Counts each answer once.</summary>
    private sealed class Acknowledged : IAppendCompletion
    {
        private readonly Lock _gate = new();
        private readonly HashSet<ulong> _seen = [];

        public int Count { get; private set; }

        public int Failed { get; private set; }

        public void Appended(long offset, RecordLogException? error, ulong state)
        {
            lock (_gate)
            {
                _seen.Add(state).ShouldBeTrue();
                Failed += error is null ? 0 : 1;
                Count++;
            }
        }
    }
}
