using Microsoft.Extensions.Logging;
using Microsoft.Extensions.ObjectPool;
using Telemetry.Bridge.Commands;
using Telemetry.Bridge.Json;
using Telemetry.Bridge.Readings;
using Telemetry.Bridge.Sparkplug.Wire;
using Telemetry.Contracts;
using Telemetry.Contracts.Catalogue;
using Telemetry.Contracts.Measurement;
using Telemetry.Contracts.V1;
using Telemetry.Contracts.Wire;
using Telemetry.Mqtt.Ingest;
using Telemetry.Streams;

namespace Telemetry.Bridge.Ingest;

/// <summary>
/// The bridge: publishes in, records out. Each publish taken is answered once: stored (durable in
/// <see cref="LogTopics.Readings"/>), rejected (durable in <see cref="LogTopics.DeadLetters"/>) or failed (the log took
/// neither; it must not be acknowledged). Delivery into the log is at-least-once; copies carry the same event id and
/// disappear in processing and storage. The one exception is a JSON device that sends no ids: see <see cref="AssignedIds"/>.
/// A Protobuf batch goes into the log byte for byte as it came. Safe for concurrent use.
/// </summary>
public sealed class ReadingIngest : IIngest, IAsyncDisposable
{
    private const string Protobuf = "protobuf";
    private const string Json = "json";
    private const string CommandAnswer = "command-answer";
    private const string Sparkplug = "sparkplug";
    private const string Announcement = "catalogue";

    private readonly IRecordProducer _producer;
    private readonly TimeProvider _time;
    private readonly PublishPolicy _policy;
    private readonly PublishJudge _judge;
    private readonly BridgeMetrics _metrics;
    private readonly LogHealth _health;
    private readonly AssignedIds _assignedIds;
    private readonly RecentIds? _recentIds;
    private readonly LookAlikes _lookAlikes;
    private readonly PublishAppender _appender;
    private readonly ILogger _logger;
    private readonly ObjectPool<IngestWorkspace> _workspaces;
    private volatile BridgeOptions _options;
    private volatile RecordLayouts _layouts;
    private long _faults;

    /// <param name="options">What is taken and refused.</param>
    /// <param name="producer">Where records go; not disposed here.</param>
    /// <param name="time">The clock of ingest times.</param>
    /// <param name="logger">Told of state changes only.</param>
    public ReadingIngest(BridgeOptions options, IRecordProducer producer, TimeProvider time, ILogger<ReadingIngest> logger)
    {
        _options = options;
        _producer = producer;
        _time = time;
        _logger = logger;
        _policy = new PublishPolicy(options);
        _judge = new PublishJudge(options);
        _metrics = new BridgeMetrics(time);
        _health = new LogHealth(logger);
        _assignedIds = new AssignedIds(options.AssignedIdDevicesMax);
        _recentIds = options.RecentIdsPerBootMax > 0 ? new RecentIds(options, _health) : null;
        _lookAlikes = new LookAlikes(time, logger);
        _appender = new PublishAppender(producer, _metrics, _health, options, logger);
        _layouts = new RecordLayouts(options);
        _workspaces = new DefaultObjectPool<IngestWorkspace>(
            new DefaultPooledObjectPolicy<IngestWorkspace>(), Environment.ProcessorCount * 4);
    }

    /// <summary>Totals since start.</summary>
    public BridgeTotals Totals => _metrics.Totals;

    /// <summary>False while the last thing the log said was an error; for readiness.</summary>
    public bool IsHealthy => !_health.IsFailing;

    /// <summary>Told when a client publishes the Sparkplug state of this host, from any thread; must be quick. The publish is refused.</summary>
    public Action? ForeignHostState { get; set; }

    /// <summary>Bytes of publishes that the log took in part and that wait for room.</summary>
    internal long ParkedBytes => _appender.ParkedBytes;

    /// <summary>From now on, records carry the schema ids of <paramref name="ids"/>; nothing else of it is used.</summary>
    public void UseSchemaIds(BridgeOptions ids)
    {
        _options = _options with
        {
            ReadingBatchSchemaId = ids.ReadingBatchSchemaId,
            ReadingBatchV2SchemaId = ids.ReadingBatchV2SchemaId,
            DeadLetterSchemaId = ids.DeadLetterSchemaId,
            CommandResultSchemaId = ids.CommandResultSchemaId,
            CatalogueSchemaId = ids.CatalogueSchemaId,
        };
        _layouts = new RecordLayouts(_options);
        _appender.UseOptions(_options);
    }

    /// <inheritdoc/>
    public bool Accepts(ReadOnlySpan<byte> topicName) => _policy.Topics.IsIngest(topicName);

    /// <inheritdoc/>
    public string? HintFor(ReadOnlySpan<byte> topicName)
    {
        if (IngestTopics.HintFor(topicName) is not { } hint)
        {
            return null;
        }

        _metrics.LookAlike();
        _lookAlikes.Note(topicName, hint);
        return hint;
    }

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
    public ValueTask WaitForCapacityAsync(CancellationToken cancellationToken) => _appender.WaitForCapacityAsync(cancellationToken);

