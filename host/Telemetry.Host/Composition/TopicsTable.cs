using System.Globalization;
using System.Text;
using Telemetry.Host.Configuration;
using Telemetry.Streams.Kafka.Clients;
using Telemetry.Streams.Kafka.Topics;

namespace Telemetry.Host.Composition;

/// <summary>The catalogue of topics for people: <c>docs/topics.md</c> is this text.</summary>
internal static class TopicsTable
{
    /// <summary>The catalogue with default settings, as Markdown.</summary>
    public static string Write()
    {
        var topics = Topics.Declared(new LogOptions());
        var text = new StringBuilder();
        text.Append(
            """
            # Topics

            Written by `./telemetry topics docs`; do not edit by hand. Figures are those of the default settings (`Log:*` in
            [configuration.md](configuration.md)).

            The embedded log makes these topics by itself. On Kafka, `./telemetry topics apply --kafka HOST:PORT` makes them and sets them right,
            `topics check` compares the cluster with this page (code 1 when something differs), `topics list` shows what is there. Nothing
            is ever deleted, and the partitions of a topic that exists are never changed: the place of a key is its hash modulo their
            number. Another number of partitions, or a value that old readers cannot read, is a new version: a new name ending.

            ## What is on them

            | topic | purpose | key | value | written by | read by |
            |---|---|---|---|---|---|

            """);
        foreach (var topic in topics)
        {
            text.Append(
                CultureInfo.InvariantCulture,
                $"| `{topic.Spec.Name}` | {topic.Purpose} | {topic.Key} | {topic.Value} | {List(topic.Writers)} | {List(topic.Readers)} |\n");
        }

        text.Append(
            """

            ## How they are kept

            | topic | partitions | kept | bytes a partition | cleanup | largest batch |
            |---|---|---|---|---|---|

            """);
        foreach (var spec in KafkaTopicSpecs.Complete(topics.Select(t => t.Spec), new KafkaOptions()))
        {
            text.Append(
                CultureInfo.InvariantCulture,
                $"| `{spec.Name}` | {spec.Partitions} | {Kept(spec.RetentionTime, spec.Compacted)} | {Bytes(spec.RetentionBytes)} | {(spec.Compacted ? "compact" : "delete")} | {Bytes(spec.BatchBytesMax)} |\n");
        }

        var compaction = topics.First(t => t.Spec.Compacted).Spec.Compaction!;
        text.Append(
            CultureInfo.InvariantCulture,
            $$"""

            On Kafka, for all of them: replication factor 3, or as many as there are brokers when those are fewer; `min.insync.replicas` one less
            than the copies, at least 1 (`Kafka:ReplicationFactor`, `Kafka:MinInSyncReplicas`); `unclean.leader.election.enable=false`, because a
            replica that missed acknowledged records must never lead; `compression.type=producer`; `message.timestamp.type=CreateTime`, because
            a replay must see the times of the first reading.

            Compacted topics: `segment.ms` {{compaction.SegmentTime.TotalHours}} h, `segment.bytes` {{Bytes(compaction.SegmentBytes)}}, `min.cleanable.dirty.ratio` {{compaction.MinCleanableDirtyRatio}}, `delete.retention.ms`
            {{compaction.TombstoneRetention.TotalHours}} h. They are read whole when a partition changes hands, so they are compacted early.

            """);
        return text.ToString();
    }

    private static string List(IReadOnlyList<string> roles) => roles.Count == 0 ? "nobody yet" : string.Join(", ", roles);

    private static string Kept(TimeSpan? time, bool compacted) => time is { } span
        ? string.Create(CultureInfo.InvariantCulture, $"{span.TotalDays} days")
        : compacted ? "newest of each key" : "for good";

    private static string Bytes(long? bytes) => bytes switch
    {
        null => "no bound",
        >= 1L << 30 => string.Create(CultureInfo.InvariantCulture, $"{bytes / (1 << 30)} GiB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes / (1 << 20)} MiB"),
    };
}
