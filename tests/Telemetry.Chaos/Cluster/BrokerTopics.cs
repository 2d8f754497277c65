using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace Telemetry.Chaos.Cluster;

/// <summary>Topics and offsets of the cluster, as its administrator sees them.</summary>
internal sealed class BrokerTopics : IDisposable
{
    private const string ReadingsTopic = "telemetry.readings.v1";
    private const string TopicPrefix = "telemetry.";
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(200);
    private readonly IAdminClient _admin;

    public BrokerTopics(string bootstrap)
    {
        var config = new AdminClientConfig { BootstrapServers = bootstrap };
        _admin = new AdminClientBuilder(config).SetLogHandler((_, _) => { }).SetErrorHandler((_, _) => { }).Build();
    }

    /// <summary>Topics of the product.</summary>
    public List<string> Ours() => [.. _admin.GetMetadata(AnswerLimit).Topics
        .Select(t => t.Topic)
        .Where(t => t.StartsWith(TopicPrefix, StringComparison.Ordinal))];

    /// <summary>Deletes what the last schedule left; returns when it is gone.</summary>
    public async Task DeleteAllAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(LookInterval);
        for (var ours = Ours(); ours.Count > 0; ours = Ours())
        {
            try
            {
                await _admin.DeleteTopicsAsync(ours, new DeleteTopicsOptions { OperationTimeout = AnswerLimit, RequestTimeout = AnswerLimit });
            }
            catch (DeleteTopicsException e) when (e.Results.All(r => r.Error.Code is ErrorCode.NoError or ErrorCode.UnknownTopicOrPart))
            {
                continue; // Gone already; the metadata were older.
            }

            await timer.WaitForNextTickAsync(cancellationToken);
        }
    }

    /// <summary>Readings records that a consumer group has not committed.</summary>
    public async Task<long> LagAsync(string group)
    {
        var partitions = _admin.GetMetadata(ReadingsTopic, AnswerLimit).Topics.Single().Partitions
            .Select(p => new TopicPartition(ReadingsTopic, p.PartitionId)).ToList();
        var ends = await _admin.ListOffsetsAsync(
            partitions.Select(p => new TopicPartitionOffsetSpec { TopicPartition = p, OffsetSpec = OffsetSpec.Latest() }),
            new ListOffsetsOptions { RequestTimeout = AnswerLimit });
        var committed = await _admin.ListConsumerGroupOffsetsAsync(
            [new ConsumerGroupTopicPartitions(group, partitions)], new ListConsumerGroupOffsetsOptions { RequestTimeout = AnswerLimit });
        var done = committed[0].Partitions.ToDictionary(p => p.Partition, p => Math.Max(0, p.Offset.Value));
        return ends.ResultInfos.Sum(e =>
            Math.Max(0, e.TopicPartitionOffsetError.Offset.Value - done.GetValueOrDefault(e.TopicPartitionOffsetError.Partition)));
    }

    public void Dispose() => _admin.Dispose();
}
