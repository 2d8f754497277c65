using System.Collections.Concurrent;
using System.Text;
using Telemetry.Contracts;
using Telemetry.Edge;
using Telemetry.Host.Deletion;
using Telemetry.Streams;
using Telemetry.Streams.Deletion;
using Telemetry.Streams.Partitioning;

namespace Telemetry.Host.Composition;

/// <summary>The record log as the MQTT broker sees it.</summary>
/// <param name="log">The log.</param>
/// <param name="time">Clock of record times and pauses.</param>
/// <param name="node">Name of this process among those that share the log; null: it has the log alone.</param>
/// <param name="logger">Told when following fails.</param>
internal sealed class BrokerLog(IRecordLog log, TimeProvider time, string? node, ILogger logger) : IBrokerLog, IAsyncDisposable
{
    private const int RecordsMax = 2048;
    private static readonly TimeSpan Wait = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Restart = TimeSpan.FromMilliseconds(500);

    private readonly IRecordProducer _producer = log.CreateProducer(new ProducerOptions());
    private readonly int[] _partitions = new int[Enum.GetValues<BrokerTopic>().Length];
    private readonly ConcurrentDictionary<TopicPartition, long> _next = new();
    private TaskCompletionSource _read = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <inheritdoc/>
    public bool IsShared => node is not null;

    /// <inheritdoc/>
    public string Node => node ?? "";

    /// <inheritdoc/>
    public int Partitions(BrokerTopic topic) => _partitions[(int)topic] is > 0 and var count
        ? count
        : throw new InvalidOperationException($"{NameOf(topic)} has not been read yet.");

    /// <inheritdoc/>
    public int PartitionOf(BrokerTopic topic, ReadOnlySpan<byte> key) =>
        key.IsEmpty ? 0 : Murmur2.Partition(key, Partitions(topic));

    /// <inheritdoc/>
    public bool TryAppend(in BrokerRecord record, IBrokerLogCompletion completion, ulong state)
    {
        try
        {
            return _producer.TryAppend(
                new NewRecord
                {
                    Topic = NameOf(record.Topic),
                    Partition = record.Partition,
                    Key = record.Key,
                    Value = record.Value,
                    TimestampMs = time.GetUtcNow().ToUnixTimeMilliseconds(),
                },
                new Completion(completion),
                state);
        }
        catch (RecordLogException error)
        {
            throw Translate(error);
        }
    }

    /// <inheritdoc/>
    public ValueTask WaitForCapacityAsync(CancellationToken cancellationToken) => _producer.WaitForCapacityAsync(cancellationToken);

    /// <inheritdoc/>
    public async Task ReadAsync(BrokerTopic topic, Func<int, long> from, IBrokerLogReader reader, CancellationToken cancellationToken)
    {
        var name = NameOf(topic);
        var count = await log.QueryPartitionCountAsync(name, cancellationToken);
        _partitions[(int)topic] = count;
        await using var consumer = log.CreateConsumer(new ConsumerOptions());
        var ends = new Dictionary<TopicPartition, long>();
        TopicPartition[] partitions = [.. Enumerable.Range(0, count).Select(i => new TopicPartition(name, i))];
        consumer.Assign(partitions);
        foreach (var partition in partitions)
        {
            var range = await QueryOffsetsAsync(partition, cancellationToken);
            ends[partition] = range.High;

            // What retention has taken is not there to be read; nobody who is still kept needs it.
            consumer.Seek(partition, Math.Clamp(from(partition.Partition), range.Low, range.High));
        }

        while (ends.Any(end => consumer.Position(end.Key) < end.Value))
        {
            Hand(await consumer.PollAsync(RecordsMax, Wait, cancellationToken), _ => reader);
        }

        foreach (var partition in partitions)
        {
            _next[partition] = consumer.Position(partition);
        }
    }

