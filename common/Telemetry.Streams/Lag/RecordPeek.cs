namespace Telemetry.Streams.Lag;

/// <summary>
/// Finds the first visible record at or after an offset, for one group: what did not move since the last look is not read
/// again. One caller at a time.
/// </summary>
internal sealed class RecordPeek(TimeProvider time)
{
    /// <summary>Longest look; what is hidden behind an open transaction is not waited for.</summary>
    private static readonly TimeSpan LookMax = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan PollWait = TimeSpan.FromMilliseconds(100);

    private readonly Dictionary<TopicPartition, Seen> _seen = [];

    /// <summary>First visible records of the ranges, null for a range that has none.</summary>
    /// <param name="consumer">Reads by assignment, without a group; nothing is assigned afterwards.</param>
    /// <param name="ranges">By partition, the offsets to look in; not empty.</param>
    /// <param name="cancellationToken">Cancels the look.</param>
    /// <returns>Ranges that did not tell in time are absent.</returns>
    public async ValueTask<IReadOnlyDictionary<TopicPartition, FirstRecord?>> FindAsync(
        IRecordConsumer consumer, IReadOnlyDictionary<TopicPartition, OffsetRange> ranges, CancellationToken cancellationToken)
    {
        var open = ranges.Where(r => !IsKnown(r.Key, r.Value)).ToDictionary();
        if (open.Count > 0)
        {
            await LookAsync(consumer, open, cancellationToken);
        }

        return ranges
            .Where(r => IsKnown(r.Key, r.Value))
            .ToDictionary(r => r.Key, r => _seen[r.Key].First is { } first && first.Offset < r.Value.High ? (FirstRecord?)first : null);
    }

    /// <summary>A record found stays the first until the range begins behind it; finding none holds for that range alone.</summary>
    private bool IsKnown(TopicPartition partition, OffsetRange range) =>
        _seen.TryGetValue(partition, out var seen)
        && (seen.First is { } first
            ? seen.From <= range.Low && range.Low <= first.Offset
            : seen.From <= range.Low && range.High <= seen.End);

    private async ValueTask LookAsync(
        IRecordConsumer consumer, Dictionary<TopicPartition, OffsetRange> open, CancellationToken cancellationToken)
    {
        consumer.Assign([.. open.Keys]);
        try
        {
            foreach (var (partition, range) in open)
            {
                consumer.Seek(partition, range.Low);
            }

            var began = time.GetTimestamp();
            while (open.Count > 0 && time.GetElapsedTime(began) < LookMax)
            {
                foreach (var record in await consumer.PollAsync(open.Count, PollWait, cancellationToken))
                {
                    var partition = new TopicPartition(record.Topic, record.Partition);
                    if (open.Remove(partition, out var range))
                    {
                        _seen[partition] = new Seen(range.Low, range.High, new FirstRecord(record.Offset, record.TimestampMs));
                        consumer.Pause([partition]);
                    }
                }

                NoteEnds(open, consumer);
            }
        }
        finally
        {
            consumer.Assign([]);
        }
    }

    /// <summary>A position at the end without a record: only markers and aborted records were there.</summary>
    private void NoteEnds(Dictionary<TopicPartition, OffsetRange> open, IRecordConsumer consumer)
    {
        foreach (var (partition, range) in open.Where(o => consumer.Position(o.Key) >= o.Value.High).ToList())
        {
            _seen[partition] = new Seen(range.Low, range.High, null);
            open.Remove(partition);
        }
    }

    private readonly record struct Seen(long From, long End, FirstRecord? First);
}

/// <summary>A record's place and timestamp in milliseconds since 1970.</summary>
internal readonly record struct FirstRecord(long Offset, long TimestampMs);
