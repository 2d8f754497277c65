using System.Globalization;

namespace Telemetry.Streams.Kafka.Topics;

/// <summary>Compares what is declared with what is there.</summary>
internal static class TopicComparison
{
    public static IEnumerable<TopicDifference> Compare(TopicSpec spec, TopicState? found, int brokers)
    {
        if (found is null)
        {
            var replication = Replication.Of(spec, brokers);
            return
            [
                new(spec.Name, "topic", $"{spec.Partitions} partitions, {replication.Factor} copies", "", TopicRemedy.Create),
            ];
        }

        return ComparePlaces(spec, found, brokers).Concat(CompareConfigs(spec, found));
    }

    private static IEnumerable<TopicDifference> ComparePlaces(TopicSpec spec, TopicState found, int brokers)
    {
        if (found.Partitions != spec.Partitions)
        {
            yield return new(spec.Name, "partitions", Text(spec.Partitions), Text(found.Partitions), TopicRemedy.ByHand, PartitionsAdvice(spec, found));
        }

        // Left at automatic, more copies are as good, and a broker that is away changes nothing.
        var factor = spec.ReplicationFactor ?? Math.Min(Replication.Wanted, brokers);
        if (spec.ReplicationFactor is null ? found.ReplicationFactor < factor : found.ReplicationFactor != factor)
        {
            yield return new(
                spec.Name, "replication.factor", Text(factor), Text(found.ReplicationFactor), TopicRemedy.ByHand,
                "Kafka moves copies only by a reassignment: kafka-reassign-partitions.sh with the brokers wanted.");
        }
    }

    /// <summary>
    /// The place of a key is its hash modulo the number of partitions. Other partitions would put a device's next readings
    /// elsewhere than its former ones: order, duplicate filter and detector state would be lost for it, silently.
    /// </summary>
    public static string PartitionsAdvice(TopicSpec spec, TopicState found) =>
        "Partitions of a keyed topic never change: the place of a key is its hash modulo their number, so devices would lose "
        + $"their order, their duplicate filter and their detectors' state. Either set Log:Partitions={Text(found.Partitions)}, "
        + $"or make a new topic version (another ending of the name) with {Text(spec.Partitions)} partitions and move over.";

    private static IEnumerable<TopicDifference> CompareConfigs(TopicSpec spec, TopicState found)
    {
        var minInSync = spec.MinInSyncReplicas ?? Replication.MinInSyncOf(found.ReplicationFactor);
        foreach (var (name, declared) in TopicConfigs.Of(spec, minInSync))
        {
            var value = found.Configs.GetValueOrDefault(name, "");
            if (Same(value, declared))
            {
                continue;
            }

            yield return name == TopicConfigs.MinInSync && minInSync > found.ReplicationFactor
                ? new(
                    spec.Name, name, declared, value, TopicRemedy.ByHand,
                    $"With {Text(found.ReplicationFactor)} copies no record would be acknowledged any more; add copies first.")
                : new(spec.Name, name, declared, value, TopicRemedy.Alter);
        }
    }

    /// <summary>Numbers have several spellings: 0.2 and 0.20.</summary>
    private static bool Same(string found, string declared) =>
        found == declared
        || (double.TryParse(found, NumberStyles.Float, CultureInfo.InvariantCulture, out var a)
            && double.TryParse(declared, NumberStyles.Float, CultureInfo.InvariantCulture, out var b)
            && a.Equals(b));

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);
}
