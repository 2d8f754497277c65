using System.Buffers.Binary;
using Telemetry.Streams.Journal.Files;
using Telemetry.Streams.Journal.Transactions;

namespace Telemetry.Streams.Journal.Topics;

/// <summary>Where to begin reading: records of each partition at or behind the position have at least these offsets.</summary>
internal readonly record struct IndexRow(long Position, long MaxTimestampBeforeMs, long[] NextOffsets);

/// <summary>
/// A row for every <see cref="Interval"/> bytes of a segment: one row serves all partitions, since they share the file.
/// </summary>
internal sealed class SegmentIndex
{
    /// <summary>Bytes between rows.</summary>
    public const long Interval = 256 << 10;

    private readonly Lock _gate = new();
    private readonly List<IndexRow> _rows = [];

    public void Offer(long position, long maxTimestampBeforeMs, ReadOnlySpan<long> nextOffsets)
    {
        lock (_gate)
        {
            if (_rows.Count == 0 || position - _rows[^1].Position >= Interval)
            {
                _rows.Add(new IndexRow(position, maxTimestampBeforeMs, nextOffsets.ToArray()));
            }
        }
    }

    public void Load(IndexRow[] rows)
    {
        lock (_gate)
        {
            _rows.Clear();
            _rows.AddRange(rows);
        }
    }

    public IndexRow[] Rows()
    {
        lock (_gate)
        {
            return [.. _rows];
        }
    }

    /// <summary>A place with no record of the partition at or beyond <paramref name="offset"/> before it.</summary>
    public long PositionOf(int partition, long offset)
    {
        lock (_gate)
        {
            return Last(row => row.NextOffsets[partition] <= offset);
        }
    }

    /// <summary>A place with no record stamped at or after the time before it.</summary>
    public long PositionOfTime(long timestampMs)
    {
        lock (_gate)
        {
            return Last(row => row.MaxTimestampBeforeMs < timestampMs);
        }
    }

    private long Last(Func<IndexRow, bool> holds)
    {
        var (low, high) = (0, _rows.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (holds(_rows[middle]))
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low == 0 ? 0 : _rows[low - 1].Position;
    }
}

/// <summary>What a closed segment's index file says.</summary>
internal sealed record SegmentSummary(
    long Length, long MaxTimestampMs, IdRange Transactions, long[] EndOffsets, IndexRow[] Rows);

/// <summary>
/// Layout, little endian i64: version, length, max timestamp, first and last transaction id, partitions, rows, end offsets, rows (position, max timestamp before,
/// next offsets), CRC-32C. Only a shortcut: a missing or damaged one is made again from its segment.
/// </summary>
internal static class IndexFile
{
    private const int HeadWords = 7;
    private const long Version = -2; // The first layout had no version and began with the length.

    public static string PathOf(string segmentPath) => Path.ChangeExtension(segmentPath, ".index");

    public static void Write(IJournalFiles files, Segment segment, ReadOnlySpan<long> endOffsets)
    {
        var rows = segment.Index.Rows();
        var partitions = endOffsets.Length;
        var bytes = new byte[((HeadWords + partitions + (rows.Length * (2 + partitions)) + 1) * sizeof(long))];
        var at = 0;
        Put(Version);
        Put(segment.Length);
        Put(segment.MaxTimestampMs);
        Put(segment.Transactions.First);
        Put(segment.Transactions.Last);
        Put(partitions);
        Put(rows.Length);
        foreach (var offset in endOffsets)
        {
            Put(offset);
        }

        foreach (var row in rows)
        {
            Put(row.Position);
            Put(row.MaxTimestampBeforeMs);
            foreach (var offset in row.NextOffsets)
            {
                Put(offset);
            }
        }

        Put(Crc32C.Compute(bytes.AsSpan(0, at)));
        try
        {
            using var file = files.Open(PathOf(segment.Path));
            file.SetLength(0);
            file.Write(0, bytes);
        }
        catch (IOException error) when (DiskErrors.IsDiskFull(error))
        {
            // A start without it reads the segment instead.
            files.Delete(PathOf(segment.Path));
        }

        void Put(long value)
        {
            BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(at), value);
            at += sizeof(long);
        }
    }

    /// <summary>Null when there is none that can be trusted.</summary>
    public static SegmentSummary? TryRead(IJournalFiles files, string segmentPath, int partitions)
    {
        var path = PathOf(segmentPath);
        if (!files.Exists(path))
        {
            return null;
        }

        var bytes = files.ReadAll(path);
        if (bytes.Length < (HeadWords + 1) * sizeof(long) || bytes.Length % sizeof(long) != 0
            || Word(bytes.Length / sizeof(long) - 1) != Crc32C.Compute(bytes.AsSpan(0, bytes.Length - sizeof(long)))
            || Word(0) != Version || Word(5) != partitions)
        {
            return null;
        }

        var rows = new IndexRow[Word(6)];
        var at = HeadWords;
        var ends = Words(partitions);
        for (var i = 0; i < rows.Length; i++)
        {
            var (position, timestamp) = (Word(at), Word(at + 1));
            at += 2;
            rows[i] = new IndexRow(position, timestamp, Words(partitions));
        }

        return new SegmentSummary(Word(1), Word(2), new IdRange(Word(3), Word(4)), ends, rows);

        long Word(int index) => BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(index * sizeof(long)));

        long[] Words(int count)
        {
            var words = new long[count];
            for (var i = 0; i < count; i++)
            {
                words[i] = Word(at++);
            }

            return words;
        }
    }
}
