namespace Telemetry.Streams.Lag;

/// <summary>How far a group is behind in one partition.</summary>
/// <param name="Group">Consumer group.</param>
/// <param name="Partition">Partition.</param>
/// <param name="Committed">Next offset the group has committed; null when it has committed none and begins at the start.</param>
/// <param name="End">Offset the next record gets.</param>
/// <param name="Records">
/// Offsets from the first record not committed to the end; 0 when no visible record is left. Exact in a topic written
/// without transactions; markers of transactions between records count as records.
/// </param>
/// <param name="Oldest">
/// Timestamp of the first visible record not committed; null when there is none, or when it could not be read in time (an open
/// transaction hides it, or the log is slow): then <paramref name="Records"/> is not 0.
/// </param>
/// <param name="Age">Now less <paramref name="Oldest"/>, not negative; zero when there is none.</param>
public sealed record GroupLag(
    string Group, TopicPartition Partition, long? Committed, long End, long Records, DateTimeOffset? Oldest, TimeSpan Age);
