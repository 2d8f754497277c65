namespace Telemetry.Storage.Rollups;

/// <summary>Puts buckets in the order of their table, by series and start, so that the engine finds a sorted block.</summary>
internal sealed class BucketOrder
{
    private int[] _order = [];
    private int[] _ends = [];

    /// <summary>Lets the memory go that an unusually large block has taken.</summary>
    /// <param name="buckets">Most buckets of a table in the last block.</param>
    public void Trim(int buckets)
    {
        if (_order.Length > Math.Max(1024, 8 * buckets))
        {
            (_order, _ends) = ([], []);
        }
    }

    /// <summary>Indexes of buckets; good until the next call.</summary>
    /// <param name="buckets">Buckets.</param>
    /// <param name="series">Numbers of series in the order of the table.</param>
    public ReadOnlySpan<int> Of(BucketTable buckets, ReadOnlySpan<int> series)
    {
        Fit(ref _order, buckets.Count);
        Fit(ref _ends, series.Length);
        var ends = _ends.AsSpan(0, series.Length);
        ends.Clear();
        var all = buckets.All;
        foreach (ref readonly var bucket in all)
        {
            ends[bucket.Series]++;
        }

        var end = 0;
        foreach (var one in series)
        {
            (end, ends[one]) = (end + ends[one], end);
        }

        for (var i = 0; i < all.Length; i++)
        {
            _order[ends[all[i].Series]++] = i;
        }

        var order = _order.AsSpan(0, all.Length);
        var from = 0;
        foreach (var one in series)
        {
            Sort(buckets, order[from..ends[one]]);
            from = ends[one];
        }

        return order;
    }

    /// <summary>Buckets of one series mostly come in order.</summary>
    private static void Sort(BucketTable buckets, Span<int> order)
    {
        for (var i = 1; i < order.Length; i++)
        {
            if (buckets[order[i]].Start < buckets[order[i - 1]].Start)
            {
                SortByStart(buckets, order);
                return;
            }
        }
    }

    /// <summary>Apart, so that only what is out of order allocates a comparison.</summary>
    private static void SortByStart(BucketTable buckets, Span<int> order) =>
        order.Sort((a, b) => buckets[a].Start.CompareTo(buckets[b].Start));

    private static void Fit(ref int[] array, int length)
    {
        if (array.Length < length)
        {
            array = new int[length];
        }
    }
}
