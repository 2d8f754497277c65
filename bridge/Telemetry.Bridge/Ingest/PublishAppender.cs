using Microsoft.Extensions.Logging;
using Microsoft.Extensions.ObjectPool;
using Telemetry.Bridge.DeadLetters;
using Telemetry.Bridge.Readings;
using Telemetry.Contracts;
using Telemetry.Contracts.Measurement;
using Telemetry.Contracts.Readings;
using Telemetry.Mqtt.Ingest;
using Telemetry.Streams;

namespace Telemetry.Bridge.Ingest;

/// <summary>Whom to tell of a publish, and since when it waits.</summary>
internal readonly record struct Answer(IIngestCompletion Completion, ulong State, long StartedAt);

/// <summary>
/// Brings what a publish became into the log: one record, or a few that count as one. Says false when there is no room, and then has
/// taken nothing.
/// </summary>
internal sealed class PublishAppender(
    IRecordProducer producer, BridgeMetrics metrics, LogHealth health, BridgeOptions options, ILogger logger) : IAsyncDisposable
{
    private readonly ParkedAppends _parked = new(producer, options.ParkedBytesMax, logger);
    private readonly ObjectPool<PublishInFlight> _inFlight = new PublishInFlightPool(metrics, health).Pool;
    private volatile BridgeOptions _options = options;

    /// <summary>Bytes of publishes half appended.</summary>
    public long ParkedBytes => _parked.Bytes;

    public static RecordHeaders? Headers(in IngestPublish publish) => BridgeTraces.Headers(publish.TraceParent);

    public async ValueTask WaitForCapacityAsync(CancellationToken cancellationToken)
    {
        await _parked.WaitForRoomAsync(cancellationToken);
        await producer.WaitForCapacityAsync(cancellationToken);
    }

    /// <summary>From now on, dead letters carry the schema id of these options.</summary>
    public void UseOptions(BridgeOptions changed) => _options = changed;

    public ValueTask DisposeAsync() => _parked.DisposeAsync();

    /// <summary>Appends one record.</summary>
    /// <exception cref="RecordLogException"><see cref="RecordLogError.RecordTooLarge"/>: nothing was taken.</exception>
    public bool Append(in NewRecord record, in IngestResult result, in PublishCounts counts, in Answer answer)
    {
        var publish = _inFlight.Get();
        publish.Begin(answer.Completion, answer.State, result, counts, 1, answer.StartedAt);
        try
        {
            if (producer.TryAppend(record, publish, 0))
            {
                return true;
            }
        }
        catch (RecordLogException exception) when (exception.Error != RecordLogError.RecordTooLarge)
        {
            publish.Appended(-1, exception, 0);
            return true;
        }
        catch (RecordLogException)
        {
            publish.Abandon();
            throw;
        }

        publish.Abandon();
        return false;
    }

    /// <summary>The whole publish as a dead letter, cut as far as the log's limit demands.</summary>
    public bool Reject(in IngestPublish publish, Refusal refusal, string format, DateTimeOffset now, in Answer answer)
    {
        var key = publish.TopicName[..Math.Min(publish.TopicName.Length, DeadLetterWriter.NameCharsMax)];
        for (var payloadBytesMax = _options.DeadLetterPayloadBytesMax; ; payloadBytesMax = Smaller(payloadBytesMax, publish))
        {
            var letter = new NewRecord
            {
                Topic = LogTopics.DeadLetters,
                Key = key,
                Value = DeadLetterWriter.Write(publish, refusal, null, UnixMicros.From(now), _options, payloadBytesMax),
                Headers = Headers(publish),
                TimestampMs = now.ToUnixTimeMilliseconds(),
            };
            try
            {
                return Append(letter, new(refusal.Outcome, refusal.Detail), new(0, 0, refusal.Cause, format, true), answer);
            }
            catch (RecordLogException) when (payloadBytesMax > 0)
            {
                // Too large for this log: less of the payload, down to none of it.
            }
            catch (RecordLogException exception)
            {
                // Not even the cause fits: the log's limit is below a kilobyte or two. Counted, and the sender is told.
                Fail(exception, answer);
                return true;
            }
        }
    }

    /// <summary>
    /// The good readings of the columns as one record (a few where they are large) for each version to be written, and a dead letter
    /// for the refused ones, if there are any.
    /// </summary>
    public bool AppendColumns(
        in IngestPublish publish, IngestWorkspace workspace, RecordLayouts layouts, IngestResult result, PublishCounts counts,
        DateTimeOffset now, in Answer answer)
    {
        var bytes = BytesOf(publish, workspace.Columns);
        if (!_parked.TryReserve(bytes))
        {
            return false;
        }

        var records = new List<PublishRecord>(4);
        var headers = Headers(publish);
        if (workspace.Columns.FirstRefusal is { } refusal)
        {
            var key = publish.TopicName[..Math.Min(publish.TopicName.Length, DeadLetterWriter.NameCharsMax)].ToArray();
            var value = DeadLetterWriter.Write(publish, refusal, workspace.Columns, UnixMicros.From(now), _options, _options.DeadLetterPayloadBytesMax);
            records.Add(new(LogTopics.DeadLetters, key, value, headers, now.ToUnixTimeMilliseconds()));
            workspace.Columns.DropRefused();
        }

        layouts.AddRecords(records, workspace, headers, now);
        return AppendAll([.. records], publish, workspace, result, counts, bytes, now, answer);
    }

    private void Fail(RecordLogException exception, in Answer answer)
    {
        var publish = _inFlight.Get();
        publish.Begin(answer.Completion, answer.State, default, default, 1, answer.StartedAt);
        publish.Appended(-1, exception, 0);
    }

    private static int Smaller(int payloadBytesMax, in IngestPublish publish) =>
        Math.Min(payloadBytesMax, publish.Payload.Length) is var present and > 1024 ? present / 2 : 0;

    /// <summary>More than the records of a publish can take: what they hold of it, in two layouts, with a margin.</summary>
    private long BytesOf(in IngestPublish publish, ReadingColumns columns)
    {
        const int bytesAReading = 40;
        const int margin = 32 * 1024;
        var names = columns.SensorCount * (ReadingLimits.NameBytesMax + 4);
        var letter = columns.FirstRefusal is null ? 0 : Math.Min(publish.Payload.Length, _options.DeadLetterPayloadBytesMax) + (4 * columns.Count);
        return (2L * ((columns.Count * bytesAReading) + (2 * names))) + letter + margin;
    }

    private bool AppendAll(
        PublishRecord[] records, in IngestPublish source, IngestWorkspace workspace, in IngestResult result, in PublishCounts counts,
        long bytes, DateTimeOffset now, in Answer answer)
    {
        var publish = _inFlight.Get();
        publish.Begin(answer.Completion, answer.State, result, counts, records.Length, answer.StartedAt);
        for (var next = 0; next < records.Length; next++)
        {
            try
            {
                if (TryAppend(records, next, source, publish))
                {
                    continue;
                }
            }
            catch (RecordLogException exception)
            {
                publish.Appended(-1, exception, 0);
                continue;
            }

            if (next == 0)
            {
                publish.Abandon();
                _parked.Release(bytes);
                return false;
            }

            _parked.Park(records, next, publish, bytes);
            return true;
        }

        _parked.Release(bytes);
        return true;
    }

    /// <summary>A dead letter that is too large for this log is cut until it fits.</summary>
    private bool TryAppend(PublishRecord[] records, int at, in IngestPublish source, PublishInFlight publish)
    {
        for (var payloadBytesMax = _options.DeadLetterPayloadBytesMax; ;)
        {
            try
            {
                return records[at].TryAppend(producer, publish);
            }
            catch (RecordLogException exception) when (
                exception.Error == RecordLogError.RecordTooLarge && records[at].Topic == LogTopics.DeadLetters && payloadBytesMax > 0)
            {
                payloadBytesMax = Smaller(payloadBytesMax, source);
                records[at] = records[at] with { Value = DeadLetterWriter.Cut(records[at].Value, payloadBytesMax) };
            }
        }
    }
}
