using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Telemetry.Streams.Kafka.Admin;

namespace Telemetry.Streams.Kafka.Topics;

/// <summary>Makes a cluster as declared: creates what is missing and alters settings. Never deletes, never changes partitions.</summary>
/// <param name="admin">Connection to the cluster.</param>
/// <param name="timeout">Longest wait for one answer.</param>
public sealed class TopicApplier(IAdminClient admin, TimeSpan timeout)
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(50);

    /// <summary>Creates and alters what the report says applying mends.</summary>
    /// <exception cref="RecordLogException">The cluster refused; what was done before stays done.</exception>
    public async Task ApplyAsync(
        TopicReport report, IReadOnlyList<TopicSpec> declared, CancellationToken cancellationToken)
    {
        var create = report.Differences.Where(d => d.Remedy == TopicRemedy.Create).Select(d => d.Topic).ToHashSet();
        if (create.Count > 0)
        {
            await TopicCreation.CreateAsync(
                admin, [.. declared.Where(s => create.Contains(s.Name))], report.Cluster.Brokers.Count, timeout).WaitAsync(cancellationToken);
            await AwaitCreatedAsync(create, cancellationToken);
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

    /// <summary>The controller answers first; brokers learn of a new topic a moment later, and until then deny that it is there.</summary>
    private async Task AwaitCreatedAsync(IReadOnlyCollection<string> names, CancellationToken cancellationToken)
    {
        var inspector = new TopicInspector(admin, timeout);
        var started = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var there = (await inspector.DescribePlacesAsync([.. names], cancellationToken)).Select(t => t.Name).ToHashSet();
            if (names.FirstOrDefault(n => !there.Contains(n)) is not { } missing)
            {
                return;
            }

            if (TimeProvider.System.GetElapsedTime(started) > timeout)
            {
                throw new RecordLogException(
                    RecordLogError.Unavailable,
                    $"Topic '{missing}' was created, but no broker knew of it within {timeout.TotalSeconds} s; run 'topics check' again later.");
            }

            await Task.Delay(LookAgain, cancellationToken);
        }
    }
}
