using Confluent.Kafka;
using Telemetry.Streams;
using Telemetry.Streams.Kafka.Consumers;
using Telemetry.Tests.Streams;

namespace Telemetry.IntegrationTests.Streams.Kafka;

/// <summary>
/// A client may stop reading a partition it has, without an error. Here it is made to: paused, or moved to where nothing comes, behind the
/// back of the consumer that owns it.
/// </summary>
public sealed class KafkaStoppedFetchTests(SharedKafka kafka) : RecordLogContract(new KafkaHost(
    kafka, static options => options with { FetchCheckInterval = TimeSpan.FromSeconds(1) }))
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Partition_the_client_does_not_read_any_more_is_given_to_it_again(bool inGroup)
    {
        var topic = await NewTopicAsync();
        var partition = new Telemetry.Streams.TopicPartition(topic, 0);
        await using var producer = Log.CreateProducer(new ProducerOptions());
        await AppendAsync(producer, topic, "k", "one");
        await AppendAsync(producer, topic, "k", "two");
        await using var consumer = Log.CreateConsumer(
            inGroup ? new ConsumerOptions { Group = NewName(), Topics = [topic] } : new ConsumerOptions());
        if (!inGroup)
        {
            consumer.Assign([partition]);
        }

        (await ReadAsync(consumer, 2)).Select(static seen => seen.Value).ShouldBe(["one", "two"]);
        var client = (IConsumer<byte[]?, byte[]?>)((KafkaConsumer)consumer).Client;
        client.Pause([new Confluent.Kafka.TopicPartition(topic, 0)]);
        await AppendAsync(producer, topic, "k", "three");
        await AppendAsync(producer, topic, "k", "four");

        (await ReadAsync(consumer, 2)).Select(static seen => seen.Value).ShouldBe(["three", "four"]);
        await AppendAsync(producer, topic, "k", "five");
        (await ReadAsync(consumer, 1)).Select(static seen => seen.Value).ShouldBe(["five"]);
    }

    [Fact]
    public async Task Partition_the_caller_paused_stays_paused()
    {
        var topic = await NewTopicAsync();
        var partition = new Telemetry.Streams.TopicPartition(topic, 0);
        await using var producer = Log.CreateProducer(new ProducerOptions());
        await AppendAsync(producer, topic, "k", "one");
        await using var consumer = Log.CreateConsumer(new ConsumerOptions { Group = NewName(), Topics = [topic] });
        (await ReadAsync(consumer, 1)).Count.ShouldBe(1);
        consumer.Pause([partition]);
        await AppendAsync(producer, topic, "k", "two");

        // Long enough for the looks that would give a partition again.
        var deadline = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(deadline) < TimeSpan.FromSeconds(4))
        {
            (await consumer.PollAsync(10, TimeSpan.FromMilliseconds(100), Cancel)).ShouldBeEmpty();
        }

        consumer.Resume([partition]);
        (await ReadAsync(consumer, 1)).Select(static seen => seen.Value).ShouldBe(["two"]);
    }
}
