using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Telemetry.Streams.Kafka.Clients;

namespace Telemetry.Streams.Kafka.Topics;

/// <summary>Makes a cluster as declared: creates what is missing and alters settings. Never deletes, never changes partitions.</summary>
/// <param name="admin">Connection to the cluster.</param>
/// <param name="timeout">Longest wait for one answer.</param>
public sealed class TopicApplier(IAdminClient admin, TimeSpan timeout)
{
    /// <summary>Creates and alters what the report says applying mends.</summary>
    /// <exception cref="RecordLogException">The cluster refused; what was done before stays done.</exception>
    public async Task ApplyAsync(
        TopicReport report, IReadOnlyList<TopicSpec> declared, CancellationToken cancellationToken)
    {
        var create = report.Differences.Where(d => d.Remedy == TopicRemedy.Create).Select(d => d.Topic).ToHashSet();
        if (create.Count > 0)
        {
            await new TopicCreation(admin, timeout, TimeProvider.System).CreateAsync(
                [.. declared.Where(s => create.Contains(s.Name))], report.Cluster.Brokers.Count, timeout, cancellationToken);
        }

        var alter = report.Differences.Where(d => d.Remedy == TopicRemedy.Alter).GroupBy(d => d.Topic).ToDictionary(
            g => new ConfigResource { Type = ResourceType.Topic, Name = g.Key },
            g => g.Select(d => new ConfigEntry
            {
                Name = d.Setting,
                Value = d.Declared,
                IncrementalOperation = AlterConfigOpType.Set,
            }).ToList());
        if (alter.Count > 0)
        {
            try
            {
                await admin
                    .IncrementalAlterConfigsAsync(alter, new IncrementalAlterConfigsOptions { RequestTimeout = timeout })
                    .WaitAsync(cancellationToken);
            }
            catch (KafkaException e)
            {
                throw AdminErrors.Explain(e, "altering topics");
            }
        }
    }
}
