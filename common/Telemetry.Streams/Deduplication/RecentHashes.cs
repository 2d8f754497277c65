using System.Numerics;
using Telemetry.Streams.State;

namespace Telemetry.Streams.Deduplication;

/// <summary>
/// The hashes of the last readings of one boot, by sequence: what makes a copy a copy. A ring that begins small, doubles as the
/// boot goes on and stays within <see cref="DuplicateFilterOptions.HashBytesMax"/> for the process: where that is reached, fewer
/// readings can be judged. Which readings are stored never depends on it, only whether one that is not is called copy or conflict.
/// </summary>
internal sealed class RecentHashes
{
    private const int IdsMin = 16;

    /// <summary>Bits of the logarithm of a ring's size.</summary>
    private const int SizeBits = 5;

    /// <summary>Rings up to this size may fill the budget, larger ones three quarters: then many devices get a little before some get much.</summary>
    private const int SmallIds = 64;

    /// <summary>Added to the logarithm of the size of a ring whose hashes are written short.</summary>
    private const int ShortMark = 15;

    private const int SizeLogarithmMax = 16;

    private static long _bytes;

    private ushort[] _ring = [];

    /// <summary>Only the bits that are written short count, as after a restart there are no others.</summary>
    private bool _isShort;

    /// <summary>No sequence below it has its hash here.</summary>
    private ulong _from = 1;

    /// <summary>Highest sequence when the hashes were last written or read as a whole; 0: never.</summary>
    private ulong _writtenTo;

    /// <summary>True when a hash at or below <see cref="_writtenTo"/> has been set since.</summary>
    private bool _isRewritten;

    /// <summary>Bytes of all rings of this process.</summary>
    public static long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>
    /// Gives the bytes back when a whole partition's state is dropped: nobody walks through its devices then. Until the collector
    /// comes, the budget counts them as taken, which is the safe side.
    /// </summary>
    ~RecentHashes() => Interlocked.Add(ref _bytes, -sizeof(ushort) * _ring.Length);

    /// <summary>True when the hash of a sequence seen, given the highest one seen, is known.</summary>
    public bool Knows(ulong sequence, ulong highest) =>
        sequence >= _from && highest - sequence < (ulong)_ring.Length;

    /// <summary>True when it is the hash of a sequence that <see cref="Knows"/>.</summary>
    public bool Is(ulong sequence, ushort hash) =>
        ((_ring[(int)(sequence & (ulong)(_ring.Length - 1))] ^ hash) & (_isShort ? byte.MaxValue : ushort.MaxValue)) == 0;

    /// <summary>Makes room before sequences up to <paramref name="highest"/> are set.</summary>
    /// <param name="lowest">Lowest sequence seen that is worth keeping.</param>
    /// <param name="before">Highest sequence seen before this batch; 0: none.</param>
    /// <param name="highest">Highest sequence seen now.</param>
    /// <param name="options">Bounds.</param>
    public void Grow(ulong lowest, ulong before, ulong highest, DuplicateFilterOptions options)
    {
        // Bits that were not written do not come back.
        _isShort = options.ShortHashes || (_isShort && _ring.Length > 0);
        var wanted = (ulong)_ring.Length;
        var needed = highest - Math.Max(lowest, _from) + 1;
        while (wanted < needed && wanted < (ulong)options.HashedIdsPerBootMax)
        {
            wanted = wanted == 0 ? IdsMin : wanted * 2;
        }

        if (wanted > (ulong)_ring.Length)
        {
            Resize((int)wanted, before, options.HashBytesMax);
        }
    }

    /// <summary>Keeps the hash of a sequence, unless it is too old for the ring.</summary>
    public void Set(ulong sequence, ulong highest, ushort hash)
    {
        if (Knows(sequence, highest))
        {
            _isRewritten |= sequence <= _writtenTo;
            _ring[(int)(sequence & (ulong)(_ring.Length - 1))] = hash;
        }
    }

    /// <summary>Forgets everything; <paramref name="highest"/> and what is below it can never be judged again.</summary>
    public void Clear(ulong highest)
    {
        Interlocked.Add(ref _bytes, -sizeof(ushort) * _ring.Length);
        _ring = [];
        _writtenTo = 0;
        _from = highest == ulong.MaxValue ? highest : Math.Max(_from, highest + 1);
    }

    /// <summary>All is being written: <see cref="WriteChanges"/> writes what comes after.</summary>
    public void Written(ulong highest) => (_writtenTo, _isRewritten) = (highest, false);

    /// <param name="writer">Where it goes.</param>
    /// <param name="highest">Highest sequence seen.</param>
    /// <param name="conflicts">Written along: in most states it is 0, and this way takes no byte.</param>
    public void Write(StateWriter writer, ulong highest, long conflicts)
    {
        WriteHead(writer, highest, conflicts);
        WriteFrom(writer, Lowest(highest), highest);
    }

