using Microsoft.Extensions.Logging;
using Microsoft.Extensions.ObjectPool;
using Telemetry.Bridge.Commands;
using Telemetry.Bridge.DeadLetters;
using Telemetry.Bridge.Json;
using Telemetry.Bridge.Readings;
using Telemetry.Contracts;
using Telemetry.Contracts.Readings;
using Telemetry.Contracts.Wire;
using Telemetry.Mqtt.Ingest;
using Telemetry.Streams;

namespace Telemetry.Bridge;

/// <summary>
/// The bridge: publishes in, records out. Each publish taken is answered once: stored (durable in
/// <see cref="KafkaTopics.Readings"/>), rejected (durable in <see cref="KafkaTopics.DeadLetters"/>) or failed (the log took
/// neither; it must not be acknowledged). Delivery into the log is at-least-once; copies carry the same event id and
/// disappear in processing and storage. The one exception is a JSON device that sends no ids: see <see cref="AssignedIds"/>.
/// A Protobuf batch goes into the log byte for byte as it came. Safe for concurrent use.
/// </summary>
public sealed class ReadingIngest : IIngest, IAsyncDisposable
{
    private const string Protobuf = "protobuf";
    private const string Json = "json";
    private const string CommandAnswer = "command-answer";

    // Replaced whole when a registry gives other ids.
    private volatile BridgeOptions _options;
    private volatile byte[] _readingHeader;
    private volatile byte[] _readingV2Header;

    private readonly IRecordProducer _producer;
    private readonly TimeProvider _time;
    private readonly PublishPolicy _policy;
    private readonly BridgeMetrics _metrics;
    private readonly LogHealth _health;
    private readonly AssignedIds _assignedIds;
    private readonly ParkedAppends _parked;
    private readonly ObjectPool<IngestWorkspace> _workspaces;
    private readonly ObjectPool<PublishInFlight> _inFlight;

    /// <param name="options">What is taken and refused.</param>
    /// <param name="producer">Where records go; not disposed here.</param>
    /// <param name="time">The clock of ingest times.</param>
    /// <param name="logger">Told of state changes only.</param>
    public ReadingIngest(BridgeOptions options, IRecordProducer producer, TimeProvider time, ILogger<ReadingIngest> logger)
    {
        _options = options;
        _producer = producer;
        _time = time;
        _policy = new PublishPolicy(options);
        _metrics = new BridgeMetrics(time);
        _health = new LogHealth(logger);
        _assignedIds = new AssignedIds(options.AssignedIdDevicesMax);
        _parked = new ParkedAppends(producer, options.ParkedPublishesMax, logger);
        _readingHeader = ConfluentFrame.Header(options.ReadingBatchSchemaId);
        _readingV2Header = ConfluentFrame.Header(options.ReadingBatchV2SchemaId);
        _workspaces = new DefaultObjectPool<IngestWorkspace>(
            new DefaultPooledObjectPolicy<IngestWorkspace>(), Environment.ProcessorCount * 4);
        _inFlight = new PublishInFlightPool(_metrics, _health).Pool;
    }

    /// <summary>Totals since start.</summary>
    public BridgeTotals Totals => _metrics.Totals;

    /// <summary>False while the last thing the log said was an error; for readiness.</summary>
    public bool IsHealthy => !_health.IsFailing;

    /// <summary>From now on, records carry these schema ids.</summary>
    public void UseSchemaIds(int readingBatch, int readingBatchV2, int deadLetter)
    {
        _readingHeader = ConfluentFrame.Header(readingBatch);
        _readingV2Header = ConfluentFrame.Header(readingBatchV2);
        _options = _options with
        {
            ReadingBatchSchemaId = readingBatch, ReadingBatchV2SchemaId = readingBatchV2, DeadLetterSchemaId = deadLetter,
        };
    }

    /// <inheritdoc/>
    public bool Accepts(ReadOnlySpan<byte> topicName) => IngestTopic.IsIngest(topicName);

