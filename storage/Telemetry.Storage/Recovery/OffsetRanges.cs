namespace Telemetry.Storage.Recovery;

/// <summary>Log offsets that a table holds of one partition and month: sorted, inclusive ranges that neither overlap nor touch.</summary>
internal sealed class OffsetRanges
{
    public static readonly OffsetRanges Empty = new([]);

    private readonly List<(long First, long Last)> _ranges = [];

    public OffsetRanges(IEnumerable<(long First, long Last)> ranges)
    {
        foreach (var range in ranges.OrderBy(r => r.First))
        {
            if (_ranges.Count > 0 && range.First <= _ranges[^1].Last + 1)
            {
                _ranges[^1] = (_ranges[^1].First, Math.Max(_ranges[^1].Last, range.Last));
            }
            else
            {
                _ranges.Add(range);
            }
        }
    }

    /// <summary>The ranges, in order.</summary>
    public IReadOnlyList<(long First, long Last)> Pieces => _ranges;

    /// <summary>Last offset held; -1 when there is none.</summary>
    public long Last => _ranges.Count == 0 ? -1 : _ranges[^1].Last;

    public bool Contains(long offset)
    {
        var low = 0;
        var high = _ranges.Count;
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (_ranges[middle].Last < offset)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low < _ranges.Count && _ranges[low].First <= offset;
    }

    /// <summary>The parts of [first, last] that are in no range, in order.</summary>
    public IReadOnlyList<(long First, long Last)> Uncovered(long first, long last)
    {
        var result = new List<(long, long)>();
        foreach (var (from, to) in _ranges)
        {
            if (to < first)
            {
                continue;
            }

            if (from > last)
            {
                break;
            }

            if (from > first)
            {
                result.Add((first, from - 1));
            }

            first = to + 1;
        }

        if (first <= last)
        {
            result.Add((first, last));
        }

        return result;
    }
}
