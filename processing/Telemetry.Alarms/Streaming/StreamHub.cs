using System.Text;
using Google.Protobuf;
using Microsoft.Extensions.Logging;
using Telemetry.Alarms.Diagnostics;
using Telemetry.Alarms.Streaming.V1;
using Telemetry.Alarms.Setup;
using Telemetry.Contracts;
using Telemetry.Contracts.Readings;
using Telemetry.Contracts.V1;
using Telemetry.Contracts.Wire;
using Telemetry.Streams;

namespace Telemetry.Alarms.Streaming;

/// <summary>
/// Follows alarms, incidents and readings once for all calls, each topic while somebody wants it, and offers what it reads to them. It never waits for a client.
/// </summary>
public sealed class StreamHub : IAsyncDisposable
{
    private const int RecordsMax = 2000;
    private const int ReadingsPerMessage = 500;
    private static readonly TimeSpan PollWait = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Restart = TimeSpan.FromSeconds(1);

    private readonly IRecordLog _log;
    private readonly GrpcStreamOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly IReadingSchemas _schemas;
    private readonly ReadingBatchBuffer _batch = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Topic> _topics;
    private int _clients;

    internal StreamHub(IRecordLog log, GrpcStreamOptions options, TimeProvider time, ILogger logger, IReadingSchemas? schemas)
    {
        (_log, _options, _time, _logger, _schemas) = (log, options, time, logger, schemas ?? ReleasedReadingSchemas.Instance);
        _topics = new[] { LogTopics.Alarms, LogTopics.Incidents, LogTopics.Readings }.ToDictionary(name => name, name => new Topic(name));
    }

    internal CancellationToken Stopping => _stop.Token;

    /// <summary>Null: as many calls as there may be.</summary>
    internal StreamClient<T>? Join<T>(string topic, Func<T, bool> wants)
        where T : class, IMessage
    {
        lock (_gate)
        {
            if (_clients >= _options.ClientsMax || _stop.IsCancellationRequested)
            {
                return null;
            }

            var client = new StreamClient<T>(wants, _options.BacklogBytesMax);
            _clients++;
            _topics[topic].Clients = [.. _topics[topic].Clients, client];
            if (_topics[topic].Following is null)
            {
                _topics[topic].Following = LogFollower.RunAsync(
                    token => FollowAsync(_topics[topic], token),
                    (error, pause) => AlarmsLog.OutletFailed(_logger, "grpc", pause, error),
                    Restart,
                    _time,
                    _stop.Token);
            }

            AlarmsMetrics.StreamClients(1);
            return client;
        }
    }

    internal void Leave(string topic, IStreamClient client)
    {
        lock (_gate)
        {
            _clients--;
            _topics[topic].Clients = [.. _topics[topic].Clients.Where(other => other != client)];
        }

        client.Dispose();
        AlarmsMetrics.StreamClients(-1);
    }

    /// <summary>Completes once a topic is followed, for who must not miss what comes next.</summary>
    internal Task FollowedAsync(string topic) => _topics[topic].Followed.Task;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        foreach (var topic in _topics.Values)
        {
            foreach (var client in topic.Clients)
            {
                client.Complete();
            }

            await (topic.Following ?? Task.CompletedTask).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        _stop.Dispose();
    }

    private async Task FollowAsync(Topic topic, CancellationToken cancellationToken)
    {
        await using var consumer = _log.CreateConsumer(new ConsumerOptions());
        var partitions = new List<TopicPartition>();
        for (var i = await _log.QueryPartitionCountAsync(topic.Name, cancellationToken) - 1; i >= 0; i--)
        {
            partitions.Add(new TopicPartition(topic.Name, i));
        }

        var ends = new Dictionary<TopicPartition, long>();
        foreach (var partition in partitions)
        {
            ends[partition] = (await _log.QueryOffsetsAsync(partition, cancellationToken)).High;
        }

        consumer.Assign(partitions);
        foreach (var (partition, end) in ends)
        {
            consumer.Seek(partition, end);
        }

        topic.Followed.TrySetResult();
        while (true)
        {
            foreach (var record in await consumer.PollAsync(RecordsMax, PollWait, cancellationToken))
            {
                if (topic.Clients is { Length: > 0 } clients)
                {
                    Offer(record, clients);
                }
            }
        }
    }

    private void Offer(in LogRecord record, IStreamClient[] clients)
    {
        if (!ConfluentFrame.TryRead(record.Value, out var schemaId, out var message))
        {
            return;
        }

        try
        {
            switch (record.Topic)
            {
                case LogTopics.Alarms when AlarmChange.Parser.ParseFrom(message.Span) is { Alarm: not null, Transition: not AlarmTransition.Refused } change:
                    OfferAll(clients, new AlarmUpdate { Change = change, Partition = record.Partition, Offset = record.Offset });
                    break;
                case LogTopics.Incidents:
                    OfferAll(clients, new IncidentUpdate { Incident = Incident.Parser.ParseFrom(message.Span), Partition = record.Partition, Offset = record.Offset });
                    break;
                case LogTopics.Readings when _batch.TryDecode(_schemas.Find(schemaId), message, out _):
                    OfferReadings(clients);
                    break;
                default:
                    break;
            }
        }
        catch (InvalidProtocolBufferException)
        {
            // Whoever stores it dead-letters it; a stream has no place to say so.
        }
    }

    private void OfferReadings(IStreamClient[] clients)
    {
        var device = Encoding.ASCII.GetString(_batch.Device);
        for (var start = 0; start < _batch.Count; start += ReadingsPerMessage)
        {
            var update = new ReadingsUpdate();
            for (var i = start; i < Math.Min(start + ReadingsPerMessage, _batch.Count); i++)
            {
                update.Readings.Add(new V1.Reading
                {
                    Device = device,
                    Sensor = Encoding.ASCII.GetString(_batch.Sensor(_batch.SensorIndexes[i])),
                    EventTimeUs = _batch.EventTimes[i],
                    Value = _batch.Values[i],
                    Quality = (uint)_batch.Qualities[i],
                });
            }

            OfferAll(clients, update);
        }
    }

    private static void OfferAll(IStreamClient[] clients, IMessage message)
    {
        foreach (var client in clients)
        {
            client.Offer(message);
        }
    }

    private sealed class Topic(string name)
    {
        public string Name { get; } = name;

        public IStreamClient[] Clients { get; set; } = [];

        public Task? Following { get; set; }

        public TaskCompletionSource Followed { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
