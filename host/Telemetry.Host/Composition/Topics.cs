using Telemetry.Contracts;
using Telemetry.Host.Configuration;
using Telemetry.Streams;

namespace Telemetry.Host.Composition;

/// <summary>The one catalogue of topics.</summary>
internal static class Topics
{
    public static IReadOnlyList<TopicSpec> Catalogue(LogOptions options)
    {
        long? bytes = options.RetentionBytes == 0 ? null : options.RetentionBytes;
        return
        [
            new(KafkaTopics.Readings, options.Partitions, options.Retention, bytes),
            new(KafkaTopics.Anomalies, options.Partitions, options.Retention, bytes),
            new(KafkaTopics.DeviceEvents, options.Partitions, options.Retention, bytes),
            new(KafkaTopics.DeadLetters, options.Partitions, options.DeadLetterRetention, bytes),
            new(KafkaTopics.DetectorState, options.Partitions, Compacted: true),
            new(KafkaTopics.SinkState, options.Partitions, Compacted: true),
            new(KafkaTopics.Commands, options.Partitions, options.Retention, bytes),
            new(KafkaTopics.CommandResults, options.Partitions, options.Retention, bytes),
        ];
    }
}