    /// <inheritdoc/>
    public bool TryIngest(in IngestPublish publish, IIngestCompletion completion, ulong state)
    {
        var workspace = _workspaces.Get();
        var append = BridgeTraces.Start();
        try
        {
            var taken = Take(publish, workspace, new Answer(completion, state, _time.GetTimestamp()));
            if (taken)
            {
                _metrics.Received();
            }
            else
            {
                _metrics.Held();
            }

            return taken;
        }
        finally
        {
            BridgeTraces.Leave(append);
            _workspaces.Return(workspace);
        }
    }

    /// <inheritdoc/>
    public async ValueTask WaitForCapacityAsync(CancellationToken cancellationToken)
    {
        if (_parked.IsFull)
        {
            await _parked.WaitForPlaceAsync(cancellationToken);
        }

        await _producer.WaitForCapacityAsync(cancellationToken);
    }

    /// <summary>Ends what was cut and not wholly appended as failed. Call after intake has stopped.</summary>
    public async ValueTask DisposeAsync()
    {
        await _parked.DisposeAsync();
        _metrics.Dispose();
    }

    private bool Take(in IngestPublish publish, IngestWorkspace workspace, in Answer answer)
    {
        var now = _time.GetUtcNow();
        var refusal = _policy.Check(publish, out var device);
        if (refusal is not null)
        {
            return Reject(publish, refusal, now, answer);
        }

        if (CommandTopic.TryParseAnswer(publish.TopicName, out _, out var commandId, out var refused))
        {
            return TakeAnswer(publish, device, commandId, refused, now, answer);
        }

        return PublishPolicy.IsJson(publish)
            ? TakeJson(publish, device, workspace, now, answer)
            : TakeProtobuf(publish, device, workspace, now, answer);
    }

    private bool TakeAnswer(
        in IngestPublish publish,
        ReadOnlySpan<byte> device,
        ReadOnlySpan<byte> commandId,
        bool refused,
        DateTimeOffset now,
        in Answer answer)
    {
        if (publish.Payload.Length > _options.CommandAnswerBytesMax)
        {
            return Reject(publish, PublishPolicy.AnswerTooLarge(_options.CommandAnswerBytesMax), now, answer);
        }

        return Append(
            new NewRecord
            {
                Topic = KafkaTopics.CommandResults,
                Key = device,
                Value = CommandAnswerWriter.Answer(publish, device, commandId, refused, Microseconds(now), _options),
                Headers = Headers(publish),
                TimestampMs = now.ToUnixTimeMilliseconds(),
            },
            new IngestResult(IngestOutcome.Stored),
            new PublishCounts(0, 0, null, CommandAnswer, false),
            answer);
    }

    private bool TakeProtobuf(
        in IngestPublish publish, ReadOnlySpan<byte> device, IngestWorkspace workspace, DateTimeOffset now, in Answer answer)
    {
        if (publish.Payload.Length > ReadingLimits.BatchBytesMax)
        {
            return Reject(publish, Refusal.Of(ReadingBatchError.TooLarge), now, answer);
        }

        if (!workspace.Batch.TryDecode(workspace.Copy(publish.Payload), out var error))
        {
            return Reject(publish, Refusal.Of(error), now, answer);
        }

        if (!workspace.Batch.Device.SequenceEqual(device))
        {
            return Reject(publish, PublishPolicy.DeviceMismatch, now, answer);
        }

        var window = EventTimeWindow.Around(now, _options);
        var allGood = window.HoldsAll(workspace.Batch.EventTimes);
        if (allGood && _options.WriteVersions == WriteVersions.V1)
        {
            return Append(publish, device, publish.Payload, new(workspace.Batch.Count, 0, null, Protobuf, false), now, answer);
        }

        workspace.Columns.CopyFrom(workspace.Batch);
        if (allGood)
        {
            return TakeWhole(publish, workspace, Protobuf, now, answer);
        }

        window.RefuseOthers(workspace.Columns);
        return TakePart(publish, workspace, Protobuf, now, answer);
    }

