using System.Text;
using Google.Protobuf;
using Microsoft.Extensions.Logging;
using Telemetry.Contracts;
using Telemetry.Contracts.Measurement;
using Telemetry.Contracts.Readings;
using Telemetry.Contracts.V1;
using Telemetry.Contracts.Wire;
using Telemetry.Query.Diagnostics;
using Telemetry.Query.Setup;
using Telemetry.Streams;
using Telemetry.Streams.Deduplication;
using Telemetry.Streams.Deletion;

namespace Telemetry.Query.Live;

/// <summary>
/// Reads the log from its end, as one consumer without a group, and hands readings, anomalies and incidents to the live clients and
/// to the latest values. What happens while it is away is not made up for: the store has it.
/// </summary>
internal sealed class LiveTail
{
    private const int RecordsMax = 512;

    /// <summary>Devices whose event ids are remembered; of more, those silent for longest are forgotten.</summary>
    private const int DevicesMax = 100_000;

    /// <summary>
    /// Copies and conflicts are both left out, so no hashes are kept to tell them apart. A device takes some 300 bytes, with gaps and
    /// restarts up to 1.5 kB; what comes for an older gap or boot cannot be judged and is left out.
    /// </summary>
    private static readonly DuplicateFilterOptions Bounds = new()
    {
        RangesPerBootMax = 16,
        BootsPerDeviceMax = 2,
        ClosedBootsPerDeviceMax = 4,
        HashedIdsPerBootMax = 0,
    };

    private static readonly TimeSpan PollWait = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(2);

    private readonly IRecordLog _log;
    private readonly LiveHub _hub;
    private readonly LatestValues _latest;
    private readonly QueryOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ReadingBatchBuffer _batch = new();
    private readonly DeviceMap<DeviceSequences> _devices = new(DevicesMax, () => new DeviceSequences());
    private readonly DuplicateRuns _runs = new();
    private readonly DuplicateStatistics _statistics = new();
    private readonly TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public LiveTail(IRecordLog log, LiveHub hub, LatestValues latest, QueryOptions options, TimeProvider time, ILogger logger)
    {
        _options = options;
        _log = log;
        _hub = hub;
        _latest = latest;
        _time = time;
        _logger = logger;
    }

    /// <summary>Completes when the tail first stands at the ends of the partitions.</summary>
    public Task Started => _started.Task;

    /// <summary>Runs until cancelled; a failing log is tried again.</summary>
    public Task RunAsync(CancellationToken cancellationToken) => LogFollower.RunAsync(
        FollowAsync, (error, pause) => _logger.TailFailed(pause, error), Retry, _time, cancellationToken);

    private async Task FollowAsync(CancellationToken cancellationToken)
    {
        await using var consumer = _log.CreateConsumer(new ConsumerOptions { Start = StartPosition.Latest });
        var partitions = new List<TopicPartition>();
        foreach (var topic in (string[])[LogTopics.Readings, LogTopics.Anomalies, LogTopics.Incidents])
        {
            var count = await _log.QueryPartitionCountAsync(topic, cancellationToken);
            partitions.AddRange(Enumerable.Range(0, count).Select(partition => new TopicPartition(topic, partition)));
        }

        consumer.Assign(partitions);
        foreach (var partition in partitions)
        {
            consumer.Seek(partition, (await _log.QueryOffsetsAsync(partition, cancellationToken)).High);
        }

        _logger.TailStarted(partitions.Count);
        _started.TrySetResult();
        while (true)
        {
            var records = await consumer.PollAsync(RecordsMax, PollWait, cancellationToken);
            for (var i = 0; i < records.Count; i++)
            {
                Take(records[i]);
            }
        }
    }

    private void Take(in LogRecord record)
    {
        if (!ConfluentFrame.TryRead(record.Value, out _, out var message))
        {
            if (record.Topic == LogTopics.Readings && DeviceDeletion.Read(record) is { } deletion)
            {
                _latest.Remove(deletion.Device);
                _devices.Remove(deletion.Device);
            }

            return;
        }

        if (record.Topic == LogTopics.Readings)
        {
            TakeReadings(message);
        }
        else if (_hub.Clients is { Length: > 0 } clients)
        {
            TakeEvent(record.Topic, message, clients);
        }
    }

