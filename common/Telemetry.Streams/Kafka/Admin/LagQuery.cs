using Confluent.Kafka;
using Telemetry.Streams.Kafka.Clients;

namespace Telemetry.Streams.Kafka.Admin;

/// <summary>
/// How far a group is behind. Where offsets are not committed yet, the first visible record from there on is read: its time
/// is the lag's, and when there is none, only transaction markers, there is no lag.
/// </summary>
internal sealed class LagQuery(KafkaContext log, KafkaAdmin admin) : IAsyncDisposable
{
    private static readonly TimeSpan PollWait = TimeSpan.FromMilliseconds(200);

    private readonly SemaphoreSlim _turn = new(1);
    private Consumers.KafkaConsumer? _reader;

    public async Task<IReadOnlyList<PartitionLag>> QueryAsync(
        IReadOnlyList<TopicPartition> partitions,
        IReadOnlyDictionary<TopicPartition, long> committed,
        CancellationToken cancellationToken)
    {
        var lows = admin.ListAsync(partitions, OffsetLister.Earliest, IsolationLevel.ReadUncommitted, cancellationToken);
        var highs = await admin.ListAsync(partitions, OffsetLister.Latest, IsolationLevel.ReadCommitted, cancellationToken);
        var from = new Dictionary<TopicPartition, long>();
        foreach (var (partition, low) in await lows)
        {
            var next = committed.TryGetValue(partition, out var offset) ? Math.Max(offset, low) : low;
            if (next < highs[partition])
            {
                from[partition] = next;
            }
        }

        var oldest = await FindOldestAsync(from, highs, cancellationToken);
        var now = log.Time.GetUtcNow();
        return
        [
            .. partitions.Select(partition =>
            {
                if (!oldest.TryGetValue(partition, out var record))
                {
                    return new PartitionLag(partition, 0, TimeSpan.Zero);
                }

                var age = now - DateTimeOffset.FromUnixTimeMilliseconds(record.TimestampMs);
                return new PartitionLag(partition, highs[partition] - record.Offset, age > TimeSpan.Zero ? age : TimeSpan.Zero);
            }),
        ];
    }

    public async ValueTask DisposeAsync()
    {
        if (_reader is not null)
        {
            await _reader.DisposeAsync();
        }

        _turn.Dispose();
    }

    private async Task<Dictionary<TopicPartition, (long Offset, long TimestampMs)>> FindOldestAsync(
        Dictionary<TopicPartition, long> from, Dictionary<TopicPartition, long> highs, CancellationToken cancellationToken)
    {
        var found = new Dictionary<TopicPartition, (long, long)>();
        if (from.Count == 0)
        {
            return found;
        }

        await _turn.WaitAsync(cancellationToken);
        try
        {
            // Little is read ahead: one record a partition is wanted.
            var reader = _reader ??= new Consumers.KafkaConsumer(
                log, new ConsumerOptions(), log.Options with { PrefetchBytes = 1 << 20 });
            reader.Assign([.. from.Keys]);
            foreach (var (partition, offset) in from)
            {
                reader.Seek(partition, offset);
            }

            var started = log.Time.GetTimestamp();
            while (from.Count > 0 && log.Time.GetElapsedTime(started) < log.Options.RequestTimeout)
            {
                foreach (var record in await reader.PollAsync(1_000, PollWait, cancellationToken))
                {
                    found.TryAdd(new TopicPartition(record.Topic, record.Partition), (record.Offset, record.TimestampMs));
                }

                TopicPartition[] done = [.. from.Keys.Where(p => found.ContainsKey(p) || reader.Position(p) >= highs[p])];
                foreach (var partition in done)
                {
                    from.Remove(partition);
                }

                if (done.Length > 0 && from.Count > 0)
                {
                    reader.Assign([.. from.Keys]);
                }
            }

            reader.Assign([]);

            // Nothing found in time is not nothing there: an error says more than a lag of 0.
            return from.Count == 0
                ? found
                : throw new RecordLogException(
                    RecordLogError.TimedOut,
                    $"No record of {from.Keys.First()} could be read in {log.Options.RequestTimeout.TotalSeconds} s to tell how old the lag is.");
        }
        finally
        {
            _turn.Release();
        }
    }
}
