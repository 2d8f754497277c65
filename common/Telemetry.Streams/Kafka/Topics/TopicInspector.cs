using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Telemetry.Streams.Kafka.Clients;

namespace Telemetry.Streams.Kafka.Topics;

/// <summary>Looks at a cluster's topics. Changes nothing.</summary>
/// <param name="admin">Connection to the cluster.</param>
/// <param name="timeout">Longest wait for one answer.</param>
public sealed class TopicInspector(IAdminClient admin, TimeSpan timeout)
{
    private static readonly string[] InternalTopics = ["__consumer_offsets", "__transaction_state"];

    /// <summary>The cluster's brokers and what it can do.</summary>
    /// <exception cref="RecordLogException">The cluster did not answer.</exception>
    public async Task<ClusterDescription> DescribeClusterAsync(CancellationToken cancellationToken)
    {
        var cluster = await Ask(
            () => admin.DescribeClusterAsync(new DescribeClusterOptions { RequestTimeout = timeout }), cancellationToken);
        var brokers = cluster.Nodes.OrderBy(n => n.Id).Select(n => $"{n.Host}:{n.Port}").ToList();
        return new ClusterDescription(cluster.ClusterId, brokers, await DescribeProtocolsAsync(cluster.Nodes[0].Id, cancellationToken));
    }

    /// <summary>The named topics as they are; those that are not there are absent.</summary>
    /// <exception cref="RecordLogException">The cluster did not answer, or does not let us look.</exception>
    public async Task<IReadOnlyList<TopicState>> DescribeTopicsAsync(
        IReadOnlyList<string> names, CancellationToken cancellationToken)
    {
        var found = (await DescribePlacesAsync(names, cancellationToken)).Where(t => names.Contains(t.Name)).ToList();
        if (found.Count == 0)
        {
            return [];
        }

        var resources = found.Select(t => new ConfigResource { Type = ResourceType.Topic, Name = t.Name });
        var configs = await Ask(
            () => admin.DescribeConfigsAsync(resources, new DescribeConfigsOptions { RequestTimeout = timeout }), cancellationToken);
        var byTopic = configs.ToDictionary(
            c => c.ConfigResource.Name,
            c => c.Entries.Values.Where(e => e.Value is not null).ToDictionary(e => e.Name, e => e.Value));
        return [.. found.Select(t => State(t, byTopic[t.Name]))];
    }

    /// <summary>Compares the cluster with what is declared.</summary>
    /// <exception cref="RecordLogException">The cluster did not answer, or too few brokers for what is declared.</exception>
    public async Task<TopicReport> CompareAsync(IReadOnlyList<TopicSpec> declared, CancellationToken cancellationToken)
    {
        var cluster = await DescribeClusterAsync(cancellationToken);
        var names = declared.Select(s => s.Name).ToList();
        var found = (await DescribeTopicsAsync([.. names, .. InternalTopics], cancellationToken)).ToDictionary(t => t.Name);
        var differences = declared
            .SelectMany(s => TopicComparison.Compare(s, found.GetValueOrDefault(s.Name), cluster.Brokers.Count))
            .ToList();
        return new TopicReport(
            cluster, [.. names.Where(found.ContainsKey).Select(n => found[n])], differences, TopicWarnings.Of(declared, found, cluster));
    }

    private static TopicState State(TopicDescription topic, IReadOnlyDictionary<string, string> configs) => new(
        topic.Name,
        topic.Partitions.Count,
        topic.Partitions.Min(p => p.Replicas.Count),
        topic.Partitions.Min(p => p.ISR.Count),
        configs);

    /// <summary>Partitions and brokers of the named topics, without their settings; those that are not there are absent.</summary>
    /// <exception cref="RecordLogException">The cluster did not answer, or does not let us look.</exception>
    internal async Task<IReadOnlyList<TopicDescription>> DescribePlacesAsync(
        IReadOnlyList<string> names, CancellationToken cancellationToken)
    {
        try
        {
            var answer = await admin
                .DescribeTopicsAsync(TopicCollection.OfTopicNames(names), new DescribeTopicsOptions { RequestTimeout = timeout })
                .WaitAsync(cancellationToken);
            return answer.TopicDescriptions;
        }
        catch (DescribeTopicsException e) when (e.Results.TopicDescriptions.All(
            t => !t.Error.IsError || t.Error.Code == ErrorCode.UnknownTopicOrPart))
        {
            return [.. e.Results.TopicDescriptions.Where(t => !t.Error.IsError)];
        }
        catch (KafkaException e)
        {
            throw AdminErrors.Explain(e, "describing topics");
        }
    }

    /// <summary>Asking for a broker's settings needs a right of its own; without it we simply do not know.</summary>
    private async Task<string?> DescribeProtocolsAsync(int broker, CancellationToken cancellationToken)
    {
        try
        {
            var resource = new ConfigResource { Type = ResourceType.Broker, Name = $"{broker}" };
            var answer = await admin
                .DescribeConfigsAsync([resource], new DescribeConfigsOptions { RequestTimeout = timeout })
                .WaitAsync(cancellationToken);
            return answer[0].Entries.GetValueOrDefault("group.coordinator.rebalance.protocols")?.Value;
        }
        catch (KafkaException)
        {
            return null;
        }
    }

    private static async Task<T> Ask<T>(Func<Task<T>> question, CancellationToken cancellationToken)
    {
        try
        {
            return await question().WaitAsync(cancellationToken);
        }
        catch (KafkaException e)
        {
            throw AdminErrors.Explain(e, "asking the cluster");
        }
    }
}