    private void TakeReadings(ReadOnlyMemory<byte> message)
    {
        // For the eye only: what storage puts aside for its schema may be shown here.
        if (!_batch.TryDecode(ReadingBatchVersion.Undecided, message, out _))
        {
            return;
        }

        QueryMetrics.LiveSeen(_batch.Count);
        if (_devices.Of(_batch.Device).Add(_batch, Bounds, _runs, _statistics) == DuplicateVerdict.AllDuplicate)
        {
            return;
        }

        var horizon = _options.Horizon(UnixMicros.From(_time.GetUtcNow()));
        OfferLatest(horizon);
        string? device = null;
        foreach (var client in _hub.Clients)
        {
            if ((client.Device is null || Ascii.Equals(client.Device, _batch.Device))
                && (client.Devices.IsAll || client.Devices.Sees(device ??= Encoding.ASCII.GetString(_batch.Device))))
            {
                Offer(client, device ??= Encoding.ASCII.GetString(_batch.Device), horizon);
            }
        }
    }

    private void OfferLatest(long horizon)
    {
        var latest = _latest.Device(_batch.Device);
        foreach (var run in _runs.Span)
        {
            for (var i = run.Start; run.Kind == DuplicateKind.New && i < run.Start + run.Count; i++)
            {
                // A time in the future would hide every reading until then.
                if (_batch.EventTimes[i] <= horizon)
                {
                    latest.Offer(
                        _batch.Sensor(_batch.SensorIndexes[i]),
                        new LatestValue(_batch.EventTimes[i], _batch.Sequence(i), _batch.Values[i], _batch.Qualities[i]));
                }
            }
        }
    }

    private void Offer(LiveClient client, string device, long horizon)
    {
        foreach (var run in _runs.Span)
        {
            for (var i = run.Start; run.Kind == DuplicateKind.New && i < run.Start + run.Count; i++)
            {
                var sensor = _batch.Sensor(_batch.SensorIndexes[i]);
                if (client.Sensor is null || Ascii.Equals(client.Sensor, sensor))
                {
                    client.Offer(new LiveItem(
                        device,
                        client.Sensor ?? Encoding.ASCII.GetString(sensor),
                        _batch.EventTimes[i],
                        _batch.Values[i],
                        _batch.Qualities[i],
                        ClockAhead: _batch.EventTimes[i] > horizon));
                }
            }
        }
    }

    private static void TakeEvent(string topic, ReadOnlyMemory<byte> message, IReadOnlyList<LiveClient> clients)
    {
        try
        {
            if (topic == LogTopics.Incidents)
            {
                Give(Incident.Parser.ParseFrom(message.Span), clients);
            }
            else
            {
                Give(Anomaly.Parser.ParseFrom(message.Span), clients);
            }
        }
        catch (InvalidProtocolBufferException)
        {
            // Whoever stores it dead-letters it; a live stream has no place to say so.
        }
    }

    private static void Give(Anomaly anomaly, IReadOnlyList<LiveClient> clients)
    {
        foreach (var client in clients)
        {
            if ((client.Device ?? anomaly.Device) == anomaly.Device && client.Devices.Sees(anomaly.Device) && (client.Sensor ?? anomaly.Sensor) == anomaly.Sensor)
            {
                client.Offer(new LiveItem(
                    anomaly.Device, anomaly.Sensor, anomaly.EventTimeUs, anomaly.Value, default, anomaly));
            }
        }
    }

    private static void Give(Incident incident, IReadOnlyList<LiveClient> clients)
    {
        foreach (var client in clients)
        {
            if ((client.Device ?? incident.Device) == incident.Device && client.Devices.Sees(incident.Device) && IsOf(client.Sensor, incident))
            {
                client.Offer(new LiveItem(
                    incident.Device, incident.Sensor, incident.StartUs, incident.Value, default, Incident: incident));
            }
        }
    }

    /// <summary>The silence of a device is told to who watches one of its sensors, too.</summary>
    private static bool IsOf(string? sensor, Incident incident) =>
        sensor is null || incident.Sensor.Length == 0 || incident.Sensors.Any(part => part.Sensor == sensor);
}
