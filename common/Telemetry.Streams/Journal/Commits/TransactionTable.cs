namespace Telemetry.Streams.Journal.Commits;

/// <summary>Transaction ids from first to last, both inclusive.</summary>
internal readonly record struct IdRange(long First, long Last);

/// <summary>
/// Which transactions were aborted. An id is (number of the opening of the log, counter), so an id is never used again;
/// what is neither open nor aborted is committed.
/// </summary>
internal sealed class TransactionTable
{
    public const int CounterBits = 32;

    private readonly Lock _gate = new();
    private volatile IdRange[] _aborted = [];
    private readonly HashSet<long> _open = [];
    private long _next;

    public void Load(long session, IReadOnlyList<IdRange> aborted)
    {
        lock (_gate)
        {
            _next = (session << CounterBits) + 1;
            _aborted = Merge(aborted);
        }
    }

    public long Begin()
    {
        lock (_gate)
        {
            _open.Add(_next);
            return _next++;
        }
    }

    public void Committed(long id)
    {
        lock (_gate)
        {
            _open.Remove(id);
        }
    }

    public void Abort(long id)
    {
        lock (_gate)
        {
            _open.Remove(id);
            _aborted = Merge([.. _aborted, new IdRange(id, id)]);
        }
    }

    /// <summary>Aborted and open ones, and the last id given out, at one moment.</summary>
    public (IdRange[] Aborted, long[] Open, long LastUsed) Snapshot()
    {
        lock (_gate)
        {
            return (_aborted, [.. _open], _next - 1);
        }
    }

    public bool IsAborted(long id)
    {
        var ranges = _aborted;
        var (low, high) = (0, ranges.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (ranges[middle].Last < id)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low < ranges.Length && ranges[low].First <= id;
    }

    private static IdRange[] Merge(IReadOnlyList<IdRange> ranges)
    {
        var merged = new List<IdRange>();
        foreach (var range in ranges.OrderBy(range => range.First))
        {
            if (merged.Count > 0 && range.First <= merged[^1].Last + 1)
            {
                merged[^1] = merged[^1] with { Last = Math.Max(merged[^1].Last, range.Last) };
            }
            else
            {
                merged.Add(range);
            }
        }

        return [.. merged];
    }
}