    /// <summary>As <see cref="Write"/>, without the hashes that were written before and are the same.</summary>
    public void WriteChanges(StateWriter writer, ulong highest, long conflicts)
    {
        WriteHead(writer, highest, conflicts);
        var since = _isRewritten || _writtenTo > highest ? 0 : _writtenTo;
        writer.Varint(since == 0 ? 0 : highest - since + 1);
        WriteFrom(writer, Math.Max(Lowest(highest), since + 1), highest);
    }

    /// <returns>What <see cref="Write"/> wrote along.</returns>
    public long Read(ref StateReader reader, ulong highest)
    {
        var conflicts = ReadHead(ref reader, highest);
        ReadFrom(ref reader, Lowest(highest), highest);
        Written(highest);
        return conflicts;
    }

    /// <summary>Reads what <see cref="WriteChanges"/> wrote, onto the hashes that were written as a whole before.</summary>
    /// <returns>What <see cref="WriteChanges"/> wrote along.</returns>
    public long ReadChanges(ref StateReader reader, ulong highest)
    {
        var (old, writtenTo) = (_ring, _writtenTo);
        Interlocked.Add(ref _bytes, -sizeof(ushort) * _ring.Length);
        _ring = [];
        var conflicts = ReadHead(ref reader, highest);
        var above = reader.Varint();
        var since = above == 0 ? 0 : highest + 1 - above;
        if (since > 0 && since != writtenTo)
        {
            throw new FormatException("The hashes of a boot's last readings do not build on those that were read.");
        }

        var lowest = Lowest(highest);
        for (var sequence = lowest; sequence <= since && since > 0 && old.Length > 0 && _ring.Length > 0; sequence++)
        {
            _ring[(int)(sequence & (ulong)(_ring.Length - 1))] = old[(int)(sequence & (ulong)(old.Length - 1))];
        }

        ReadFrom(ref reader, Math.Max(lowest, since + 1), highest);
        (_writtenTo, _isRewritten) = (writtenTo, since == 0);
        return conflicts;
    }

    private void WriteHead(StateWriter writer, ulong highest, long conflicts)
    {
        var size = _ring.Length == 0 ? 0u : (uint)(BitOperations.Log2((uint)_ring.Length) + (_isShort ? ShortMark : 0));
        writer.Varint(((ulong)conflicts << SizeBits) | size);
        writer.Varint(highest + 1 - _from);
    }

    private long ReadHead(ref StateReader reader, ulong highest)
    {
        var head = reader.Varint();
        var conflicts = (long)(head >> SizeBits);
        var size = (int)(head & ((1 << SizeBits) - 1));
        _from = highest + 1 - reader.Varint();
        _isShort = size > SizeLogarithmMax;
        if (size == 0)
        {
            return conflicts;
        }

        size -= _isShort ? ShortMark : 0;

        var length = 1 << size;
        if (length is < IdsMin or > DuplicateFilterOptions.HashedIdsEnd)
        {
            throw new FormatException("The hashes of a boot's last readings are damaged.");
        }

        Interlocked.Add(ref _bytes, sizeof(ushort) * length);
        _ring = new ushort[length];
        return conflicts;
    }

    private void WriteFrom(StateWriter writer, ulong from, ulong highest)
    {
        if (_ring.Length == 0)
        {
            return;
        }

        for (var sequence = from; sequence <= highest && sequence >= from; sequence++)
        {
            var hash = _ring[(int)(sequence & (ulong)(_ring.Length - 1))];
            writer.Byte((byte)hash);
            if (!_isShort)
            {
                writer.Byte((byte)(hash >> 8));
            }
        }
    }

    private void ReadFrom(ref StateReader reader, ulong from, ulong highest)
    {
        if (_ring.Length == 0)
        {
            return;
        }

        for (var sequence = from; sequence <= highest && sequence >= from; sequence++)
        {
            _ring[(int)(sequence & (ulong)(_ring.Length - 1))] = (ushort)(reader.Byte() | (_isShort ? 0 : reader.Byte() << 8));
        }
    }

    private ulong Lowest(ulong highest) =>
        Math.Max(_from, highest >= (ulong)_ring.Length ? highest - (ulong)_ring.Length + 1 : 1);

    private void Resize(int length, ulong before, long bytesMax)
    {
        var added = sizeof(ushort) * (length - _ring.Length);
        var allowed = length <= SmallIds ? bytesMax : bytesMax / 4 * 3;
        if (Interlocked.Add(ref _bytes, added) > allowed)
        {
            Interlocked.Add(ref _bytes, -added);
            return;
        }

        var old = _ring;
        _ring = new ushort[length];
        if (before == 0)
        {
            return;
        }

        // What the small ring had lost already is not in the large one either.
        _from = Math.Max(_from, before >= (ulong)old.Length ? before - (ulong)old.Length + 1 : 1);
        for (var sequence = _from; sequence <= before && old.Length > 0; sequence++)
        {
            _ring[(int)(sequence & (ulong)(length - 1))] = old[(int)(sequence & (ulong)(old.Length - 1))];
        }
    }
}
