using Telemetry.Streams.Journal.Files;
using Telemetry.Streams.Journal.Format;
using Telemetry.Streams.Journal.Topics;
using Telemetry.Streams.Journal.Transactions;

namespace Telemetry.Streams.Journal.Maintenance;

/// <summary>
/// Rewrites the closed segments of a compacted topic with the newest record of each key. Offsets stay. The new file stands
/// for a range of numbers: it is written under another name, synced and renamed, and only then the old ones go, so at any
/// moment a start finds either.
/// </summary>
internal sealed class Compactor(JournalTopic topic, IJournalFiles files, TransactionTable transactions, JournalOptions options)
{
    /// <returns>Bytes before and after; null when there was nothing to do.</returns>
    public (long Before, long After)? Run(DateTimeOffset now, bool force, CancellationToken cancellationToken)
    {
        var old = Settled();
        if (old.Length == 0 || !(force || IsWorthwhile(old)))
        {
            return null;
        }

        var map = new CompactionMap();
        foreach (var segment in old)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Visit(segment, (in RecordView record, ReadOnlySpan<byte> bytes, long _) => OfferTo(map, record, bytes));
        }

        var tombstonesFrom = (now - options.TombstoneRetention).ToUnixTimeMilliseconds();
        var made = new List<Segment>();
        for (var start = 0; start < old.Length;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            start += Rewrite(old.AsSpan(start), map, tombstonesFrom, made);
        }

        return (old.Sum(segment => segment.Length), made.Sum(segment => segment.Length));
    }

    private static void OfferTo(CompactionMap map, in RecordView record, ReadOnlySpan<byte> bytes)
    {
        if (record.KeyLength > 0)
        {
            map.Offer(record.Partition, Key(record, bytes), record.Offset);
        }
    }

    private static ReadOnlySpan<byte> Key(in RecordView record, ReadOnlySpan<byte> bytes) =>
        bytes.Slice(RecordFormat.HeaderSize, record.KeyLength);

    // Closed segments in which every transaction has ended.
    private Segment[] Settled()
    {
        var segments = topic.Segments;
        var count = 0;
        while (count < segments.Length - 1 && EndsBelowStable(segments[count + 1].BaseOffsets))
        {
            count++;
        }

        return segments[..count];
    }

    private bool EndsBelowStable(long[] ends)
    {
        for (var i = 0; i < ends.Length; i++)
        {
            if (ends[i] > topic.Partitions[i].Stable)
            {
                return false;
            }
        }

        return true;
    }

    // As Kafka's min.cleanable.dirty.ratio of one half.
    private static bool IsWorthwhile(Segment[] segments) =>
        segments.Where(segment => !segment.Cleaned).Sum(segment => segment.Length)
        >= Math.Max(1, segments.Where(segment => segment.Cleaned).Sum(segment => segment.Length));

    // Merges segments until the new file is long enough. Returns how many it took.
    private int Rewrite(ReadOnlySpan<Segment> old, CompactionMap map, long tombstonesFrom, List<Segment> made)
    {
        var first = old[0].First;
        var making = Path.Combine(topic.Directory, $"{first:D12}.compacting.new");
        var file = files.Open(making);
        var taken = 0;
        var output = new CompactionOutput(file, first, old[0].BaseOffsets, topic.Chunks);
        try
        {
            while (taken < old.Length && output.Length < options.CompactedSegmentBytes)
            {
                Visit(old[taken++], (in RecordView record, ReadOnlySpan<byte> bytes, long transaction) =>
                {
                    var keep = record.KeyLength == 0
                        || (map.IsNewest(record.Partition, Key(record, bytes), record.Offset)
                            && (record.ValueLength > 0 || record.TimestampMs >= tombstonesFrom));
                    if (keep)
                    {
                        output.Add(record, bytes);
                    }
                });
            }

            output.Flush();
            DiskErrors.Sync(file, making);
        }
        catch
        {
            file.Dispose();
            files.Delete(making);
            throw;
        }

        made.Add(Install(old[..taken].ToArray(), making, file, output));
        return taken;
    }

    private Segment Install(Segment[] old, string making, IJournalFile file, CompactionOutput output)
    {
        var (first, number) = (old[0].First, old[^1].Number);
        var path = Path.Combine(topic.Directory, Segment.NameOf(first, number));
        var next = topic.Segments[Array.IndexOf(topic.Segments, old[^1]) + 1];

        // An index of the former file under this name would contradict the new one.
        files.Delete(IndexFile.PathOf(path));
        files.SyncDirectory(topic.Directory);
        files.Move(making, path);
        files.SyncDirectory(topic.Directory);

        var segment = output.ToSegment(first, number, path, file);
        IndexFile.Write(files, segment, next.BaseOffsets);
        topic.ChangeSegments(list =>
        {
            var at = Array.IndexOf(list, old[0]);
            return [.. list[..at], segment, .. list[(at + old.Length)..]];
        });
        foreach (var former in old)
        {
            former.Retire();
        }

        // A start removes what is left of them: the new file's name covers their numbers.
        foreach (var former in old.Where(former => former.Path != path))
        {
            files.Delete(IndexFile.PathOf(former.Path));
            files.Delete(former.Path);
        }

        files.SyncDirectory(topic.Directory);
        return segment;
    }

    private delegate void RecordVisitor(in RecordView record, ReadOnlySpan<byte> bytes, long transaction);

    private void Visit(Segment segment, RecordVisitor visit)
    {
        var end = FrameScan.Run(
            segment.File, segment.Path, segment.First,
            (in FrameHeader header, ReadOnlySpan<byte> frame, long position) =>
            {
                if (header.Transaction == FrameFormat.SegmentStart
                    || (header.Transaction != 0 && transactions.Aborted.Contains(header.Transaction)))
                {
                    return;
                }

                var at = FrameFormat.HeaderSize;
                for (var i = 0; i < header.Count; i++)
                {
                    if (!RecordFormat.TryRead(frame[at..], out var record))
                    {
                        throw FrameScan.Damaged(segment.Path, position + at, "a record's lengths do not fit");
                    }

                    visit(record, frame.Slice(at, record.Length), header.Transaction);
                    at += record.Length;
                }
            },
            segment.Length);
        if (end < segment.Length)
        {
            throw FrameScan.Damaged(segment.Path, end, "the segment was closed, so all of it was durable");
        }
    }
}
