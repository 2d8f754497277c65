using System.Globalization;

namespace Telemetry.Streams.Kafka.Topics;

/// <summary>A topic's settings under Kafka's names.</summary>
internal static class TopicConfigs
{
    public const string MinInSync = "min.insync.replicas";

    /// <summary>Everything a topic must have, in the order it is shown.</summary>
    public static IReadOnlyList<KeyValuePair<string, string>> Of(TopicSpec spec, int minInSync)
    {
        var configs = new List<KeyValuePair<string, string>>
        {
            new("cleanup.policy", spec.Compacted ? "compact" : "delete"),
            new(MinInSync, Text(minInSync)),

            // A replica that missed acknowledged records must never lead: it would lose them for everybody.
            new("unclean.leader.election.enable", "false"),

            // Batches stay as their producer made them, and times as their producer gave them: a replay sees the same log.
            new("compression.type", "producer"),
            new("message.timestamp.type", "CreateTime"),
        };
        if (!spec.Compacted)
        {
            configs.Add(new("retention.ms", spec.RetentionTime is { } time ? Milliseconds(time) : "-1"));
            configs.Add(new("retention.bytes", Text(spec.RetentionBytes ?? -1)));
        }

        if (spec.BatchBytesMax is { } bytes)
        {
            configs.Add(new("max.message.bytes", Text(bytes)));
        }

        if (spec is { Compacted: true, Compaction: { } compaction })
        {
            configs.Add(new("segment.ms", Milliseconds(compaction.SegmentTime)));
            configs.Add(new("segment.bytes", Text(compaction.SegmentBytes)));
            configs.Add(new("min.cleanable.dirty.ratio", compaction.MinCleanableDirtyRatio.ToString("0.0##", CultureInfo.InvariantCulture)));
            configs.Add(new("delete.retention.ms", Milliseconds(compaction.TombstoneRetention)));
        }

        return configs;
    }

    private static string Milliseconds(TimeSpan time) => Text((long)time.TotalMilliseconds);

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);
}
