namespace Telemetry.Query.Topics;

/// <summary>A topic of the log as it is now.</summary>
/// <param name="Topic">Its name.</param>
/// <param name="Partitions">Number of partitions.</param>
/// <param name="Records">Offsets there are, over all partitions: of a topic that is compacted or written in transactions a little more than there are records.</param>
/// <param name="Removed">Offsets that retention has removed.</param>
/// <param name="Newest">When the newest record was taken; null: the topic has none, or it could not be read in time.</param>
/// <param name="Schemas">Schemas of the newest record of each partition; none where values are no Protobuf of a schema.</param>
internal sealed record TopicView(string Topic, int Partitions, long Records, long Removed, DateTimeOffset? Newest, IReadOnlyList<SchemaView> Schemas);

/// <summary>A schema that a value names in its header (Confluent wire format).</summary>
/// <param name="Id">The id in the header.</param>
/// <param name="Message">Full name of the message; null: the id is a schema registry's own, ask it.</param>
/// <param name="IsProvisional">True: written while the registry could not be asked.</param>
internal sealed record SchemaView(int Id, string? Message, bool IsProvisional);
