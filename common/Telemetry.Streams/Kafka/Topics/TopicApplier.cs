using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace Telemetry.Streams.Kafka.Topics;

/// <summary>Makes a cluster as declared: creates what is missing and alters settings. Never deletes, never changes partitions.</summary>
/// <param name="admin">Connection to the cluster.</param>
/// <param name="timeout">Longest wait for one answer.</param>
public sealed class TopicApplier(IAdminClient admin, TimeSpan timeout)
{
    private readonly TopicInspector _inspector = new(admin, timeout);

    /// <summary>Creates what is missing and leaves what is there as it is.</summary>
    /// <exception cref="RecordLogException">
    /// <see cref="RecordLogError.TopicMismatch"/>: a topic has other partitions. Otherwise the cluster refused.
    /// </exception>
    public async Task EnsureAsync(IReadOnlyList<TopicSpec> declared, CancellationToken cancellationToken)
    {
        var found = (await _inspector.DescribeTopicsAsync([.. declared.Select(s => s.Name)], cancellationToken)).ToDictionary(t => t.Name);
        foreach (var spec in declared)
        {
            if (found.TryGetValue(spec.Name, out var state) && state.Partitions != spec.Partitions)
            {
                throw new RecordLogException(
                    RecordLogError.TopicMismatch,
                    $"Topic '{spec.Name}' has {state.Partitions} partitions, {spec.Partitions} are declared. "
                    + TopicComparison.PartitionsAdvice(spec, state));
            }
        }

        var missing = declared.Where(s => !found.ContainsKey(s.Name)).ToList();
        if (missing.Count > 0)
        {
            var cluster = await _inspector.DescribeClusterAsync(cancellationToken);
            await CreateAsync(missing, cluster.Brokers.Count, cancellationToken);
        }
    }

    /// <summary>Creates and alters what the report says applying mends.</summary>
    /// <exception cref="RecordLogException">The cluster refused; what was done before stays done.</exception>
    public async Task ApplyAsync(
        TopicReport report, IReadOnlyList<TopicSpec> declared, CancellationToken cancellationToken)
    {
        var create = report.Differences.Where(d => d.Remedy == TopicRemedy.Create).Select(d => d.Topic).ToHashSet();
        if (create.Count > 0)
        {
            await CreateAsync([.. declared.Where(s => create.Contains(s.Name))], report.Cluster.Brokers.Count, cancellationToken);
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

    private async Task CreateAsync(IReadOnlyList<TopicSpec> specs, int brokers, CancellationToken cancellationToken)
    {
        try
        {
            await admin
                .CreateTopicsAsync(
                    specs.Select(s => Specification(s, Replication.Of(s, brokers))),
                    new CreateTopicsOptions { RequestTimeout = timeout, OperationTimeout = timeout })
                .WaitAsync(cancellationToken);
        }
        catch (CreateTopicsException e) when (e.Results.All(
            r => !r.Error.IsError || r.Error.Code == ErrorCode.TopicAlreadyExists))
        {
            // Another process was quicker; it declares the same, and the next look would tell if not.
            return;
        }
        catch (KafkaException e)
        {
            throw AdminErrors.Explain(e, "creating topics");
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
