using System.Collections.Concurrent;
using System.Text;
using Google.Protobuf;
using Microsoft.Extensions.Logging;
using Telemetry.Contracts;
using Telemetry.Contracts.Alarms;
using Telemetry.Contracts.V1;
using Telemetry.Contracts.Wire;
using Telemetry.Query.Diagnostics;
using Telemetry.Query.Problems;
using Telemetry.Query.Setup;
using Telemetry.Streams;

namespace Telemetry.Query.Alarms;

/// <summary>
/// The API's side of alarms: follows their state, their changes and the rules in force, and puts what persons want onto the log, where the alarms role
/// decides.
/// </summary>
internal sealed class AlarmDesk : IAsyncDisposable
{
    private const int RecordsMax = 2000;
    private static readonly TimeSpan PollWait = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(2);
    private static readonly TopicPartition RulesPartition = new(LogTopics.AlarmRules, 0);

    private readonly IRecordLog _log;
    private readonly QueryOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Lazy<IRecordProducer> _producer;
    private readonly ConcurrentDictionary<string, TaskCompletionSource<AlarmChange>> _pending = new();
    private readonly Lock _gate = new();
    private readonly AlarmRulesBook _rulesBook = new();
    private AlarmPositions _positions = new();
    private AlarmClient[] _clients = [];
    private volatile AlarmRulesRecord _rules = new();
    private volatile bool _isRead;
    private long _rulesPosition;

    public AlarmDesk(IRecordLog log, QueryOptions options, TimeProvider time, ILogger logger)
    {
        (_log, _options, _time, _logger) = (log, options, time, logger);
        _producer = new Lazy<IRecordProducer>(() => log.CreateProducer(new ProducerOptions { InFlightBytesMax = 4 << 20 }));
    }

    public AlarmBook Book { get; } = new();

    /// <summary>The rules in force; version 0: nobody has put any.</summary>
    public AlarmRulesRecord Rules => _rules;

    /// <summary>False: the topics have not been read to their ends yet.</summary>
    public bool IsRead => _isRead;

    /// <summary>Follows the topics until cancelled.</summary>
    public Task RunAsync(CancellationToken cancellationToken) => LogFollower.RunAsync(
        FollowAsync,
        (error, pause) =>
        {
            _isRead = false;
            _logger.AlarmTailFailed(pause, error);
        },
        Retry,
        _time,
        cancellationToken);

