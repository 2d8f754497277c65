namespace Telemetry.Streams;

/// <summary>What a topic should be. Partitions of an existing topic never change: the place of a key depends on them.</summary>
/// <param name="Name">Topic name.</param>
/// <param name="Partitions">Number of partitions, at least 1.</param>
/// <param name="RetentionTime">Records older than this may go; null keeps them.</param>
/// <param name="RetentionBytes">Bytes kept a partition (a whole segment at a time); null is no bound.</param>
/// <param name="Compacted">True: the newest record of each key is kept, an empty value (tombstone) removes the key.</param>
public sealed record TopicSpec(
    string Name,
    int Partitions,
    TimeSpan? RetentionTime = null,
    long? RetentionBytes = null,
    bool Compacted = false);