    private bool TakeJson(
        in IngestPublish publish, ReadOnlySpan<byte> device, IngestWorkspace workspace, DateTimeOffset now, in Answer answer)
    {
        var columns = workspace.Columns;
        var refusal = publish.Payload.Length > _options.JsonBytesMax
            ? PublishPolicy.JsonTooLarge(_options.JsonBytesMax)
            : JsonReadings.Read(publish.Payload, device, Microseconds(now), columns);
        if (refusal is null && !columns.Device.SequenceEqual(device))
        {
            refusal = PublishPolicy.DeviceMismatch;
        }

        if (refusal is not null)
        {
            return Reject(publish, refusal, now, answer);
        }

        EventTimeWindow.Around(now, _options).RefuseOthers(columns);
        if (columns.BootId != 0)
        {
            return TakeColumns(publish, workspace, now, answer);
        }

        // The numbers are taken only with the publish: a gap would look like a lost reading downstream.
        var id = _assignedIds.Of(device);
        lock (id)
        {
            columns.BootId = id.BootId;
            columns.FirstSequence = id.Next;
            var taken = TakeColumns(publish, workspace, now, answer);
            if (taken && columns.RefusedCount < columns.Count)
            {
                id.Next += (ulong)columns.Count;
                _metrics.IdsAssigned(columns.Count - columns.RefusedCount, publish.Duplicate);
            }

            return taken;
        }
    }

    private bool TakeColumns(in IngestPublish publish, IngestWorkspace workspace, DateTimeOffset now, in Answer answer)
    {
        var columns = workspace.Columns;
        return columns.RefusedCount > 0
            ? TakePart(publish, workspace, Json, now, answer)
            : TakeWhole(publish, workspace, Json, now, answer);
    }

    /// <summary>All readings of the columns, in the layouts to be written.</summary>
    private bool TakeWhole(
        in IngestPublish publish, IngestWorkspace workspace, string format, DateTimeOffset now, in Answer answer)
    {
        var columns = workspace.Columns;
        var counts = new PublishCounts(columns.Count, 0, null, format, false);
        if (_options.WriteVersions != WriteVersions.Both)
        {
            return _options.WriteVersions == WriteVersions.V1
                ? Append(publish, columns.Device, workspace.Encode(0, columns.Count), counts, now, answer)
                : Append(publish, _readingV2Header, columns.Device, workspace.EncodeV2(0, columns.Count), counts, now, answer);
        }

        if (!_parked.TryReserve())
        {
            return false;
        }

        var records = new List<PublishRecord>(2);
        AddRun(records, publish, workspace, 0, columns.Count, now);
        return AppendAll([.. records], new IngestResult(IngestOutcome.Stored), counts, answer);
    }

    /// <summary>Readings [start, start + length) of the columns as records, one for each layout to be written.</summary>
    private void AddRun(
        List<PublishRecord> records, in IngestPublish publish, IngestWorkspace workspace, int start, int length, DateTimeOffset now)
    {
        var key = workspace.Columns.Device.ToArray();
        var headers = Headers(publish);
        if (_options.WriteVersions.HasFlag(WriteVersions.V1))
        {
            byte[] value = [.. _readingHeader, .. workspace.Encode(start, length)];
            records.Add(new(KafkaTopics.Readings, key, value, headers, now.ToUnixTimeMilliseconds()));
        }

        if (_options.WriteVersions.HasFlag(WriteVersions.V2))
        {
            byte[] value = [.. _readingV2Header, .. workspace.EncodeV2(start, length)];
            records.Add(new(KafkaTopics.Readings, key, value, headers, now.ToUnixTimeMilliseconds()));
        }
    }

