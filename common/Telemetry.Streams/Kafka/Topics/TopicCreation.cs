using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace Telemetry.Streams.Kafka.Topics;

/// <summary>Creates topics as declared.</summary>
internal static class TopicCreation
{
    /// <param name="admin">Connection to the cluster.</param>
    /// <param name="specs">Topics, completed by <see cref="KafkaTopicSpecs"/>.</param>
    /// <param name="brokers">Brokers of the cluster.</param>
    /// <param name="timeout">Longest wait for the answer.</param>
    /// <exception cref="RecordLogException">The cluster refused one; others may be there.</exception>
    public static async Task CreateAsync(IAdminClient admin, IReadOnlyList<TopicSpec> specs, int brokers, TimeSpan timeout)
    {
        var topics = specs.Select(s => Specification(s, Replication.Of(s, brokers))).ToList();
        try
        {
            await admin.CreateTopicsAsync(topics, new CreateTopicsOptions { RequestTimeout = timeout, OperationTimeout = timeout });
        }
        catch (CreateTopicsException error)
        {
            // Another process may have been quicker; whether it made the same is checked afterwards.
            var failed = error.Results.FirstOrDefault(r => r.Error.IsError && r.Error.Code != ErrorCode.TopicAlreadyExists);
            if (failed is not null)
            {
                var failure = failed.Error.Code.ToLogError();
                throw new RecordLogException(
                    failure == RecordLogError.Unknown ? RecordLogError.TopicMismatch : failure,
                    $"Topic '{failed.Topic}' cannot be created: {failed.Error.Reason} ({failed.Error.Code}).", error);
            }
        }
    }

    private static TopicSpecification Specification(TopicSpec spec, Replication replication) => new()
    {
        Name = spec.Name,
        NumPartitions = spec.Partitions,
        ReplicationFactor = checked((short)replication.Factor),
        Configs = TopicConfigs.Of(spec, replication.MinInSync).ToDictionary(),
    };
}
