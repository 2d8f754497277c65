namespace Telemetry.Edge.Topics;

/// <summary>
/// Children of one topic level, by the bytes of the level. One writer at a time (the caller's lock), any number of readers
/// without a lock: an entry is complete before it is linked, unlinking leaves its own link in place, growing builds new entries.
/// </summary>
internal sealed class LevelTable<TNode>
    where TNode : class
{
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
            Grow();
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
        ref var head = ref _buckets[hash & (_buckets.Length - 1)];
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
            return;
        }
    }

    /// <summary>Appends every child to <paramref name="into"/>; with writers at work it sees some moment of each bucket.</summary>
    public void CopyTo(List<TNode> into, Func<byte[], bool>? where = null)
    {
        foreach (var head in Volatile.Read(ref _buckets))
        {
            for (var entry = head; entry is not null; entry = entry.Next)
            {
                if (where is null || where(entry.Level))
                {
                    into.Add(entry.Node);
                }
            }
        }
    }

    /// <summary>Seeded by the process, so that chosen level names cannot pile up in one bucket.</summary>
    private static int Hash(ReadOnlySpan<byte> level)
    {
        var hash = default(HashCode);
        hash.AddBytes(level);
        return hash.ToHashCode();
    }

    private void Grow()
    {
        var grown = new Entry?[_buckets.Length * 2];
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

        public TNode Node { get; } = node;

        public Entry? Next
        {
            get => Volatile.Read(ref _next);
            set => Volatile.Write(ref _next, value);
        }
    }
}
