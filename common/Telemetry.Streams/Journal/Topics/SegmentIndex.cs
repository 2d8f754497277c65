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
