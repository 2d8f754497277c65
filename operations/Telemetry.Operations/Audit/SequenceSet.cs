namespace Telemetry.Operations.Audit;

/// <summary>
/// A set of sequences as ascending, disjoint, non-adjacent ranges. Deliberately not the duplicate filter of the
/// pipeline: the audit must not inherit a mistake of what it audits.
/// </summary>
internal sealed class SequenceSet
{
    private readonly List<(ulong First, ulong Last)> _ranges = [];

    public IReadOnlyList<(ulong First, ulong Last)> Ranges => _ranges;

    /// <summary>Number of sequences.</summary>
    public long Count { get; private set; }

    /// <summary>Memory of the ranges.</summary>
    public long Bytes => _ranges.Capacity * 2L * sizeof(ulong);

    /// <summary>A set of these ranges.</summary>
    public static SequenceSet Of(IEnumerable<(ulong First, ulong Last)> ranges)
    {
        var set = new SequenceSet();
        foreach (var (first, last) in ranges)
        {
            set.Add(first, last);
        }

        return set;
    }

    /// <summary>Adds first to last, both included; returns how many were not there before.</summary>
    public long Add(ulong first, ulong last)
    {
        // The first range that ends at or after first - 1 may touch the new one.
        var index = LowerBound(first == 0 ? 0 : first - 1);
        var newFirst = first;
        var newLast = last;
        var covered = 0L;
        var end = index;
        while (end < _ranges.Count && (last == ulong.MaxValue || _ranges[end].First <= last + 1))
        {
            var (rangeFirst, rangeLast) = _ranges[end];
            var overlapFirst = Math.Max(rangeFirst, first);
            var overlapLast = Math.Min(rangeLast, last);
            covered += overlapFirst <= overlapLast ? (long)(overlapLast - overlapFirst + 1) : 0;
            newFirst = Math.Min(newFirst, rangeFirst);
            newLast = Math.Max(newLast, rangeLast);
            end++;
        }

        _ranges.RemoveRange(index, end - index);
        _ranges.Insert(index, (newFirst, newLast));
        var added = (long)(last - first + 1) - covered;
        Count += added;
        return added;
    }

    public bool Contains(ulong sequence)
    {
        var index = LowerBound(sequence);
        return index < _ranges.Count && _ranges[index].First <= sequence;
    }

    /// <summary>Ranges of this set that <paramref name="other"/> does not hold.</summary>
    public IEnumerable<(ulong First, ulong Last)> Except(SequenceSet other)
    {
        foreach (var (first, last) in _ranges)
        {
            var from = first;
            var done = false;
            for (var i = other.LowerBound(first); i < other._ranges.Count && other._ranges[i].First <= last; i++)
            {
                var (otherFirst, otherLast) = other._ranges[i];
                if (otherFirst > from)
                {
                    yield return (from, otherFirst - 1);
                }

                done = otherLast >= last;
                if (done)
                {
                    break;
                }

                from = otherLast + 1;
            }

            if (!done)
            {
                yield return (from, last);
            }
        }
    }

    /// <summary>This set without what <paramref name="other"/> holds.</summary>
    public SequenceSet Without(SequenceSet other) => other.Count == 0 ? this : Of(Except(other));

    /// <summary>What both hold.</summary>
    public SequenceSet Within(SequenceSet other) => other.Count == 0 ? other : Of(Except(Without(other)));

    /// <summary>Index of the first range whose last is at least <paramref name="sequence"/>.</summary>
    private int LowerBound(ulong sequence)
    {
        var low = 0;
        var high = _ranges.Count;
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (_ranges[middle].Last < sequence)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }
}
