using Telemetry.Streams.Kafka.Clients;

namespace Telemetry.Streams.Kafka.Topics;

/// <summary>Topics as declared, with what the settings of the cluster add.</summary>
public static class KafkaTopicSpecs
{
    /// <summary>Room for a batch of the largest records we send by default.</summary>
    private const int BatchBytesMin = 2 << 20;

    /// <summary>Batch headers; librdkafka counts generously too.</summary>
    private const int BatchOverhead = 1024;

    /// <summary>
    /// Copies as <see cref="KafkaOptions.ReplicationFactor"/> and <see cref="KafkaOptions.MinInSyncReplicas"/> say, and batches
    /// large enough for the largest record; what a topic declares itself stays.
    /// </summary>
    public static IReadOnlyList<TopicSpec> Complete(IEnumerable<TopicSpec> declared, KafkaOptions options) =>
    [
        .. declared.Select(spec => spec with
        {
            ReplicationFactor = spec.ReplicationFactor ?? options.ReplicationFactor,
            MinInSyncReplicas = spec.MinInSyncReplicas ?? options.MinInSyncReplicas,
            BatchBytesMax = spec.BatchBytesMax ?? Math.Max(BatchBytesMin, Math.Max(options.RecordBytesMax, options.BatchBytes) + BatchOverhead),
        }),
    ];
}