    /// <summary>Some readings are bad, perhaps all: the good ones go on in runs with their own ids, the rest is dead-lettered.</summary>
    private bool TakePart(
        in IngestPublish publish, IngestWorkspace workspace, string format, DateTimeOffset now, in Answer answer)
    {
        var columns = workspace.Columns;
        var refusal = columns.FirstRefusal!;
        if (columns.RefusedCount == columns.Count)
        {
            return Reject(publish, refusal, now, answer);
        }

        if (!_parked.TryReserve())
        {
            return false;
        }

        var records = new List<PublishRecord>();
        var headers = Headers(publish);
        for (var start = 0; columns.TryNextRun(ref start, out var length); start += length)
        {
            AddRun(records, publish, workspace, start, length, now);
        }

        var letter = DeadLetterWriter.Write(publish, refusal, columns, Microseconds(now), _options);
        records.Add(new(KafkaTopics.DeadLetters, publish.TopicName.ToArray(), letter, headers, now.ToUnixTimeMilliseconds()));
        var counts = new PublishCounts(columns.Count - columns.RefusedCount, columns.RefusedCount, refusal.Cause, format, false);
        var result = new IngestResult(
            IngestOutcome.Stored, $"{columns.RefusedCount} of {columns.Count} readings were refused and dead-lettered: {refusal.Detail}");
        return AppendAll([.. records], result, counts, answer);
    }

    private bool AppendAll(PublishRecord[] records, in IngestResult result, in PublishCounts counts, in Answer answer)
    {
        var publish = _inFlight.Get();
        publish.Begin(answer.Completion, answer.State, result, counts, records.Length, answer.StartedAt);
        for (var next = 0; next < records.Length; next++)
        {
            try
            {
                if (records[next].TryAppend(_producer, publish))
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
                _parked.Release();
                return false;
            }

            _parked.Park(records, next, publish);
            return true;
        }

        _parked.Release();
        return true;
    }

    private bool Reject(in IngestPublish publish, Refusal refusal, DateTimeOffset now, in Answer answer)
    {
        var value = DeadLetterWriter.Write(publish, refusal, null, Microseconds(now), _options);
        return Append(
            new NewRecord
            {
                Topic = KafkaTopics.DeadLetters,
                Key = publish.TopicName,
                Value = value,
                Headers = Headers(publish),
                TimestampMs = now.ToUnixTimeMilliseconds(),
            },
            new IngestResult(refusal.Outcome, refusal.Detail),
            new PublishCounts(0, 0, refusal.Cause, Protobuf, true),
            answer);
    }

    private bool Append(
        in IngestPublish publish, ReadOnlySpan<byte> device, ReadOnlySpan<byte> message, in PublishCounts counts,
        DateTimeOffset now, in Answer answer) =>
        Append(publish, _readingHeader, device, message, counts, now, answer);

    private bool Append(
        in IngestPublish publish, byte[] header, ReadOnlySpan<byte> device, ReadOnlySpan<byte> message, in PublishCounts counts,
        DateTimeOffset now, in Answer answer) =>
        Append(
            new NewRecord
            {
                Topic = KafkaTopics.Readings,
                Key = device,
                Value = header,
                ValueTail = message,
                Headers = Headers(publish),
                TimestampMs = now.ToUnixTimeMilliseconds(),
            },
            new IngestResult(IngestOutcome.Stored),
            counts,
            answer);

    private bool Append(in NewRecord record, in IngestResult result, in PublishCounts counts, in Answer answer)
    {
        var publish = _inFlight.Get();
        publish.Begin(answer.Completion, answer.State, result, counts, 1, answer.StartedAt);
        try
        {
            if (_producer.TryAppend(record, publish, 0))
            {
                return true;
            }
        }
        catch (RecordLogException exception)
        {
            publish.Appended(-1, exception, 0);
            return true;
        }

        publish.Abandon();
        return false;
    }

    private static RecordHeaders? Headers(in IngestPublish publish) => BridgeTraces.Headers(publish.TraceParent);

    private static long Microseconds(DateTimeOffset time) =>
        (time.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond;

    /// <summary>Whom to tell, and since when it waits.</summary>
    private readonly record struct Answer(IIngestCompletion Completion, ulong State, long StartedAt);
}
