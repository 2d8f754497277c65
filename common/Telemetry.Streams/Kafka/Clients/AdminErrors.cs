using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace Telemetry.Streams.Kafka.Clients;

/// <summary>Errors of the admin client, as errors of the log. The interesting one is often inside the results.</summary>
internal static class AdminErrors
{
    public static RecordLogException Explain(KafkaException failure, string doing)
    {
        var error = Inner(failure) ?? failure.Error;
        return error.Code switch
        {
            ErrorCode.TopicAuthorizationFailed or ErrorCode.ClusterAuthorizationFailed or ErrorCode.GroupAuthorizationFailed => new(
                RecordLogError.AccessDenied,
                $"Kafka does not allow {doing} ({error.Reason}): give the user the rights DESCRIBE, DESCRIBE_CONFIGS, and for changes CREATE and ALTER_CONFIGS.",
                failure),
            _ => error.ToException($"Kafka failed when {doing}", failure),
        };
    }

    private static Error? Inner(KafkaException failure) => failure switch
    {
        DescribeTopicsException topics => topics.Results.TopicDescriptions.Select(t => t.Error).FirstOrDefault(e => e.IsError),
        TopicPartitionOffsetException offsets => offsets.Results.Select(r => r.Error).FirstOrDefault(e => e.IsError),
        CreateTopicsException created => created.Results.Select(t => t.Error).FirstOrDefault(e => e.IsError),
        _ => null,
    };
}
