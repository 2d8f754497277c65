using Telemetry.Streams;

namespace Telemetry.Observability.Lag;

/// <summary>How far a group is behind in one partition.</summary>
/// <param name="Group">Consumer group.</param>
/// <param name="Partition">Partition.</param>
/// <param name="Committed">Next offset the group has committed; null when it has committed none and begins at the start.</param>
/// <param name="Records">Records not committed, see <see cref="PartitionLag.Records"/>.</param>
/// <param name="Age">Age of the oldest of them; zero when there is none.</param>
public sealed record GroupLag(string Group, TopicPartition Partition, long? Committed, long Records, TimeSpan Age);
