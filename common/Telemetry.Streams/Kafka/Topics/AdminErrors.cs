using Confluent.Kafka;

namespace Telemetry.Streams.Kafka.Topics;

/// <summary>Errors of the admin client, as errors of the log.</summary>
internal static class AdminErrors
{
    public static RecordLogException Explain(KafkaException error, string doing) => error.Error.Code switch
    {
        ErrorCode.TopicAuthorizationFailed or ErrorCode.ClusterAuthorizationFailed or ErrorCode.GroupAuthorizationFailed => new(
            RecordLogError.AccessDenied,
            $"Kafka does not allow {doing} ({error.Error.Reason}): give the user the rights DESCRIBE, DESCRIBE_CONFIGS, and for changes CREATE and ALTER_CONFIGS.",
            error),
        _ => error.ToException($"Kafka failed when {doing}"),
    };
}