    /// <summary>Puts a command onto the log and waits until it is decided.</summary>
    /// <returns>The change; null: not decided within <paramref name="wait"/>.</returns>
    /// <exception cref="RecordLogException">The log did not take it.</exception>
    public async Task<AlarmChange?> DoAsync(AlarmCommand command, TimeSpan wait, CancellationToken cancellationToken)
    {
        var decided = new TaskCompletionSource<AlarmChange>(TaskCreationOptions.RunContinuationsAsynchronously);
        _pending[command.CommandId] = decided;
        try
        {
            await AppendAsync(LogTopics.AlarmInputs, null, Encoding.UTF8.GetBytes(command.Device), new AlarmInput { Command = command }.ToByteArray(), cancellationToken);
            await ((Task)decided.Task).WaitAsync(wait, _time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellationToken.ThrowIfCancellationRequested();
            return decided.Task.IsCompletedSuccessfully ? await decided.Task : null;
        }
        finally
        {
            _pending.TryRemove(command.CommandId, out _);
        }
    }

    /// <summary>
    /// Puts rules in force; they were checked before. Of writers at the same time, also in other processes, the first on the log is first; the others find its
    /// rules in force, and are asked again.
    /// </summary>
    /// <param name="document">The document.</param>
    /// <param name="by">Who.</param>
    /// <param name="comment">Why.</param>
    /// <param name="demand">Told the version that these rules are to follow, each time another one came first; throws to give up.</param>
    /// <param name="cancellationToken">Gives up waiting; they may be in force.</param>
    /// <exception cref="RecordLogException">The log did not take them.</exception>
    public async Task<AlarmRulesRecord> PutRulesAsync(
        ReadOnlyMemory<byte> document, string by, string comment, Action<ulong> demand, CancellationToken cancellationToken)
    {
        var writer = new AlarmRulesWriter(
            _rulesBook, (key, value, cancel) => AppendAsync(LogTopics.AlarmRules, 0, key, value, cancel), ReadRulesAsync);
        var put = await writer.PutAsync(
            () =>
            {
                demand(_rules.Version);
                return new AlarmRulesRecord
                {
                    Document = ByteString.CopyFrom(document.Span),
                    By = by,
                    Comment = comment,
                    TimeUs = _time.GetUtcNow().ToUnixTimeMilliseconds() * 1000,
                    FileHash = _rules.FileHash,
                };
            },
            cancellationToken);
        return put!;
    }

    /// <exception cref="ApiProblem">503: as many streams as there may be, or nothing is followed yet.</exception>
    public AlarmClient Join()
    {
        lock (_gate)
        {
            if (!_isRead || _clients.Length >= _options.LiveClientsMax)
            {
                throw new ApiProblem(503, "busy", "No stream of alarms now", $"There may be {_options.LiveClientsMax} streams at once, once the log has been read.")
                {
                    RetryAfter = TimeSpan.FromSeconds(5),
                };
            }

            var client = new AlarmClient(_positions.Copy(), _options.LiveBacklogMax);
            _clients = [.. _clients, client];
            QueryMetrics.LiveClientChange(1);
            return client;
        }
    }

    public void Leave(AlarmClient client)
    {
        lock (_gate)
        {
            _clients = [.. _clients.Where(other => other != client)];
        }

        QueryMetrics.LiveClientChange(-1);
    }

    /// <summary>The changes from a position up to another, for who was away.</summary>
    /// <exception cref="RecordLogException">The log does not answer.</exception>
    public async Task ReadAsync(AlarmPositions from, AlarmPositions to, Func<AlarmEvent, ValueTask> take, CancellationToken cancellationToken)
    {
        foreach (var (number, end) in to.All)
        {
            var partition = new TopicPartition(LogTopics.Alarms, number);
            var low = (await _log.QueryOffsetsAsync(partition, cancellationToken)).Low;
            if (!from.Has(number) || Math.Max(from[number], low) >= end)
            {
                continue;
            }

            await using var consumer = _log.CreateConsumer(new ConsumerOptions());
            consumer.Assign([partition]);
            consumer.Seek(partition, Math.Max(from[number], low));
            while (consumer.Position(partition) < end)
            {
                foreach (var record in await consumer.PollAsync(RecordsMax, PollWait, cancellationToken))
                {
                    if (record.Offset < end && Decode(record) is { } change)
                    {
                        await take(new AlarmEvent(number, record.Offset, change));
                    }
                }
            }
        }
    }

    public ValueTask DisposeAsync() => _producer.IsValueCreated ? _producer.Value.DisposeAsync() : ValueTask.CompletedTask;

    /// <summary>Waits until all that is on the topic of rules now has been read.</summary>
    private Task ReadRulesAsync(CancellationToken cancellationToken) =>
        _log.WaitUntilReadAsync(RulesPartition, () => Volatile.Read(ref _rulesPosition), _time, cancellationToken);

    private async Task FollowAsync(CancellationToken cancellationToken)
    {
        await using var consumer = _log.CreateConsumer(new ConsumerOptions());
        var ends = await AssignAsync(consumer, cancellationToken);
        while (true)
        {
            var records = await consumer.PollAsync(RecordsMax, PollWait, cancellationToken);
            for (var i = 0; i < records.Count; i++)
            {
                Take(records[i]);
            }

            Volatile.Write(ref _rulesPosition, consumer.Position(RulesPartition));
            if (!_isRead && ends.All(end => consumer.Position(end.Key) >= end.Value))
            {
                _isRead = true;
            }
        }
    }

    /// <summary>State and rules from their beginnings, changes from now on.</summary>
    private async Task<Dictionary<TopicPartition, long>> AssignAsync(IRecordConsumer consumer, CancellationToken cancellationToken)
    {
        var starts = new Dictionary<TopicPartition, long>();
        var ends = new Dictionary<TopicPartition, long>();
        foreach (var topic in new[] { LogTopics.AlarmState, LogTopics.AlarmRules, LogTopics.Alarms })
        {
            var count = await _log.QueryPartitionCountAsync(topic, cancellationToken);
            for (var i = 0; i < count; i++)
            {
                var partition = new TopicPartition(topic, i);
                var (low, high) = await _log.QueryOffsetsAsync(partition, cancellationToken);
                (starts[partition], ends[partition]) = (topic == LogTopics.Alarms ? high : low, high);
            }
        }

        Book.Clear();
        lock (_gate)
        {
            // Streams that are open go on where this begins: what they missed they read when they come back.
            _positions = new AlarmPositions();
            foreach (var (partition, start) in starts.Where(s => s.Key.Topic == LogTopics.Alarms))
            {
                _positions.Set(partition.Partition, start);
            }
        }

        consumer.Assign([.. starts.Keys]);
        foreach (var (partition, start) in starts)
        {
            consumer.Seek(partition, start);
        }

        return ends;
    }

    private void Take(in LogRecord record)
    {
        switch (record.Topic)
        {
            case LogTopics.AlarmState:
                Book.Take(record.Key.Span, record.Value.Span);
                break;
            case LogTopics.AlarmRules:
                TakeRules(record.Key, record.Value);
                break;
            default:
                if (Decode(record) is { } change)
                {
                    TakeChange(new AlarmEvent(record.Partition, record.Offset, change));
                }

                break;
        }
    }

    private void TakeRules(ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> value)
    {
        try
        {
            if (_rulesBook.Take(key.Span, value.Span) is { } record && AlarmRulesReader.Read(record.Document.Memory, out _) is not null)
            {
                _rules = record;
            }
        }
        catch (InvalidProtocolBufferException)
        {
            // The alarms role says so in its log.
        }
    }

    private void TakeChange(in AlarmEvent change)
    {
        if (change.Change.CommandId.Length > 0 && _pending.TryGetValue(change.Change.CommandId, out var decided))
        {
            decided.TrySetResult(change.Change);
        }

        lock (_gate)
        {
            _positions.Set(change.Partition, change.Offset + 1);
            foreach (var client in _clients)
            {
                client.Offer(change);
            }
        }
    }

    private static AlarmChange? Decode(in LogRecord record)
    {
        try
        {
            return ConfluentFrame.TryRead(record.Value, out _, out var message) && AlarmChange.Parser.ParseFrom(message.Span) is { Alarm: not null } change
                ? change
                : null;
        }
        catch (InvalidProtocolBufferException)
        {
            return null; // Whoever stores it dead-letters it.
        }
    }

    private Task AppendAsync(string topic, int? partition, byte[] key, byte[] record, CancellationToken cancellationToken) =>
        _producer.Value.AppendAsync(topic, partition, key, record, _time.GetUtcNow().ToUnixTimeMilliseconds(), cancellationToken);
}
