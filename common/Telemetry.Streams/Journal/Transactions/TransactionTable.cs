namespace Telemetry.Streams.Journal.Transactions;

/// <summary>Transaction ids from first to last, both inclusive.</summary>
internal readonly record struct IdRange(long First, long Last)
{
    public static readonly IdRange None = new(long.MaxValue, long.MinValue);

    public bool IsEmpty => First > Last;

    /// <summary>The smallest range that holds both.</summary>
    public IdRange With(IdRange other) => new(Math.Min(First, other.First), Math.Max(Last, other.Last));

    public IdRange With(long id) => With(new IdRange(id, id));
}

/// <summary>Aborted ids at one moment.</summary>
internal readonly struct AbortedIds(IdRange[] ranges)
{
    public bool Contains(long id)
    {
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
}

/// <summary>
/// Which transactions were aborted. An id is (number of the opening of the log, counter), so an id is never used again;
/// what is neither open nor aborted is committed. Aborted ids are forgotten once no file
/// holds a record of theirs.
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

    /// <summary>
    /// The aborted ids as they are now. A reader takes this after it has read how far it may go and before it reads the
    /// file: what it then finds below that end has ended, and is in here if it was aborted.
    /// </summary>
    public AbortedIds Aborted => new(_aborted);

    /// <summary>Every id below this one has been given out and its transaction has ended.</summary>
    public long EndedBelow
    {
        get
        {
            lock (_gate)
            {
                return _open.Count == 0 ? _next : _open.Min();
            }
        }
    }

    public int AbortedRanges => _aborted.Length;

    /// <summary>
    /// Forgets aborted ids below a limit that lie in none of the given ranges: no file holds a record of them any more.
    /// </summary>
    /// <param name="below">Every transaction below it had ended before the ranges were taken.</param>
    /// <param name="used">Ids that files may hold.</param>
    public void Forget(long below, IReadOnlyList<IdRange> used)
    {
        lock (_gate)
        {
            var kept = new List<IdRange>(_aborted.Length);
            foreach (var range in _aborted)
            {
                if (range.Last >= below || used.Any(other => other.First <= range.Last && other.Last >= range.First))
                {
                    kept.Add(range);
                }
            }

            if (kept.Count < _aborted.Length)
            {
                _aborted = [.. kept];
            }
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
