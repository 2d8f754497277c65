namespace Telemetry.Streams.StoreAndForward;

/// <summary>
/// Offsets of one lane that went ahead of the backlog: a bit each, in chunks made where there are any. A backlog of a hundred million records
/// takes 12 MB at most.
/// </summary>
internal sealed class SentBits
{
    private const int ChunkBits = 1 << 15;
    private const int WordBits = 64;

    private readonly Dictionary<long, ulong[]> _chunks = [];
    private long _freed;

    public void Set(long offset)
    {
        if (!_chunks.TryGetValue(offset / ChunkBits, out var chunk))
        {
            _chunks[offset / ChunkBits] = chunk = new ulong[ChunkBits / WordBits];
        }

        chunk[offset % ChunkBits / WordBits] |= 1UL << (int)(offset % WordBits);
    }

    public void Clear(long offset)
    {
        if (_chunks.TryGetValue(offset / ChunkBits, out var chunk))
        {
            chunk[offset % ChunkBits / WordBits] &= ~(1UL << (int)(offset % WordBits));
        }
    }

    public bool Get(long offset) =>
        _chunks.TryGetValue(offset / ChunkBits, out var chunk) && (chunk[offset % ChunkBits / WordBits] & (1UL << (int)(offset % WordBits))) != 0;

    /// <summary>First offset from <paramref name="from"/> on that is not set, <paramref name="end"/> at most.</summary>
    public long NextClear(long from, long end)
    {
        while (from < end)
        {
            if (!_chunks.TryGetValue(from / ChunkBits, out var chunk))
            {
                return from;
            }

            var clear = ~chunk[from % ChunkBits / WordBits] >> (int)(from % WordBits);
            if (clear != 0)
            {
                return Math.Min(end, from + System.Numerics.BitOperations.TrailingZeroCount(clear));
            }

            from = (from / WordBits + 1) * WordBits;
        }

        return Math.Min(from, end);
    }

    /// <summary>Nothing below <paramref name="offset"/> is asked for any more.</summary>
    public void FreeBelow(long offset)
    {
        for (var chunk = offset / ChunkBits; _freed < chunk; _freed++)
        {
            _chunks.Remove(_freed);
        }
    }

    /// <summary>Begins at an offset: what lies below was never set.</summary>
    public void BeginAt(long offset) => _freed = offset / ChunkBits;
}
