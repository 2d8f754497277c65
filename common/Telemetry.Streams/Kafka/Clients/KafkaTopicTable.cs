using System.Collections.Concurrent;

namespace Telemetry.Streams.Kafka.Clients;

/// <summary>Topics met so far. Partitions of a topic never change, so what is known stays known.</summary>
internal sealed class KafkaTopicTable
{
    private readonly ConcurrentDictionary<string, KafkaTopic> _topics = [];

    public IEnumerable<KafkaTopic> All => _topics.Values;

    /// <summary>The topic; with no partitions as long as nobody has asked the cluster.</summary>
    public KafkaTopic Of(string name) =>
        _topics.TryGetValue(name, out var topic) ? topic : _topics.GetOrAdd(name, static name => new KafkaTopic(name, 0));

    public int? PartitionsOf(string name) =>
        _topics.TryGetValue(name, out var topic) && topic.Partitions.Count > 0 ? topic.Partitions.Count : null;

    public void Learn(string name, int partitions) => _topics.AddOrUpdate(
        name,
        static (name, partitions) => new KafkaTopic(name, partitions),
        static (name, known, partitions) => known.Partitions.Count == partitions ? known : new KafkaTopic(name, partitions),
        partitions);
}
