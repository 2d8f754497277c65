namespace Telemetry.Streams.Kafka.Topics;

/// <summary>A cluster beside what is declared.</summary>
/// <param name="Cluster">The cluster.</param>
/// <param name="Topics">Each declared topic as it is, in the order declared; those that are not there are absent.</param>
/// <param name="Differences">What is not as declared.</param>
/// <param name="Warnings">What is as declared, or not declared, and still deserves a look.</param>
public sealed record TopicReport(
    ClusterDescription Cluster,
    IReadOnlyList<TopicState> Topics,
    IReadOnlyList<TopicDifference> Differences,
    IReadOnlyList<string> Warnings);

/// <summary>A topic as it is on the cluster.</summary>
/// <param name="Name">Topic.</param>
/// <param name="Partitions">Partitions.</param>
/// <param name="ReplicationFactor">Copies of the partition that has the fewest.</param>
/// <param name="InSyncMin">Copies in sync of the partition that has the fewest; less than the factor while a broker is away.</param>
/// <param name="Configs">Settings that hold, under Kafka's names.</param>
public sealed record TopicState(
    string Name, int Partitions, int ReplicationFactor, int InSyncMin, IReadOnlyDictionary<string, string> Configs);
