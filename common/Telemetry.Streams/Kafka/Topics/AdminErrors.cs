using Confluent.Kafka;

namespace Telemetry.Streams.Kafka.Topics;

/// <summary>Errors of the admin client, as errors of the log.</summary>
internal static class AdminErrors
{
    public static RecordLogException Explain(KafkaException error, string doing) => error.Error.Code switch
    {
        ErrorCode.Local_TimedOut or ErrorCode.RequestTimedOut => new(
            RecordLogError.TimedOut, $"Kafka did not answer in time when {doing}.", error),
        ErrorCode.TopicAuthorizationFailed or ErrorCode.ClusterAuthorizationFailed or ErrorCode.GroupAuthorizationFailed => new(
            RecordLogError.AccessDenied,
            $"Kafka does not allow {doing} ({error.Error.Reason}): give the user the rights DESCRIBE, DESCRIBE_CONFIGS, and for changes CREATE and ALTER_CONFIGS.",
            error),
        ErrorCode.Local_Transport or ErrorCode.Local_AllBrokersDown or ErrorCode.BrokerNotAvailable => new(
            RecordLogError.Unavailable, $"Kafka went away when {doing}: {error.Error.Reason}", error),
        _ => new(RecordLogError.Unknown, $"Kafka refused {doing}: {error.Error.Reason}", error),
    };
}
