using Microsoft.Extensions.Logging;
using Telemetry.Streams.Journal.Files;
using Telemetry.Streams.Journal.Format;
using Telemetry.Streams.Journal.Transactions;

namespace Telemetry.Streams.Journal.Topics;

/// <summary>Opens a topic's files: checks the closed ones, cuts the last one's torn end.</summary>
internal static class TopicLoader
{
    public static JournalTopic Load(IJournalFiles files, string directory, TopicSpec spec, TimeProvider time, ILogger logger)
    {
        var found = Find(files, directory);
        var segments = new List<Segment>();
        var next = new long[spec.Partitions];
        for (var i = 0; i < found.Count; i++)
        {
            var (first, number, path) = found[i];
            var last = i == found.Count - 1;
            if (last && segments.Count > 0 && files.LengthOf(path) == 0)
            {
                // Made just before the process ended; nothing was ever in it.
                files.Delete(path);
                break;
            }

            var file = files.Open(path);
            var segment = Start(files, file, first, number, path, spec.Partitions, next, last, time, logger);
            if (segment is null)
            {
                continue;
            }

            next = last
                ? Scan(segment, spec.Partitions, cut: true, logger)
                : LoadClosed(files, segment, spec.Partitions, logger);
            segments.Add(segment);
        }

        if (segments.Count == 0 || segments[^1].First != segments[^1].Number)
        {
            var number = segments.Count == 0 ? 1 : segments[^1].Number + 1;
            segments.Add(Segment.Create(files, directory, number, next, time.GetUtcNow()));
        }

        // The former process may have ended between the creation of a file and this: what is acknowledged from here on must
        // not vanish with the file's name.
        DiskErrors.SyncDirectory(files, directory);
        return new JournalTopic(spec, directory, [.. segments], next);
    }

    /// <summary>
    /// Reads a whole segment: ends of the partitions, index rows, largest time, transactions. With <paramref name="cut"/> (the
    /// last segment) takes away a torn end and makes the rest durable.
    /// </summary>
    public static long[] Scan(Segment segment, int partitions, bool cut, ILogger logger)
    {
        var next = segment.BaseOffsets.ToArray();
        var maxTimestamp = long.MinValue;
        var transactions = IdRange.None;
        var end = FrameScan.Run(
            segment.File, segment.Path, segment.First,
            (in FrameHeader header, ReadOnlySpan<byte> frame, long position) =>
            {
                if (header.Transaction == FrameFormat.SegmentStart)
                {
                    return;
                }

                segment.Index.Offer(position, maxTimestamp, next);
                if (header.Transaction != 0)
                {
                    transactions = transactions.With(header.Transaction);
                }

                var at = FrameFormat.HeaderSize;
                for (var i = 0; i < header.Count; i++)
                {
                    if (!RecordFormat.TryRead(frame[at..], out var record) || (uint)record.Partition >= (uint)partitions)
                    {
                        throw FrameScan.Damaged(segment.Path, position + at, "a record's lengths do not fit");
                    }

                    next[record.Partition] = Math.Max(next[record.Partition], record.Offset + 1);
                    maxTimestamp = Math.Max(maxTimestamp, record.TimestampMs);
                    at += record.Length;
                }
            });
        var length = segment.File.Length;
        if (end < length)
        {
            if (!cut)
            {
                throw FrameScan.Damaged(segment.Path, end, "the segment was closed, so all of it was durable");
            }

            segment.File.SetLength(end);
            logger.TailCut(segment.Path, end, length - end);
        }

        if (cut)
        {
            // The former process may have ended between write and fsync: what readers see from here on must not be lost.
            DiskErrors.Sync(segment.File, segment.Path);
        }

        (segment.Length, segment.MaxTimestampMs, segment.Transactions) = (end, maxTimestamp, transactions);
        return next;
    }

    private static List<(long First, long Number, string Path)> Find(IJournalFiles files, string directory)
    {
        var found = new List<(long First, long Number, string Path)>();
        foreach (var path in files.List(directory))
        {
            if (Segment.TryParseName(Path.GetFileName(path), out var first, out var number))
            {
                found.Add((first, number, path));
            }
            else if (path.EndsWith(".new", StringComparison.Ordinal))
            {
                files.Delete(path);
            }
        }

        // A merged segment stands for those within its range; they were about to be removed.
        var former = found.Where(one => found.Any(other =>
            other.Path != one.Path && other.First <= one.First && other.Number >= one.Number)).ToList();
        if (former.Count > 0)
        {
            // The name of what stands for them is durable before they go.
            DiskErrors.SyncDirectory(files, directory);
        }

        foreach (var covered in former)
        {
            files.Delete(covered.Path);
            files.Delete(IndexFile.PathOf(covered.Path));
            found.Remove(covered);
        }

        found.Sort((left, right) => left.Number.CompareTo(right.Number));
        for (var i = 1; i < found.Count; i++)
        {
            if (found[i].First != found[i - 1].Number + 1)
            {
                throw FrameScan.Damaged(found[i].Path, 0, $"the segment before it, number {found[i].First - 1}, is missing");
            }
        }

        return found;
    }

    private static Segment? Start(
        IJournalFiles files, IJournalFile file, long first, long number, string path, int partitions, long[] next, bool last,
        TimeProvider time, ILogger logger)
    {
        var frame = new byte[Segment.StartFrameLength(partitions)];
        var read = file.Read(0, frame);
        if (FrameFormat.TryRead(frame.AsSpan(0, read), first, 0, out var header) == FrameCheck.Valid
            && header.Transaction == FrameFormat.SegmentStart)
        {
            return new Segment(first, number, path, file, Segment.ReadStartFrame(frame, partitions))
            {
                CreatedAt = files.CreatedAt(path) is var created && created < time.GetUtcNow() ? created : time.GetUtcNow(),
            };
        }

        // The first frame is durable before anything else is written, so a bad one with nothing behind it is a torn start.
        if (last && FrameScan.Run(file, path, first, (in FrameHeader _, ReadOnlySpan<byte> _, long _) => { }) == 0
            && file.Length <= frame.Length)
        {
            logger.TailCut(path, 0, file.Length);
            var start = Segment.StartFrame(first, next);
            file.SetLength(0);
            file.Write(0, start);
            DiskErrors.Sync(file, path);
            return new Segment(first, number, path, file, next.ToArray()) { CreatedAt = time.GetUtcNow() };
        }

        throw FrameScan.Damaged(path, 0, "a segment begins with the offsets of its partitions");
    }

    private static long[] LoadClosed(IJournalFiles files, Segment segment, int partitions, ILogger logger)
    {
        var length = segment.File.Length;
        if (IndexFile.TryRead(files, segment.Path, partitions) is { } summary)
        {
            if (summary.Length > length)
            {
                throw FrameScan.Damaged(segment.Path, length, $"the segment was closed with {summary.Length} bytes");
            }

            if (summary.Length == length)
            {
                segment.Index.Load(summary.Rows);
                (segment.Length, segment.MaxTimestampMs, segment.Transactions) =
                    (summary.Length, summary.MaxTimestampMs, summary.Transactions);
                return summary.EndOffsets;
            }
        }

        var ends = Scan(segment, partitions, cut: false, logger);
        IndexFile.Write(files, segment, ends);
        return ends;
    }
}
