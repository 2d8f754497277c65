using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace Telemetry.Streams.Kafka.Admin;

/// <summary>Errors of admin calls: the interesting one is often inside the results.</summary>
internal static class AdminErrors
{
    public static RecordLogException Describe(KafkaException error, string what)
    {
        var inner = error switch
        {
            DescribeTopicsException topics => topics.Results.TopicDescriptions.Select(t => t.Error).FirstOrDefault(e => e.IsError),
            ListOffsetsException offsets => offsets.Result.ResultInfos.Select(r => r.TopicPartitionOffsetError.Error).FirstOrDefault(e => e.IsError),
            CreateTopicsException created => created.Results.Select(t => t.Error).FirstOrDefault(e => e.IsError),
            _ => null,
        };
        return (inner ?? error.Error).ToException(what, error);
    }
}
