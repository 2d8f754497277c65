using Telemetry.Streams.Journal.Core;
using Telemetry.Streams.Journal.Topics;

namespace Telemetry.Streams.Journal.Consumers;

/// <summary>Finds single records by time or offset: the index gives a place, a short scan the rest.</summary>
internal sealed class RecordFinder(JournalCore log, JournalTopic topic, int partition)
{
    private const int BatchRecords = 1000;

    /// <summary>Offset of the first record stamped at or after the time; null when there is none.</summary>
    public long? AtOrAfter(long timestampMs)
    {
        foreach (var segment in topic.Segments)
        {
            if (segment.MaxTimestampMs >= timestampMs)
            {
                var cursor = new PartitionCursor(topic, partition, segment.BaseOffsets[partition])
                {
                    Segment = segment,
                    Position = segment.Index.PositionOfTime(timestampMs),
                };
                return First(cursor, record => record.TimestampMs >= timestampMs)?.Offset;
            }
        }

        return null;
    }

    /// <summary>Place and time of the first visible record at or behind an offset; null when there is none.</summary>
    public (long Offset, long TimestampMs)? From(long offset) =>
        First(new PartitionCursor(topic, partition, offset), _ => true) is { } record ? (record.Offset, record.TimestampMs) : null;

    private LogRecord? First(PartitionCursor cursor, Func<LogRecord, bool> isIt)
    {
        using var fetcher = new RecordFetcher(
            readCommitted: true, log.Options.ReadBytes, log.Commits.Transactions, gone => gone.Seek(topic.Low(partition)));
        var cursors = new List<PartitionCursor> { cursor };
        var records = new List<LogRecord>();
        while (cursor.Next < cursor.End(readCommitted: true))
        {
            records.Clear();
            fetcher.Release();
            fetcher.Fetch(cursors, records, BatchRecords);
            foreach (var record in records)
            {
                if (isIt(record))
                {
                    return record;
                }
            }
        }

        return null;
    }
}
