using System.Buffers.Binary;

namespace Telemetry.Edge.Topics;

/// <summary>
/// Children of one topic level, by the bytes of the level. One writer at a time (the caller's lock), any number of readers
/// without a lock: an entry is complete before it is linked, unlinking leaves its own link in place, growing builds new entries.
/// </summary>
internal sealed class LevelTable<TNode>
    where TNode : class
{
    /// <summary>Buckets that are not worth giving back.</summary>
    private const int SmallTable = 64;

    private Entry?[] _buckets = new Entry?[1];
    private int _count;

    public int Count => Volatile.Read(ref _count);

    public TNode? Find(ReadOnlySpan<byte> level)
    {
        var hash = Hash(level);
        var buckets = Volatile.Read(ref _buckets);
        for (var entry = Volatile.Read(ref buckets[hash & (buckets.Length - 1)]); entry is not null; entry = entry.Next)
        {
            if (entry.Hash == hash && level.SequenceEqual(entry.Level))
            {
                return entry.Node;
            }
        }

        return null;
    }

    /// <summary>Caller holds the writers' lock and knows that the level is not there yet.</summary>
    public void Add(byte[] level, TNode node)
    {
        if (_count == _buckets.Length)
        {
            Resize(_buckets.Length * 2);
        }

        var hash = Hash(level);
        ref var head = ref _buckets[hash & (_buckets.Length - 1)];
        Volatile.Write(ref head, new Entry(level, hash, node, head));
        _count++;
    }

    /// <summary>Caller holds the writers' lock.</summary>
    public void Remove(ReadOnlySpan<byte> level)
    {
        var hash = Hash(level);
        var buckets = _buckets;
        ref var head = ref buckets[hash & (buckets.Length - 1)];
        Entry? previous = null;
        for (var entry = head; entry is not null; previous = entry, entry = entry.Next)
        {
            if (entry.Hash != hash || !level.SequenceEqual(entry.Level))
            {
                continue;
            }

            if (previous is null)
            {
                Volatile.Write(ref head, entry.Next);
            }
            else
            {
                previous.Next = entry.Next;
            }

            _count--;
            if (buckets.Length > SmallTable && _count < buckets.Length / 8)
            {
                Resize(buckets.Length / 4);
            }

            return;
        }
    }

    /// <summary>Place of a level in the order of <see cref="Next"/>; levels of the same place are ordered by their bytes.</summary>
    public static uint OrderOf(ReadOnlySpan<byte> level) => ReverseBits((uint)Hash(level));

    /// <summary>
    /// The child that follows a level in an order that growing does not change (the hash read from its lowest bit), so that a walk
    /// may be left and taken up again while others add and remove. A child that was there all the time is met exactly once.
    /// </summary>
    /// <param name="after">Null begins. The level need not be there any more.</param>
    /// <param name="afterOrder"><see cref="OrderOf"/> that level.</param>
    public TNode? Next(byte[]? after, uint afterOrder)
    {
        var buckets = Volatile.Read(ref _buckets);
        var bits = System.Numerics.BitOperations.Log2((uint)buckets.Length);
        var bucket = after is null || bits == 0 ? 0 : afterOrder >> (32 - bits);
        for (; bucket < buckets.Length; bucket++)
        {
            var index = bits == 0 ? 0 : ReverseBits(bucket) >> (32 - bits);
            Entry? best = null;
            for (var entry = Volatile.Read(ref buckets[index]); entry is not null; entry = entry.Next)
            {
                if ((after is null || Compare(entry.Level, entry.Order, after, afterOrder) > 0)
                    && (best is null || Compare(entry.Level, entry.Order, best.Level, best.Order) < 0))
                {
                    best = entry;
                }
            }

            if (best is not null)
            {
                return best.Node;
            }
        }

        return null;
    }

    /// <summary>Compares two levels by the order of <see cref="Next"/>.</summary>
    public static int Compare(ReadOnlySpan<byte> level, uint order, ReadOnlySpan<byte> other, uint otherOrder) =>
        order != otherOrder ? order.CompareTo(otherOrder) : level.SequenceCompareTo(other);

    /// <summary>Seeded by the process, so that chosen level names cannot pile up in one bucket.</summary>
    private static int Hash(ReadOnlySpan<byte> level)
    {
        var hash = default(HashCode);
        hash.AddBytes(level);
        return hash.ToHashCode();
    }

    private static uint ReverseBits(uint value)
    {
        value = ((value >> 1) & 0x5555_5555) | ((value & 0x5555_5555) << 1);
        value = ((value >> 2) & 0x3333_3333) | ((value & 0x3333_3333) << 2);
        value = ((value >> 4) & 0x0F0F_0F0F) | ((value & 0x0F0F_0F0F) << 4);
        return BinaryPrimitives.ReverseEndianness(value);
    }

    private void Resize(int size)
    {
        var grown = new Entry?[size];
        foreach (var head in _buckets)
        {
            for (var entry = head; entry is not null; entry = entry.Next)
            {
                ref var slot = ref grown[entry.Hash & (grown.Length - 1)];
                slot = new Entry(entry.Level, entry.Hash, entry.Node, slot);
            }
        }

        Volatile.Write(ref _buckets, grown);
    }

    private sealed class Entry(byte[] level, int hash, TNode node, Entry? next)
    {
        private Entry? _next = next;

        public byte[] Level { get; } = level;

        public int Hash { get; } = hash;

        public uint Order => ReverseBits((uint)Hash);

        public TNode Node { get; } = node;

        public Entry? Next
        {
            get => Volatile.Read(ref _next);
            set => Volatile.Write(ref _next, value);
        }
    }
}
