namespace Telemetry.Streams.Lag;

/// <summary>
/// Reads how far groups are behind, in records and in time, from any process: committed offsets, ends, and the timestamp of
/// the first record not committed. Works on both kinds of log. One caller at a time.
/// </summary>
public sealed class LagReader(IRecordLog log, TimeProvider time) : IAsyncDisposable
{
    private readonly Dictionary<GroupTopic, RecordPeek> _peeks = [];
    private readonly Dictionary<string, int> _partitions = [];
    private IRecordConsumer? _consumer;

    /// <summary>Lag of the groups, in the order given, partition by partition.</summary>
    /// <exception cref="RecordLogException">A topic is not there, or the log did not answer.</exception>
    public async ValueTask<IReadOnlyList<GroupLag>> ReadAsync(
        IReadOnlyList<GroupTopic> groups, CancellationToken cancellationToken)
    {
        var lags = new List<GroupLag>();
        foreach (var group in groups)
        {
            var partitions = await PartitionsAsync(group.Topic, cancellationToken);
            var committed = await log.QueryCommittedAsync(group.Group, partitions, cancellationToken);
            lags.AddRange(await ReadAsync(
                group, partitions, committed.ToDictionary(c => c.Key, c => c.Value.Offset), cancellationToken));
        }

        return lags;
    }

    /// <summary>Lag behind positions known otherwise than by commits, for example what a table holds.</summary>
    /// <param name="name">Name in place of the group.</param>
    /// <param name="next">Next offset not done, by partition.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="RecordLogException">A topic is not there, or the log did not answer.</exception>
    public async ValueTask<IReadOnlyList<GroupLag>> ReadFromAsync(
        string name, IReadOnlyDictionary<TopicPartition, long> next, CancellationToken cancellationToken)
    {
        var lags = new List<GroupLag>();
        foreach (var topic in next.Keys.GroupBy(p => p.Topic, StringComparer.Ordinal))
        {
            lags.AddRange(await ReadAsync(
                new GroupTopic(name, topic.Key), [.. topic.OrderBy(p => p.Partition)], next, cancellationToken));
        }

        return lags;
    }

    public async ValueTask DisposeAsync()
    {
        if (_consumer is not null)
        {
            await _consumer.DisposeAsync();
        }
    }

    private async ValueTask<IReadOnlyList<GroupLag>> ReadAsync(
        GroupTopic group,
        IReadOnlyList<TopicPartition> partitions,
        IReadOnlyDictionary<TopicPartition, long> committed,
        CancellationToken cancellationToken)
    {
        // Committed offsets were asked for before the ends: a group is never ahead of its partition.
        var ranges = new Dictionary<TopicPartition, OffsetRange>(partitions.Count);
        foreach (var partition in partitions)
        {
            var offsets = await log.QueryOffsetsAsync(partition, cancellationToken);
            ranges[partition] = committed.TryGetValue(partition, out var next)
                ? new OffsetRange(Math.Max(next, offsets.Low), offsets.High)
                : offsets;
        }

        var behind = ranges.Where(r => r.Value.Low < r.Value.High).ToDictionary();
        var first = behind.Count == 0
            ? new Dictionary<TopicPartition, FirstRecord?>()
            : await Peek(group).FindAsync(_consumer ??= log.CreateConsumer(new ConsumerOptions()), behind, cancellationToken);
        var now = time.GetUtcNow();
        return [.. partitions.Select(p => Lag(
            group.Group, p, committed.TryGetValue(p, out var next) ? next : null, ranges[p], first.TryGetValue(p, out var f), f, now))];
    }

    private static GroupLag Lag(
        string group, TopicPartition partition, long? committed, OffsetRange range, bool known, FirstRecord? first, DateTimeOffset now)
    {
        if (first is not { } record)
        {
            var hidden = known ? 0 : Math.Max(0, range.High - range.Low);
            return new GroupLag(group, partition, committed, range.High, hidden, null, TimeSpan.Zero);
        }

        var oldest = DateTimeOffset.FromUnixTimeMilliseconds(record.TimestampMs);
        return new GroupLag(
            group, partition, committed, range.High, range.High - record.Offset, oldest, now > oldest ? now - oldest : TimeSpan.Zero);
    }

    /// <summary>Partitions of a topic never change.</summary>
    private async ValueTask<IReadOnlyList<TopicPartition>> PartitionsAsync(string topic, CancellationToken cancellationToken)
    {
        if (!_partitions.TryGetValue(topic, out var count))
        {
            _partitions[topic] = count = await log.QueryPartitionCountAsync(topic, cancellationToken);
        }

        return [.. Enumerable.Range(0, count).Select(i => new TopicPartition(topic, i))];
    }

    /// <summary>Each group remembers where it was by itself.</summary>
    private RecordPeek Peek(GroupTopic group)
    {
        if (!_peeks.TryGetValue(group, out var peek))
        {
            _peeks[group] = peek = new RecordPeek(time);
        }

        return peek;
    }
}
