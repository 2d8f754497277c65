using Telemetry.Streams.Journal.Format;
using Telemetry.Streams.Journal.Topics;
using Telemetry.Streams.Journal.Transactions;

namespace Telemetry.Streams.Journal.Consumers;

/// <summary>
/// Turns files into records for a set of cursors. One pass over a stretch of a topic serves every cursor that is in it;
/// those elsewhere get their pass in turn.
/// </summary>
internal sealed class RecordFetcher(bool readCommitted, int blockBytes, TransactionTable transactions, Action<PartitionCursor> outOfRange)
    : IDisposable
{
    private const int BlocksMax = 8;

    private readonly BlockReader _blocks = new(blockBytes);
    private readonly List<string> _headerNames = [];
    private int _turn;

    public long BytesRead => _blocks.BytesRead;

    /// <summary>Lets go of the memory of the records given before.</summary>
    public void Release() => _blocks.Release();

    /// <summary>Adds records, up to a bound, and reads no more than a few blocks for them.</summary>
    /// <returns>True: there is more to read, also when no record came of this call (what it read was aborted, or other partitions').</returns>
    public bool Fetch(List<PartitionCursor> cursors, List<LogRecord> records, int recordsMax)
    {
        var blocks = 0;
        var idle = 0;
        while (idle < cursors.Count && records.Count < recordsMax && blocks < BlocksMax)
        {
            _turn = (_turn + 1) % cursors.Count;
            var cursor = cursors[_turn];
            if (!IsReady(cursor))
            {
                idle++;
                continue;
            }

            blocks++;
            var before = records.Count;
            var moved = Pass(cursor, cursors, records, recordsMax);
            idle = moved || records.Count > before ? 0 : idle + 1;
        }

        return idle < cursors.Count;
    }

    public void Dispose() => _blocks.Dispose();

    private bool IsReady(PartitionCursor cursor)
    {
        if (cursor.Paused)
        {
            return false;
        }

        // Beyond the end there is nothing to wait for: the log is not the one the offset came from.
        if (cursor.Next > cursor.Topic.Partitions[cursor.Partition].High)
        {
            outOfRange(cursor);
        }

        if (cursor.Next >= cursor.End(readCommitted))
        {
            return false;
        }

        if (!cursor.Locate())
        {
            outOfRange(cursor);
            return false;
        }

        return true;
    }

    // Ends of all cursors are read before the segment's length: what is below an end is then within the length.
    private bool Pass(PartitionCursor lead, List<PartitionCursor> cursors, List<LogRecord> records, int recordsMax)
    {
        var topic = lead.Topic;
        var byPartition = new PartitionCursor?[topic.Spec.Partitions];
        var ends = new long[topic.Spec.Partitions];
        var segment = lead.Segment!;
        var start = lead.Position;
        foreach (var cursor in cursors)
        {
            if (cursor.Topic == topic && !cursor.Paused && cursor.Segment == segment && cursor.Position >= start)
            {
                byPartition[cursor.Partition] = cursor;
                ends[cursor.Partition] = cursor.End(readCommitted);
                cursor.Held = false;
            }
        }

        // After the ends and before the file is read: see TransactionTable.Aborted.
        var abortedIds = transactions.Aborted;
        var isLast = segment == topic.Active;
        var length = segment.Length;
        if (_blocks.Read(segment, start, length) is not { } block)
        {
            lead.Seek(lead.Next);
            return true;
        }

        var at = 0;
        while (at < block.Length && records.Count < recordsMax)
        {
            var check = FrameFormat.TryRead(block.Span[at..], segment.First, start + at, out var header);
            if (check == FrameCheck.Incomplete && at > 0)
            {
                break;
            }

            if (check != FrameCheck.Valid)
            {
                throw FrameScan.Damaged(segment.Path, start + at, "found while reading");
            }

            Deliver(topic, block.Slice(at, header.Length), header, start + at, abortedIds, byPartition, ends, records, recordsMax);
            at += header.Length;
            Advance(byPartition, start + at);
        }

        // Everything of the file has been seen: offsets without a record (aborted, compacted) are passed too.
        if (start + at >= length && isLast && records.Count < recordsMax)
        {
            for (var i = 0; i < byPartition.Length; i++)
            {
                if (byPartition[i] is { Held: false } cursor)
                {
                    cursor.PassedTo(ends[i]);
                }
            }
        }

        return lead.Position != start || lead.Segment != segment;
    }

    private static void Advance(PartitionCursor?[] byPartition, long position)
    {
        foreach (var cursor in byPartition)
        {
            if (cursor is { Held: false } && cursor.Position < position)
            {
                cursor.Position = position;
            }
        }
    }

    private void Deliver(
        JournalTopic topic, ReadOnlyMemory<byte> frame, in FrameHeader header, long position, AbortedIds abortedIds,
        PartitionCursor?[] byPartition, long[] ends, List<LogRecord> records, int recordsMax)
    {
        if (header.Transaction == FrameFormat.SegmentStart)
        {
            return;
        }

        var aborted = header.Transaction != 0 && readCommitted && abortedIds.Contains(header.Transaction);
        var at = FrameFormat.HeaderSize;
        var all = frame.Span;
        for (var i = 0; i < header.Count; i++)
        {
            // A frame holds records of all partitions, and whoever replays one of them passes over those of the others.
            var rest = all[at..];
            if (!RecordFormat.TryReadPlace(rest, out var length, out var partition, out var offset) || (uint)partition >= (uint)byPartition.Length)
            {
                throw Impossible(topic, position);
            }

            var start = at;
            at += length;
            if (byPartition[partition] is not { Held: false } cursor || offset < cursor.Next)
            {
                continue;
            }

            if (offset >= ends[partition] || (records.Count >= recordsMax && !aborted))
            {
                cursor.Held = true;
                continue;
            }

            cursor.PassedTo(offset + 1);
            if (!aborted)
            {
                records.Add(RecordFormat.TryRead(rest, out var view) ? Record(topic, view, frame.Slice(start, length)) : throw Impossible(topic, position));
            }
        }
    }

    private static RecordLogException Impossible(JournalTopic topic, long position) => new(
        RecordLogError.Damaged, $"A record of topic '{topic.Name}' in the frame at {position} has impossible lengths.");

    private LogRecord Record(JournalTopic topic, in RecordView view, ReadOnlyMemory<byte> bytes) => new(
        topic.Name,
        view.Partition,
        view.Offset,
        view.TimestampMs,
        bytes.Slice(RecordFormat.HeaderSize, view.KeyLength),
        bytes.Slice(view.ValueStart, view.ValueLength),
        HeadersFormat.Read(bytes.Slice(RecordFormat.HeaderSize + view.KeyLength, view.HeadersLength), _headerNames));
}
