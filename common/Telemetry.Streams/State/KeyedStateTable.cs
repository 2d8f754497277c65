using System.Diagnostics;

namespace Telemetry.Streams.State;

/// <summary>
/// State per key of one input partition: in memory, with rolling snapshots on a compacted topic, so that a restart
/// continues exactly where the committed offset says. Not safe for concurrent use.
/// <para>
/// <b>What is written.</b> Entries (key → state, as of offset A: all records of the key below A are in it, none above) and
/// one floor entry (offset F and the partition as it was at F). They become visible with, or after, a committed offset
/// C of the input, and A ≤ C and F ≤ C for all of them.
/// </para>
/// <para>
/// <b>Invariant.</b> For each key, every record below F that changed it is in its newest entry. Why it holds: a key turns
/// dirty with its first record after its last entry and joins the end of a queue, remembering the commit before that
/// record. F is what the head of the queue remembers (C itself when the queue is empty). The queue is in the order of
/// those commits, so no dirty key has a record below F that is not in its entry; a clean key has none at all.
/// </para>
/// <para>
/// <b>Restore.</b> Read all entries, start from the partition as of F, replay F .. C-1 without outputs, and let a record at
/// offset o change its key only if o ≥ A. By the invariant every record below C is then applied to its key exactly
/// once, in order; a key without an entry has no record below F. The replay therefore gives the state of an uninterrupted run,
/// if (1) what happens to a key depends on its own state, the partition's state and the record only, and (2) the
/// partition's state depends on itself and the records only, never on a key's state.
/// </para>
/// <para>
/// <b>Changes.</b> A key whose state was written as a whole before is written as its changes since, when these are much smaller: an entry of the
/// same meaning, under a key of its own, that names the whole it builds on. Both come in commits, so the newest changes are either of the
/// newest whole or older than it, and then mean nothing.
/// <b>Pace.</b> As many bytes are written as the share of the input allows, the key changed first first; and within the cycle each one.
/// <b>Removal.</b> Removing a key because of <see cref="KeyedStateOptions.KeysMax"/> depends on all keys, which breaks (1). So
/// removal happens only in sweeps, which fall on the same records in every run; a replay does not sweep, and each removal is written as an entry
/// (absent as of A) with the very next commit, before anything else. When F has passed A, a tombstone follows. A removal that a record asks for
/// (<see cref="Forget"/>) depends on the key and the record alone; it is written in the same way.
/// <b>Large states.</b> A state beyond <see cref="KeyedStateOptions.PieceBytesMax"/> is written in pieces, each under a key of its own, before its
/// entry, which says how many there are. They are of the entry only if their as-of offset is the entry's.
/// </para>
/// <para>
/// Expiry is a matter of the key alone and is decided at its next record; a sweep only takes the memory back.
/// </para>
/// </summary>
/// <typeparam name="TState">State of one key.</typeparam>
public sealed class KeyedStateTable<TState>
    where TState : class
{
    /// <summary>What a log adds to each record, about.</summary>
    private const int RecordBytes = 40;

    /// <summary>Changes larger than this share of the whole are not worth a second record to read: the whole is written anew.</summary>
    private const double ChangesShareMax = 0.5;

    private readonly KeyedStateOptions _options;
    private readonly IKeyStateCodec<TState> _codec;
    private readonly long _expiryMs;

    private readonly Dictionary<byte[], KeySlot<TState>> _slots = new(ByteKeyComparer.Instance);
    private readonly Dictionary<byte[], KeySlot<TState>>.AlternateLookup<ReadOnlySpan<byte>> _bySpan;

    /// <summary>Keys with state, the one silent for longest first.</summary>
    private readonly LinkedList<KeySlot<TState>> _recency = [];

    /// <summary>Keys changed since they were last written, the one changed first first.</summary>
    private readonly LinkedList<KeySlot<TState>> _dirt = [];

    private readonly Dictionary<byte[], StatePiece> _pieces = new(ByteKeyComparer.Instance);
    private readonly Dictionary<byte[], StateChanges> _changes = new(ByteKeyComparer.Instance);
    private readonly StateWriter _scratch = new();
    private readonly List<KeySlot<TState>> _mandatory = [];
    private readonly Queue<KeySlot<TState>> _absent = new();
    private StateBoundary _boundary = new(0, -1, 0, 0, []);
    private readonly Func<bool>? _overweight;
    private long _weight;
    private double _keysAllowed;
    private double _bytesAllowed;
    private long _inputBytes;

    /// <param name="options">Bounds and pace.</param>
    /// <param name="codec">Makes, writes and reads states.</param>
    /// <param name="overweight">
    /// Another reason for a sweep to remove the key silent for longest, and again until it says no. It must depend on the
    /// present states alone.
    /// </param>
    public KeyedStateTable(KeyedStateOptions options, IKeyStateCodec<TState> codec, Func<bool>? overweight = null)
    {
        _overweight = overweight;
        _options = options;
        _codec = codec;
        _expiryMs = (long)options.Expiry.TotalMilliseconds;
        _bySpan = _slots.GetAlternateLookup<ReadOnlySpan<byte>>();
    }

    /// <summary>Keys with state.</summary>
    public int Count => _recency.Count;

    /// <summary>Keys changed since they were last written.</summary>
    public int DirtyCount => _dirt.Count;

    /// <summary>Largest record timestamp seen, milliseconds since 1970-01-01T00:00:00Z; 0 before the first record.</summary>
    public long TimeMs { get; private set; }

    /// <summary>Offset of the last record seen, -1 before the first.</summary>
    public long LastOffset { get; private set; } = -1;

    /// <summary>Where a restart would begin to replay.</summary>
    public long Floor => _dirt.First?.Value.DirtySince!.Offset ?? _boundary.Offset;

    /// <summary>True between <see cref="CompleteLoad"/> and <see cref="CompleteReplay"/>: outputs are suppressed, nothing is swept.</summary>
    public bool IsReplaying { get; private set; }

    /// <summary>Keys removed because there were more than <see cref="KeyedStateOptions.KeysMax"/>.</summary>
    public long Evicted { get; private set; }

    /// <summary>Keys started afresh or removed after <see cref="KeyedStateOptions.Expiry"/>.</summary>
    public long Expired { get; private set; }

    /// <summary>Keys that started afresh because a piece of their state was not on the state topic.</summary>
    public long Torn { get; private set; }

    /// <summary>All slots with state, the one silent for longest first.</summary>
    public IEnumerable<KeySlot<TState>> Slots => _recency;

    /// <summary>To be called for every record, also those without a legal key, before <see cref="TryEnter"/>. Time moves, sweeps happen.</summary>
    /// <param name="offset">The record's offset, above all before.</param>
    /// <param name="timestampMs">The record's timestamp.</param>
    /// <param name="weight">
    /// At least 1, and at least how much state the record can make, in the units of the overweight rule: the sum since the last sweep
    /// bounds by how much a limit can be passed. Must depend on the record alone.
    /// </param>
    public void Advance(long offset, long timestampMs, int weight = 1)
    {
        LastOffset = offset;
        TimeMs = Math.Max(TimeMs, timestampMs);
        _weight += weight;
        if (_weight <= _options.SweepStride)
        {
            return;
        }

        // What this record makes comes after the sweep and counts for the next.
        _weight = weight;
        if (!IsReplaying)
        {
            Sweep();
        }
    }

    /// <summary>Input of so many bytes has passed; sets the pace of the snapshots and nothing else.</summary>
    public void Passed(int bytes) => _inputBytes += bytes;

    /// <summary>
    /// The slot of the key of the record last given to <see cref="Advance"/>, with state, to be changed by that record. False when
    /// the key's state has the record already (in a replay, or when the group's offsets were set back): do nothing.
    /// </summary>
    public bool TryEnter(ReadOnlySpan<byte> key, out KeySlot<TState> slot)
    {
        if (!_bySpan.TryGetValue(key, out slot!))
        {
            slot = new KeySlot<TState>(key.ToArray());
            _slots.Add(slot.KeyBytes, slot);
        }
        else if (LastOffset < slot.AsOf)
        {
            return false;
        }

        if (slot.State is { } old && TimeMs - slot.LastTimeMs > _expiryMs)
        {
            _codec.Release(old);
            _recency.Remove(slot.Recency);
            slot.State = null;
            Expired++;
        }

        if (slot.State is null)
        {
            slot.State = _codec.Create(key);
            slot.WholeBytes = 0;
            _recency.AddLast(slot.Recency);
        }
        else if (slot.Recency.Next is not null)
        {
            _recency.Remove(slot.Recency);
            _recency.AddLast(slot.Recency);
        }

        slot.LastOffset = LastOffset;
        slot.LastTimeMs = TimeMs;
        MarkDirty(slot);
        return true;
    }

    /// <summary>
    /// Removes a key because the record last given to <see cref="Advance"/> says so. It is a change of the key like any other: written with the next commit, and
    /// passed over where the key's state has the record already.
    /// </summary>
    /// <returns>False: there was nothing to remove, or it has been removed before.</returns>
    public bool Forget(ReadOnlySpan<byte> key)
    {
        if (!_bySpan.TryGetValue(key, out var slot) || slot.State is null || LastOffset < slot.AsOf)
        {
            return false;
        }

        Remove(slot);
        return true;
    }

    /// <summary>Says that the state of a key changed otherwise than by a record of its own, for example as time passed.</summary>
    public void MarkDirty(KeySlot<TState> slot)
    {
        if (slot.DirtySince is null)
        {
            slot.DirtySince = _boundary;
            _dirt.AddLast(slot.Dirt);
        }
    }

    /// <summary>
    /// Adds to <paramref name="batch"/> the entries that go with the committed offset <paramref name="committed"/>, the floor
    /// last. They count as written: if they do not get into the log, restore the table.
    /// </summary>
    /// <param name="batch">Where the entries go.</param>
    /// <param name="committed">Offset after the last record processed. The entries must not become visible before it is committed.</param>
    /// <param name="partitionState">What the owner keeps for the partition as a whole, as of <paramref name="committed"/>.</param>
    /// <param name="elapsed">Time since the last call; sets the pace of the snapshots. At least a whole cycle writes every dirty key.</param>
    /// <param name="bytesMax">State bytes to write, about; null: <see cref="KeyedStateOptions.SnapshotBytesPerCommitMax"/>.</param>
    public void Collect(StateBatch batch, long committed, ReadOnlySpan<byte> partitionState, TimeSpan elapsed, int? bytesMax = null)
    {
        Debug.Assert(committed > LastOffset, "The committed offset is the one after the last record.");
        foreach (var slot in _mandatory)
        {
            slot.Mandatory = false;
            WriteEntry(batch, slot, committed);
            if (slot.State is null)
            {
                _absent.Enqueue(slot);
            }
        }

        _mandatory.Clear();
        WriteDirty(batch, committed, elapsed, bytesMax ?? _options.SnapshotBytesPerCommitMax);
        _boundary = new StateBoundary(committed, LastOffset, TimeMs, _weight, partitionState.ToArray());
        var floor = _dirt.First?.Value.DirtySince ?? _boundary;
        WriteTombstones(batch, floor.Offset);
        StateEntry.WriteFloor(batch, floor);
    }

    /// <summary>Takes one record of the state topic. Between construction and <see cref="CompleteLoad"/>.</summary>
    /// <exception cref="FormatException">Not an entry of a state topic.</exception>
    public void Load(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        if (key.SequenceEqual(StateEntry.FloorKey))
        {
            _boundary = StateEntry.ReadFloor(value);
            return;
        }

        if (StateEntry.IsPiece(key))
        {
            if (value.IsEmpty)
            {
                _pieces.Remove(key.ToArray());
            }
            else
            {
                _pieces[key.ToArray()] = StateEntry.ReadPiece(value);
            }

            return;
        }

        if (StateEntry.IsChanges(key))
        {
            if (value.IsEmpty)
            {
                _changes.Remove(key[1..].ToArray());
            }
            else
            {
                _changes[key[1..].ToArray()] = StateEntry.ReadChanges(value);
            }

            return;
        }

        _bySpan.Remove(key);
        if (value.IsEmpty)
        {
            return;
        }

        var slot = new KeySlot<TState>(key.ToArray());
        var present = StateEntry.ReadHeader(slot, value, out var reader);
        slot.Loaded = slot.Pieces > 0 ? Join(slot) : present ? reader.Rest.ToArray() : null;
        _slots.Add(slot.KeyBytes, slot);
    }

    /// <summary>Only the newest entry of a key is decoded: a topic that is not compacted yet holds several.</summary>
    private void Decode(KeySlot<TState> slot)
    {
        if (slot.Loaded is { } whole)
        {
            var reader = new StateReader(whole);
            slot.State = _codec.Read(slot.KeyBytes, ref reader);
            (slot.WholeAsOf, slot.WholeBytes, slot.Loaded) = (slot.AsOf, whole.Length, null);
        }

        if (!_changes.Remove(slot.KeyBytes, out var changes))
        {
            return;
        }

        slot.HasChanges = true;
        if (slot.State is not null && changes.WholeAsOf == slot.WholeAsOf)
        {
            var reader = new StateReader(changes.Bytes);
            _codec.ReadChanges(slot.State, ref reader);
            (slot.AsOf, slot.LastOffset, slot.LastTimeMs) = (changes.AsOf, changes.LastOffset, changes.LastTimeMs);
        }
    }

    /// <summary>
    /// The pieces of an entry; null when one is missing. Compaction may have taken pieces of an entry that a later one replaces, so only the newest
    /// entry of a key needs all of its own.
    /// </summary>
    private byte[]? Join(KeySlot<TState> slot)
    {
        var whole = new MemoryStream();
        for (var number = 1; number <= slot.Pieces; number++)
        {
            if (!_pieces.Remove(StateEntry.PieceKey(slot.KeyBytes, number), out var piece) || piece.AsOf != slot.AsOf)
            {
                return null;
            }

            whole.Write(piece.Bytes);
        }

        return whole.ToArray();
    }

    /// <summary>Ends loading and begins the replay.</summary>
    /// <returns>Where to replay from, and the partition's state there (empty when there is none yet).</returns>
    public (long From, ReadOnlyMemory<byte> PartitionState) CompleteLoad()
    {
        foreach (var slot in _slots.Values)
        {
            Decode(slot);
        }

        _changes.Clear();
        foreach (var slot in _slots.Values.OrderBy(static s => s.AsOf).ThenBy(static s => s.LastOffset))
        {
            if (slot.State is null)
            {
                Torn += slot.Pieces > 0 ? 1 : 0;
                _absent.Enqueue(slot);
            }
        }

        _pieces.Clear();
        foreach (var slot in _slots.Values.Where(static s => s.State is not null).OrderBy(static s => s.LastOffset))
        {
            _recency.AddLast(slot.Recency);
        }

        TimeMs = _boundary.TimeMs;
        LastOffset = _boundary.LastOffset;
        _weight = _boundary.Weight;
        IsReplaying = true;
        return (_boundary.Offset, _boundary.PartitionState);
    }

    /// <summary>The replay has reached the committed offset.</summary>
    public void CompleteReplay()
    {
        IsReplaying = false;

        // What was replayed has paid for state before, and others may still be replaying: nothing is owed at once.
        _inputBytes = 0;

        // A key met in the replay before others' entries were reached moved past them: put the order right.
        var ordered = _recency.OrderBy(static s => s.LastOffset).ToArray();
        _recency.Clear();
        foreach (var slot in ordered)
        {
            _recency.AddLast(slot.Recency);
        }
    }

    /// <summary>Gives back what all states rented. The table must not be used any more.</summary>
    public void Release()
    {
        foreach (var slot in _recency)
        {
            _codec.Release(slot.State!);
        }
    }

    private void Sweep()
    {
        var expired = 0;
        while (_recency.First is { } oldest
            && (_recency.Count > _options.KeysMax
                || (_overweight is not null && _overweight())
                || (expired < _options.SweepStride && TimeMs - oldest.Value.LastTimeMs > _expiryMs)))
        {
            if (TimeMs - oldest.Value.LastTimeMs > _expiryMs)
            {
                expired++;
                Expired++;
            }
            else
            {
                Evicted++;
            }

            Remove(oldest.Value);
        }
    }

    private void Remove(KeySlot<TState> slot)
    {
        _codec.Release(slot.State!);
        slot.State = null;
        slot.WholeBytes = 0;
        _recency.Remove(slot.Recency);
        Clean(slot);
        if (!slot.Mandatory)
        {
            slot.Mandatory = true;
            _mandatory.Add(slot);
        }
    }

    private void WriteDirty(StateBatch batch, long committed, TimeSpan elapsed, int bytesMax)
    {
        // All keys once a cycle at an even pace: whatever is dirty now is written before the cycle has passed. Sooner, as far as the input pays
        // for it. Each entry is charged to both, and neither owes for ever.
        _keysAllowed += Math.Min(1, elapsed / _options.SnapshotCycle) * Math.Max(1, Count);
        _bytesAllowed += _options.SnapshotShare * _inputBytes;
        _inputBytes = 0;
        var end = batch.Bytes + bytesMax;
        while (_dirt.First is { } next && (_keysAllowed >= 1 || _bytesAllowed > 0) && batch.Bytes < end)
        {
            var before = batch.Bytes;
            WriteEntry(batch, next.Value, committed);
            _keysAllowed = Math.Max(_keysAllowed - 1, -1.0);
            _bytesAllowed -= batch.Bytes - before + RecordBytes;
        }

        _keysAllowed = _dirt.Count == 0 ? Math.Min(0, _keysAllowed) : Math.Min(_keysAllowed, Count);
        _bytesAllowed = Math.Clamp(_bytesAllowed, -_options.SnapshotBytesPerCommitMax, _dirt.Count == 0 ? 0 : _options.SnapshotBytesPerCommitMax);
    }

    private void WriteTombstones(StateBatch batch, long floor)
    {
        for (var left = _options.SweepStride; left > 0 && _absent.TryPeek(out var slot); left--)
        {
            if (slot.State is not null || slot.Mandatory)
            {
                // It came back: its own entries speak for it now.
                _absent.Dequeue();
                continue;
            }

            if (slot.AsOf > floor)
            {
                return;
            }

            _absent.Dequeue();
            if (_slots.TryGetValue(slot.KeyBytes, out var current) && ReferenceEquals(current, slot))
            {
                _slots.Remove(slot.KeyBytes);
                for (var number = 1; number <= slot.Pieces; number++)
                {
                    RemovePiece(batch, slot, number);
                }

                if (slot.HasChanges)
                {
                    batch.Begin(StateEntry.ChangesKey(slot.KeyBytes));
                    batch.End();
                }

                batch.Begin(slot.KeyBytes);
                batch.End();
            }
        }
    }

    private void WriteEntry(StateBatch batch, KeySlot<TState> slot, long committed)
    {
        slot.AsOf = committed;
        _scratch.Clear();
        if (slot.WholeBytes > 0 && slot.State is { } changed && _codec.TryWriteChanges(changed, _scratch)
            && _scratch.Length <= Math.Min(ChangesShareMax * slot.WholeBytes, _options.PieceBytesMax))
        {
            StateEntry.WriteChanges(batch, slot, _scratch.WrittenSpan);
            slot.HasChanges = true;
            Clean(slot);
            return;
        }

        WriteWhole(batch, slot, committed);
    }

    private void WriteWhole(StateBatch batch, KeySlot<TState> slot, long committed)
    {
        _scratch.Clear();
        if (slot.State is { } state)
        {
            _codec.Write(state, _scratch);
            _codec.Written(state);
        }

        var bytes = _scratch.WrittenSpan;
        (slot.WholeAsOf, slot.WholeBytes) = (committed, bytes.Length);
        var former = slot.Pieces;
        slot.Pieces = bytes.Length <= _options.PieceBytesMax ? 0 : (bytes.Length + _options.PieceBytesMax - 1) / _options.PieceBytesMax;
        for (var number = 1; number <= Math.Max(former, slot.Pieces); number++)
        {
            if (number > slot.Pieces)
            {
                RemovePiece(batch, slot, number);
                continue;
            }

            var start = (number - 1) * _options.PieceBytesMax;
            StateEntry.WritePiece(batch, slot.KeyBytes, number, committed, bytes.Slice(start, Math.Min(_options.PieceBytesMax, bytes.Length - start)));
        }

        var writer = StateEntry.Begin(batch, slot, slot.Pieces);
        if (slot.Pieces == 0)
        {
            writer.Raw(bytes);
        }

        batch.End();
        Clean(slot);
    }

    private static void RemovePiece(StateBatch batch, KeySlot<TState> slot, int number)
    {
        batch.Begin(StateEntry.PieceKey(slot.KeyBytes, number));
        batch.End();
    }

    private void Clean(KeySlot<TState> slot)
    {
        if (slot.DirtySince is not null)
        {
            slot.DirtySince = null;
            _dirt.Remove(slot.Dirt);
        }
    }
}
