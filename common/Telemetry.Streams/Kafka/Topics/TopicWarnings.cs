using System.Globalization;

namespace Telemetry.Streams.Kafka.Topics;

/// <summary>What is allowed, or not ours to declare, and still endangers records or stops writing.</summary>
internal static class TopicWarnings
{
    public static IReadOnlyList<string> Of(
        IReadOnlyList<TopicSpec> declared, IReadOnlyDictionary<string, TopicState> found, ClusterDescription cluster)
    {
        var warnings = new List<string>();
        var brokers = cluster.Brokers.Count;
        if (brokers < Replication.Wanted && declared.Any(s => s.ReplicationFactor is null && !found.ContainsKey(s.Name)))
        {
            var replication = Replication.Of(declared.First(s => s.ReplicationFactor is null && !found.ContainsKey(s.Name)), brokers);
            warnings.Add(string.Create(
                CultureInfo.InvariantCulture,
                $"The cluster has {brokers} of {Replication.Wanted} brokers wanted: new topics get {replication.Factor} copies, "
                + $"{replication.MinInSync} in sync. {(replication.Factor == 1 ? "Losing that broker's disk loses them." : "Losing one broker stops nothing, losing two does.")}"));
        }

        if (cluster.HasConsumerProtocol == false)
        {
            warnings.Add($"The cluster speaks the group protocols {cluster.GroupProtocols}: set Kafka:GroupProtocol=Classic, or upgrade it for KIP-848.");
        }

        foreach (var topic in found.Values.OrderBy(t => t.Name, StringComparer.Ordinal))
        {
            var minInSync = int.Parse(topic.Configs.GetValueOrDefault(TopicConfigs.MinInSync, "1"), CultureInfo.InvariantCulture);
            if (topic.InSyncMin < minInSync)
            {
                warnings.Add($"{topic.Name}: {topic.InSyncMin} copies in sync, {minInSync} needed: appends to it wait. Bring the missing brokers back.");
            }
            else if (topic.InSyncMin < topic.ReplicationFactor)
            {
                warnings.Add($"{topic.Name}: {topic.InSyncMin} of {topic.ReplicationFactor} copies in sync; a broker is away or behind.");
            }

            if (topic.Name.StartsWith("__", StringComparison.Ordinal) && topic.ReplicationFactor < Math.Min(Replication.Wanted, brokers))
            {
                warnings.Add($"{topic.Name} has {topic.ReplicationFactor} copies: losing one broker loses committed offsets or transactions. "
                    + "Set offsets.topic.replication.factor and transaction.state.log.replication.factor on the brokers, and reassign it.");
            }
        }

        return warnings;
    }
}
