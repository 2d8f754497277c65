using System.Text;
using System.Text.Json;
using Google.Protobuf;
using Microsoft.Extensions.Logging;
using Telemetry.Contracts;
using Telemetry.Contracts.Alarms;
using Telemetry.Contracts.V1;
using Telemetry.Streams;

namespace Telemetry.Bridge.Alarms;

/// <summary>Publishes retained messages.</summary>
public interface IAlarmChannel
{
    /// <summary>QoS 1, retained; an empty payload removes what is retained.</summary>
    ValueTask PublishRetainedAsync(string topic, ReadOnlyMemory<byte> payload);
}

/// <summary>
/// Keeps <c>telemetry/v1/{device}/alarms</c> up to date: the alarms of a device that ask for a person, as one retained JSON message; without any, nothing is
/// retained. Reads the state topic of alarms in a group, so that each device is published by one edge process; what was published is committed.
/// </summary>
public sealed class AlarmTopics : IAssignmentListener, IAsyncDisposable
{
    /// <summary>Consumer group.</summary>
    public const string Group = "telemetry-alarm-mqtt";

    private const int RecordsMax = 1000;
    private static readonly TimeSpan PollWait = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Restart = TimeSpan.FromSeconds(1);

    private readonly IRecordLog _log;
    private readonly IAlarmChannel _channel;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stop = new();
    private readonly Dictionary<int, Dictionary<string, SortedDictionary<string, Alarm>>> _partitions = [];
    private readonly Dictionary<TopicPartition, long> _published = [];
    private Task _loop = Task.CompletedTask;

    /// <param name="log">State of alarms.</param>
    /// <param name="channel">Where to publish.</param>
    /// <param name="time">The clock of pauses.</param>
    /// <param name="logger">Told of failures.</param>
    public AlarmTopics(IRecordLog log, IAlarmChannel channel, TimeProvider time, ILogger<AlarmTopics> logger) =>
        (_log, _channel, _time, _logger) = (log, channel, time, logger);

    /// <summary>Topic of a device's alarms.</summary>
    public static string TopicOf(string device) => $"telemetry/v1/{device}/alarms";

    /// <summary>Begins; returns at once.</summary>
    public void Start() => _loop = Task.Factory.StartNew(
        () => LogFollower.RunAsync(FollowAsync, (error, pause) => Log.AlarmTopicsFailed(_logger, pause, error), Restart, _time, _stop.Token),
        CancellationToken.None,
        TaskCreationOptions.DenyChildAttach,
        TaskScheduler.Current).Unwrap();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        _stop.Dispose();
    }

    /// <summary>Reads the state up to what was published, and goes on from there.</summary>
    public async ValueTask AssignedAsync(IRecordConsumer consumer, IReadOnlyList<TopicPartition> partitions, CancellationToken cancellationToken)
    {
        var committed = await _log.QueryCommittedAsync(Group, partitions, cancellationToken);
        foreach (var partition in partitions)
        {
            var low = (await _log.QueryOffsetsAsync(partition, cancellationToken)).Low;
            var from = committed.TryGetValue(partition, out var offset) ? Math.Max(offset.Offset, low) : low;
            _partitions[partition.Partition] = [];
            if (low < from)
            {
                await using var reader = _log.CreateConsumer(new ConsumerOptions());
                reader.Assign([partition]);
                reader.Seek(partition, low);
                while (reader.Position(partition) < from)
                {
                    foreach (var record in await reader.PollAsync(RecordsMax, PollWait, cancellationToken))
                    {
                        if (record.Offset < from)
                        {
                            Take(record, out _);
                        }
                    }
                }
            }

            consumer.Seek(partition, from);
        }
    }

    /// <inheritdoc/>
    public async ValueTask RevokedAsync(IRecordConsumer consumer, IReadOnlyList<TopicPartition> partitions, CancellationToken cancellationToken)
    {
        await CommitAsync(consumer, cancellationToken);
        await LostAsync(consumer, partitions, cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask LostAsync(IRecordConsumer consumer, IReadOnlyList<TopicPartition> partitions, CancellationToken cancellationToken)
    {
        foreach (var partition in partitions)
        {
            _partitions.Remove(partition.Partition);
            _published.Remove(partition);
        }

        return ValueTask.CompletedTask;
    }

    private async Task FollowAsync(CancellationToken cancellationToken)
    {
        _partitions.Clear();
        _published.Clear();
        await using var consumer = _log.CreateConsumer(new ConsumerOptions { Group = Group, Topics = [LogTopics.AlarmState], AssignmentListener = this });
        var changed = new Dictionary<string, int>();
        while (!cancellationToken.IsCancellationRequested)
        {
            var records = await consumer.PollAsync(RecordsMax, PollWait, cancellationToken);
            changed.Clear();
            for (var i = 0; i < records.Count; i++)
            {
                if (_partitions.ContainsKey(records[i].Partition))
                {
                    Take(records[i], out var device);
                    _published[new TopicPartition(records[i].Topic, records[i].Partition)] = records[i].Offset + 1;
                    if (device is not null)
                    {
                        changed[device] = records[i].Partition;
                    }
                }
            }

            foreach (var (device, partition) in changed)
            {
                await _channel.PublishRetainedAsync(TopicOf(device), Payload(device, partition));
            }

            await CommitAsync(consumer, cancellationToken);
        }
    }

    private async ValueTask CommitAsync(IRecordConsumer consumer, CancellationToken cancellationToken)
    {
        if (_published.Count > 0)
        {
            await consumer.CommitAsync(_published.ToDictionary(static p => p.Key, static p => new CommittedOffset(p.Value)), cancellationToken);
            _published.Clear();
        }
    }

    /// <param name="record">A record of the state topic.</param>
    /// <param name="device">Whose alarms may look otherwise now; null: nobody's. A group of devices has no topic.</param>
    private void Take(in LogRecord record, out string? device)
    {
        device = null;
        var names = Encoding.UTF8.GetString(record.Key.Span).Split('/');
        if (names is not ["a", var name, var id] || name.StartsWith(AlarmId.GroupPrefix, StringComparison.Ordinal))
        {
            return;
        }

        Alarm? alarm;
        try
        {
            alarm = record.Value.IsEmpty ? null : AlarmState.Parser.ParseFrom(record.Value.Span).Alarm;
        }
        catch (InvalidProtocolBufferException)
        {
            return; // The alarms role says so.
        }

        var devices = _partitions[record.Partition];
        device = name;
        if (alarm is not null && AlarmNames.IsStanding(alarm.Status))
        {
            if (!devices.TryGetValue(name, out var alarms))
            {
                devices.Add(name, alarms = new SortedDictionary<string, Alarm>(StringComparer.Ordinal));
            }

            alarms[id] = alarm;
        }
        else if (devices.TryGetValue(name, out var alarms) && alarms.Remove(id) && alarms.Count == 0)
        {
            devices.Remove(name);
        }
    }

    private ReadOnlyMemory<byte> Payload(string device, int partition)
    {
        if (!_partitions[partition].TryGetValue(device, out var alarms))
        {
            return ReadOnlyMemory<byte>.Empty;
        }

        using var body = new MemoryStream();
        using (var writer = new Utf8JsonWriter(body))
        {
            writer.WriteStartObject();
            writer.WriteString("device", device);
            writer.WriteStartArray("alarms");
            foreach (var alarm in alarms.Values)
            {
                AlarmFields.Write(writer, alarm);
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        return body.ToArray();
    }
}