    /// <inheritdoc/>
    public Task FollowAsync(Func<BrokerTopic, IBrokerLogReader> readerOf, CancellationToken cancellationToken) => LogFollower.RunAsync(
        token => FollowOnceAsync(readerOf, token),
        (error, pause) => HostLog.BrokerLogFailed(logger, pause.TotalSeconds, error),
        Restart,
        time,
        cancellationToken);

    /// <inheritdoc/>
    public async Task CatchUpAsync(BrokerTopic topic, CancellationToken cancellationToken)
    {
        var name = NameOf(topic);
        TopicPartition[] partitions = [.. Enumerable.Range(0, Partitions(topic)).Select(i => new TopicPartition(name, i))];
        OffsetRange[] ranges;
        try
        {
            ranges = await Task.WhenAll(partitions.Select(p => log.QueryOffsetsAsync(p, cancellationToken).AsTask()));
        }
        catch (RecordLogException error)
        {
            throw Translate(error);
        }

        while (true)
        {
            var read = Volatile.Read(ref _read).Task;
            if (partitions.Index().All(p => _next[p.Item] >= ranges[p.Index].High))
            {
                return;
            }

            await read.WaitAsync(cancellationToken);
        }
    }

    public ValueTask DisposeAsync() => _producer.DisposeAsync();

    /// <summary>A leader may have none to give for as long as its followers are away; the start waits for it, and says so.</summary>
    private async Task<OffsetRange> QueryOffsetsAsync(TopicPartition partition, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                return await log.QueryOffsetsAsync(partition, cancellationToken);
            }
            catch (RecordLogException error) when (error.IsTransient)
            {
                HostLog.DependencyMissing(logger, partition.ToString(), error.Message, Restart.TotalSeconds);
                await Task.Delay(Restart, time, cancellationToken);
            }
        }
    }

    private async Task FollowOnceAsync(Func<BrokerTopic, IBrokerLogReader> readerOf, CancellationToken cancellationToken)
    {
        await using var consumer = log.CreateConsumer(new ConsumerOptions());
        TopicPartition[] partitions = [.. _next.Keys];
        consumer.Assign(partitions);
        foreach (var partition in partitions)
        {
            consumer.Seek(partition, _next[partition]);
        }

        while (true)
        {
            Hand(await consumer.PollAsync(RecordsMax, Wait, cancellationToken), readerOf);
            foreach (var partition in partitions)
            {
                _next[partition] = consumer.Position(partition);
            }

            Interlocked.Exchange(ref _read, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
        }
    }

    private static void Hand(IReadOnlyList<LogRecord> records, Func<BrokerTopic, IBrokerLogReader> readerOf)
    {
        for (var i = 0; i < records.Count; i++)
        {
            var record = records[i];
            if (DeviceDeletion.Read(record) is { } deletion && record.Topic == LogTopics.Messages)
            {
                readerOf(BrokerTopic.Messages).Delete(record.Partition, record.Offset, Encoding.UTF8.GetBytes(DeviceTopics.PrefixOf(deletion.Device)));
                continue;
            }

            readerOf(TopicOf(record.Topic)).Read(record.Partition, record.Offset, record.Key.Span, record.Value.Span);
        }
    }

    private static string NameOf(BrokerTopic topic) => topic switch
    {
        BrokerTopic.Sessions => LogTopics.MqttSessions,
        BrokerTopic.Retained => LogTopics.MqttRetained,
        _ => LogTopics.Messages,
    };

    private static BrokerTopic TopicOf(string name) => name switch
    {
        LogTopics.MqttSessions => BrokerTopic.Sessions,
        LogTopics.MqttRetained => BrokerTopic.Retained,
        _ => BrokerTopic.Messages,
    };

    private static BrokerLogException Translate(RecordLogException error) =>
        new(error.Message, error) { IsTooLarge = error.Error == RecordLogError.RecordTooLarge };

    private sealed class Completion(IBrokerLogCompletion completion) : IAppendCompletion
    {
        public void Appended(long offset, RecordLogException? error, ulong state) =>
            completion.Appended(offset, error is null ? null : Translate(error), state);
    }
}
