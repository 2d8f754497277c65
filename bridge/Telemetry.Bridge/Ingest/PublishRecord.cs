using Telemetry.Streams;

namespace Telemetry.Bridge.Ingest;

/// <summary>One of the records that a cut publish becomes. Owns its bytes, so that it can wait for room.</summary>
internal sealed record PublishRecord(string Topic, byte[] Key, byte[] Value, RecordHeaders? Headers, long TimestampMs)
{
    public bool TryAppend(IRecordProducer producer, IAppendCompletion? completion) => producer.TryAppend(
        new NewRecord { Topic = Topic, Key = Key, Value = Value, Headers = Headers, TimestampMs = TimestampMs }, completion, 0);
}