    /// <summary>Ends what became several records and is not wholly appended as failed. Call after intake has stopped.</summary>
    public async ValueTask DisposeAsync()
    {
        await _appender.DisposeAsync();
        _metrics.Dispose();
    }

    private bool Take(in IngestPublish publish, IngestWorkspace workspace, in Answer answer)
    {
        var now = _time.GetUtcNow();
        var format = PublishJudge.IsJson(publish) ? Json : Protobuf;
        var refusal = Judge(publish, workspace, now, out var topic, out var kind);
        if (refusal is not null)
        {
            if (ReferenceEquals(refusal, PublishPolicy.HostState))
            {
                ForeignHostState?.Invoke();
            }

            return _appender.Reject(publish, refusal, format, now, answer);
        }

        try
        {
            return topic.IsSparkplug ? TakeSparkplug(publish, now, answer)
                : topic.IsCatalogue ? TakeAnnouncement(publish, workspace.Announcement!, now, answer)
                : !topic.CommandId.IsEmpty ? TakeAnswer(publish, topic, now, answer)
                : kind == PayloadKind.WholeBatch ? TakeBatch(publish, workspace, now, answer)
                : TakeColumns(publish, workspace, format, now, answer);
        }
        catch (RecordLogException exception) when (exception.Error == RecordLogError.RecordTooLarge)
        {
            return _appender.Reject(
                publish, new(IngestOutcome.RejectedPayload, "record-too-large", $"{exception.Message} Send smaller batches."), format, now, answer);
        }
    }

    /// <summary>Whatever the bytes are, the publish gets its answer: a fault of ours in reading them makes a dead letter, not a device that sends for ever.</summary>
    private Refusal? Judge(
        in IngestPublish publish, IngestWorkspace workspace, DateTimeOffset now, out TopicMeaning topic, out PayloadKind kind)
    {
        kind = default;
        topic = default;
        try
        {
            return _policy.Check(publish, out topic)
                ?? (topic.IsSparkplug ? CheckSparkplug(publish)
                    : topic.IsCatalogue ? AnnouncementJudge.Judge(publish, topic.Device, workspace)
                    : topic.CommandId.IsEmpty ? _judge.Judge(publish, topic, workspace, now, out kind) : CheckAnswer(publish));
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            // Told at the first, the second, the fourth and so on: a device that sends it a thousand times must not fill the log.
            var faults = Interlocked.Increment(ref _faults);
            if (System.Numerics.BitOperations.IsPow2(faults))
            {
                Log.JudgeFailed(_logger, faults, exception);
            }

            return new(IngestOutcome.RejectedPayload, "bridge-failed", $"The bridge failed on this payload: {exception.GetType().Name}.");
        }
    }

    private Refusal? CheckAnswer(in IngestPublish publish) => publish.Payload.Length <= _options.CommandAnswerBytesMax ? null : new(
        IngestOutcome.RejectedPayload, "too-large", $"The answer to a command is larger than {_options.CommandAnswerBytesMax} bytes.");

    /// <summary>Readable or not is decided at once, while the sender can be told; what it means is the host's business, who knows the births.</summary>
    private Refusal? CheckSparkplug(in IngestPublish publish) =>
        PayloadView.TryScan(publish.Payload, _options.Sparkplug.MetricsPerMessageMax, out _) switch
        {
            PayloadFault.None => null,
            PayloadFault.TooManyMetrics => new(
                IngestOutcome.RejectedPayload, "sparkplug-too-many-metrics",
                $"The message has more than {_options.Sparkplug.MetricsPerMessageMax} metrics (Bridge:Sparkplug:MetricsPerMessageMax). Send smaller ones."),
            _ => new(
                IngestOutcome.RejectedPayload, "sparkplug-malformed",
                "The payload is no Sparkplug B payload: a tag, length or number is wrong or cut off."),
        };

    /// <summary>The publish as it came; the host makes readings of it.</summary>
    private bool TakeSparkplug(in IngestPublish publish, DateTimeOffset now, in Answer answer)
    {
        if (!SparkplugTopic.TryParse(publish.TopicName, out var topic))
        {
            throw new InvalidOperationException("A publish came here whose topic the policy did not take.");
        }

        Span<byte> key = stackalloc byte[SparkplugTopic.KeyBytesMax];
        key = key[..topic.WriteKey(key)];
        Span<byte> head = stackalloc byte[RawPublish.HeadBytesMax(publish.TopicName)];
        head = head[..RawPublish.WriteHead(head, publish.TopicName, publish.ClientId)];
        return _appender.Append(
            new NewRecord
            {
                Topic = LogTopics.Sparkplug,
                Key = key,
                Value = head,
                ValueTail = publish.Payload,
                Headers = PublishAppender.Headers(publish),
                TimestampMs = now.ToUnixTimeMilliseconds(),
            },
            new IngestResult(IngestOutcome.Stored),
            new PublishCounts(0, 0, null, Sparkplug, false),
            answer);
    }

