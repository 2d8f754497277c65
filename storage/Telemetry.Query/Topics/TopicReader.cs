using Telemetry.Contracts;
using Telemetry.Contracts.Wire;
using Telemetry.Streams;

namespace Telemetry.Query.Topics;

/// <summary>
/// Looks at the log: which topics there are, how much each holds, and with which schemas its newest records are written. An answer is used again for half a minute,
/// and one look serves all who ask meanwhile. Safe for use by several threads.
/// </summary>
internal sealed class TopicReader(IRecordLog log, TimeProvider time)
{
    private static readonly TimeSpan Keep = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan PollWait = TimeSpan.FromMilliseconds(250);

    // For the newest records of all partitions of a topic; what has not come by then is not shown.
    private static readonly TimeSpan ReadMax = TimeSpan.FromSeconds(3);

    // A transaction's marker takes an offset behind its last record.
    private const int LastOffsets = 4;
    private const int RecordsMax = 1_000;

    private static readonly string[] Topics =
    [
        LogTopics.Readings, LogTopics.Anomalies, LogTopics.Incidents, LogTopics.DeviceEvents, LogTopics.DeadLetters, LogTopics.Alarms, LogTopics.AlarmInputs, LogTopics.Commands,
        LogTopics.CommandResults, LogTopics.Sparkplug, LogTopics.Messages, LogTopics.Catalogue, LogTopics.DetectorSettings, LogTopics.AlarmRules, LogTopics.DetectorState, LogTopics.SinkState,
        LogTopics.AlarmState, LogTopics.AlarmRuleState, LogTopics.SparkplugState, LogTopics.SparkplugHost, LogTopics.MqttSessions, LogTopics.MqttRetained,
    ];

    // Values of these begin with the id of their schema.
    private static readonly HashSet<string> Framed =
    [
        LogTopics.Readings, LogTopics.Anomalies, LogTopics.Incidents, LogTopics.DeviceEvents, LogTopics.DeadLetters, LogTopics.Alarms, LogTopics.Commands, LogTopics.CommandResults, LogTopics.Catalogue,
    ];

    private static readonly Dictionary<int, string> Messages = new()
    {
        [SchemaIds.ReadingBatch] = "telemetry.v1.ReadingBatch",
        [SchemaIds.ReadingBatchV2] = "telemetry.v2.ReadingBatch",
        [SchemaIds.Anomaly] = "telemetry.v1.Anomaly",
        [SchemaIds.DeadLetter] = "telemetry.v1.DeadLetter",
        [SchemaIds.DeviceEvent] = "telemetry.v1.DeviceEvent",
        [SchemaIds.DeviceCommand] = "telemetry.v1.DeviceCommand",
        [SchemaIds.CommandResult] = "telemetry.v1.CommandResult",
        [SchemaIds.CatalogueEntry] = "telemetry.v1.CatalogueEntry",
        [SchemaIds.Incident] = "telemetry.v1.Incident",
        [SchemaIds.AlarmChange] = "telemetry.v1.AlarmChange",
    };

    private readonly Lock _gate = new();
    private Task<IReadOnlyList<TopicView>>? _asking;
    private long _askedAt;

    /// <summary>The topics that exist.</summary>
    /// <exception cref="RecordLogException">The log cannot be asked.</exception>
    public Task<IReadOnlyList<TopicView>> ReadAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            // One look serves all who wait, so it does not end with the first of them that gives up.
            if (_asking is null or { IsFaulted: true } || (_asking.IsCompleted && time.GetElapsedTime(_askedAt) > Keep))
            {
                _askedAt = time.GetTimestamp();
                _asking = Task.Run(() => ReadNowAsync(CancellationToken.None), CancellationToken.None);
            }

            return _asking.WaitAsync(cancellationToken);
        }
    }

    /// <summary>The message that an id of ours stands for; null for a registry's.</summary>
    public static SchemaView Schema(int id) => new(id, Messages.GetValueOrDefault(SchemaIds.Released(id)), SchemaIds.Released(id) != id);

    private async Task<IReadOnlyList<TopicView>> ReadNowAsync(CancellationToken cancellationToken)
    {
        var views = new List<TopicView>();
        foreach (var topic in Topics)
        {
            try
            {
                views.Add(await ReadTopicAsync(topic, cancellationToken));
            }
            catch (RecordLogException e) when (e.Error == RecordLogError.UnknownTopic)
            {
                // Its role has never run.
            }
        }

        return views;
    }

    private async Task<TopicView> ReadTopicAsync(string topic, CancellationToken cancellationToken)
    {
        var count = await log.QueryPartitionCountAsync(topic, cancellationToken);
        var offsets = new Dictionary<TopicPartition, OffsetRange>();
        for (var i = 0; i < count; i++)
        {
            var partition = new TopicPartition(topic, i);
            offsets[partition] = await log.QueryOffsetsAsync(partition, cancellationToken);
        }

        var (newest, schemas) = await ReadNewestAsync(topic, offsets, cancellationToken);
        return new TopicView(topic, count, offsets.Values.Sum(o => o.High - o.Low), offsets.Values.Sum(o => o.Low), newest, schemas);
    }

    private async Task<(DateTimeOffset? Newest, IReadOnlyList<SchemaView> Schemas)> ReadNewestAsync(
        string topic, Dictionary<TopicPartition, OffsetRange> offsets, CancellationToken cancellationToken)
    {
        var filled = offsets.Where(o => o.Value.High > o.Value.Low).ToDictionary();
        if (filled.Count == 0)
        {
            return (null, []);
        }

        long newest = 0;
        var ids = new SortedSet<int>();
        await using var consumer = log.CreateConsumer(new ConsumerOptions());
        consumer.Assign([.. filled.Keys]);
        foreach (var (partition, range) in filled)
        {
            consumer.Seek(partition, Math.Max(range.Low, range.High - LastOffsets));
        }

        var begin = time.GetTimestamp();
        while (time.GetElapsedTime(begin) < ReadMax && filled.Any(f => consumer.Position(f.Key) < f.Value.High))
        {
            foreach (var record in await consumer.PollAsync(RecordsMax, PollWait, cancellationToken))
            {
                newest = Math.Max(newest, record.TimestampMs);
                if (Framed.Contains(topic) && ConfluentFrame.TryRead(record.Value, out var id, out _))
                {
                    ids.Add(id);
                }
            }
        }

        return (newest > 0 ? DateTimeOffset.FromUnixTimeMilliseconds(newest) : null, [.. ids.Select(Schema)]);
    }
}
