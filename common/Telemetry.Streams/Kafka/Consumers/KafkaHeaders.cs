using Confluent.Kafka;

namespace Telemetry.Streams.Kafka.Consumers;

/// <summary>Headers of a record, from the client's.</summary>
internal static class KafkaHeaders
{
    public static RecordHeaders Of(Headers? headers)
    {
        if (headers is null || headers.Count == 0)
        {
            return RecordHeaders.Empty;
        }

        var pairs = new KeyValuePair<string, ReadOnlyMemory<byte>>[headers.Count];
        for (var i = 0; i < pairs.Length; i++)
        {
            pairs[i] = new(headers[i].Key, headers[i].GetValueBytes());
        }

        return new RecordHeaders(pairs);
    }
}