    private bool TakeAnswer(in IngestPublish publish, in TopicMeaning topic, DateTimeOffset now, in Answer answer) =>
        _appender.Append(
            new NewRecord
            {
                Topic = LogTopics.CommandResults,
                Key = topic.Device,
                Value = CommandAnswerWriter.Answer(publish, topic.Device, topic.CommandId, topic.IsRefusedCommand, UnixMicros.From(now), _options),
                Headers = PublishAppender.Headers(publish),
                TimestampMs = now.ToUnixTimeMilliseconds(),
            },
            new IngestResult(IngestOutcome.Stored),
            new PublishCounts(0, 0, null, CommandAnswer, false),
            answer);

    private bool TakeAnnouncement(in IngestPublish publish, CatalogueEntry entry, DateTimeOffset now, in Answer answer)
    {
        (entry.Version, entry.TimeUs) = ((ulong)now.ToUnixTimeMilliseconds(), UnixMicros.From(now));
        return _appender.Append(
            new NewRecord
            {
                Topic = LogTopics.Catalogue,
                Key = CatalogueName.Of(entry).ToKey(),
                Value = FramedMessage.Write(entry, _options.CatalogueSchemaId),
                Headers = PublishAppender.Headers(publish),
                TimestampMs = now.ToUnixTimeMilliseconds(),
            },
            new IngestResult(IngestOutcome.Stored),
            new PublishCounts(0, 0, null, Announcement, false),
            answer);
    }

    private bool TakeBatch(in IngestPublish publish, IngestWorkspace workspace, DateTimeOffset now, in Answer answer)
    {
        var layouts = _layouts;
        var batch = workspace.Batch;
        var counts = new PublishCounts(batch.Count, 0, null, Protobuf, false);
        var conflicts = _recentIds?.CountConflicts(batch, workspace) ?? 0;
        var result = ResultOf(batch.Count, null, conflicts);
        if (!layouts.TakesAsItCame)
        {
            workspace.Columns.CopyFrom(batch);
            return Count(_appender.AppendColumns(publish, workspace, layouts, result, counts, now, answer), 0, conflicts);
        }

        var taken = _appender.Append(
            new NewRecord
            {
                Topic = LogTopics.Readings,
                Key = batch.Device,
                Value = layouts.HeaderV1,
                ValueTail = publish.Payload,
                Headers = PublishAppender.Headers(publish),
                TimestampMs = now.ToUnixTimeMilliseconds(),
            },
            result,
            counts,
            answer);
        return Count(taken, 0, conflicts);
    }

    private bool TakeColumns(
        in IngestPublish publish, IngestWorkspace workspace, string format, DateTimeOffset now, in Answer answer)
    {
        var columns = workspace.Columns;
        var passedOver = columns.MembersPassedOver;
        var good = columns.Count - columns.RefusedCount;
        var refused = columns.FirstRefusal is { } refusal
            ? $"{columns.RefusedCount} of {columns.Count} readings were refused and dead-lettered: {refusal.Detail}"
            : null;
        var conflicts = columns.BootId == 0 || _recentIds is null ? 0 : _recentIds.CountConflicts(columns, workspace);
        var result = ResultOf(good, refused, conflicts);
        var counts = new PublishCounts(good, columns.RefusedCount, columns.FirstRefusal?.Cause, format, false);
        if (columns.BootId != 0)
        {
            return Count(_appender.AppendColumns(publish, workspace, _layouts, result, counts, now, answer), passedOver, conflicts);
        }

        // The numbers are taken only with the publish, and only by the readings that are stored: a gap would look like a lost
        // reading downstream.
        var id = _assignedIds.Of(columns.Device);
        lock (id)
        {
            columns.NumberGood(id.BootId, id.Next);
            var taken = _appender.AppendColumns(publish, workspace, _layouts, result, counts, now, answer);
            if (taken)
            {
                id.Next += (ulong)good;
                _metrics.IdsAssigned(good, publish.Duplicate);
            }

            return Count(taken, passedOver, 0);
        }
    }

    /// <summary>
    /// What the sender hears. Readings with the id of another one go into the log as the others do; consumers put them aside, and
    /// nothing of a publish of only such readings is stored.
    /// </summary>
    private static IngestResult ResultOf(int good, string? refused, int conflicts)
    {
        if (conflicts == 0)
        {
            return new(IngestOutcome.Stored, refused);
        }

        var conflict = $"{conflicts} of {good} readings carry ids (boot and sequence) of other readings and are dead-lettered as conflict; count each reading once and choose a new boot id at each start.";
        return new(
            conflicts == good ? IngestOutcome.RejectedPayload : IngestOutcome.Stored, refused is null ? conflict : $"{conflict} {refused}");
    }

    /// <summary>Counts what a publish held besides its readings, once it is taken: one that has to wait comes again.</summary>
    private bool Count(bool taken, int membersPassedOver, int conflicts)
    {
        if (taken && membersPassedOver > 0)
        {
            _metrics.MembersPassedOver(membersPassedOver);
        }

        if (taken && conflicts > 0)
        {
            _metrics.Conflicts(conflicts);
        }

        return taken;
    }
}
