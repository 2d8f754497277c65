using System.Runtime.CompilerServices;

namespace Telemetry.Storage.Rollups;

/// <summary>
/// Buckets by series and start: an open hash table of indexes into one array, kept from one INSERT to the next. No reading allocates.
/// </summary>
internal sealed class BucketTable
{
    private const int Smallest = 1024;

    private Bucket[] _buckets = new Bucket[Smallest];

    /// <summary>Index + 1; 0 is free. At least twice as many as buckets, a power of two.</summary>
    private int[] _slots = new int[2 * Smallest];

    public int Count { get; private set; }

    public ReadOnlySpan<Bucket> All => _buckets.AsSpan(0, Count);

    public ref Bucket this[int index] => ref _buckets[index];

    /// <summary>Index of the bucket, which is added when it is not there.</summary>
    public int IndexOf(int series, uint start)
    {
        var mask = _slots.Length - 1;
        var at = Hash(series, start) & mask;
        while (_slots[at] != 0)
        {
            ref var bucket = ref _buckets[_slots[at] - 1];
            if (bucket.Series == series && bucket.Start == start)
            {
                return _slots[at] - 1;
            }

            at = (at + 1) & mask;
        }

        if (Count == _buckets.Length)
        {
            Grow();
            return IndexOf(series, start);
        }

        _buckets[Count] = new Bucket(series, start);
        _slots[at] = ++Count;
        return Count - 1;
    }

    /// <summary>Empties the table, and lets most of its memory go after an unusually large block.</summary>
    public void Clear()
    {
        if (_buckets.Length > Math.Max(Smallest, 8 * Count))
        {
            _buckets = new Bucket[_buckets.Length / 2];
            _slots = new int[2 * _buckets.Length];
        }
        else
        {
            Array.Clear(_slots);
        }

        Count = 0;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Hash(int series, uint start)
    {
        var hash = (((ulong)(uint)series << 32) | start) * 0x9E37_79B9_7F4A_7C15;
        return (int)(hash >> 33);
    }

    private void Grow()
    {
        Array.Resize(ref _buckets, 2 * _buckets.Length);
        _slots = new int[2 * _buckets.Length];
        for (var i = 0; i < Count; i++)
        {
            var at = Hash(_buckets[i].Series, _buckets[i].Start) & (_slots.Length - 1);
            while (_slots[at] != 0)
            {
                at = (at + 1) & (_slots.Length - 1);
            }

            _slots[at] = i + 1;
        }
    }
}
