using System.Text;

namespace Telemetry.Streams.State;

/// <summary>One key of a <see cref="KeyedStateTable{TState}"/>.</summary>
/// <typeparam name="TState">State of one key.</typeparam>
public sealed class KeySlot<TState>
    where TState : class
{
    private readonly byte[] _key;
    private string? _text;

    internal KeySlot(byte[] key)
    {
        _key = key;
        Recency = new LinkedListNode<KeySlot<TState>>(this);
        Dirt = new LinkedListNode<KeySlot<TState>>(this);
    }

    /// <summary>The key, always the same bytes in memory.</summary>
    public ReadOnlyMemory<byte> Key => _key;

    /// <summary>The key as text (ASCII), made once.</summary>
    public string Text => _text ??= Encoding.ASCII.GetString(_key);

    /// <summary>The state; null when the key has been removed and only its removal is still to be remembered.</summary>
    public TState? State { get; internal set; }

    /// <summary>The state covers all records of the key below this offset, whatever the replay has reached.</summary>
    internal long AsOf { get; set; }

    /// <summary>Offset of the key's last record.</summary>
    public long LastOffset { get; internal set; } = -1;

    /// <summary>Partition time at the key's last record.</summary>
    internal long LastTimeMs { get; set; }

    /// <summary>No record since the key was last written is older than this; null when nothing changed.</summary>
    internal StateBoundary? DirtySince { get; set; }

    /// <summary>Removed or made anew after a removal since the last commit: the next one must write it.</summary>
    internal bool Mandatory { get; set; }

    /// <summary>Records its entry was written in beside the entry itself; 0 unless the state is large.</summary>
    internal int Pieces { get; set; }

    /// <summary>As-of offset of the entry with the whole state, which changes build on.</summary>
    internal long WholeAsOf { get; set; } = -1;

    /// <summary>Bytes of the whole state as it was written; 0: the next entry must be whole.</summary>
    internal int WholeBytes { get; set; }

    /// <summary>A record of changes may be on the topic.</summary>
    internal bool HasChanges { get; set; }

    /// <summary>While loading: the whole state as it was read.</summary>
    internal byte[]? Loaded { get; set; }

    internal byte[] KeyBytes => _key;

    internal LinkedListNode<KeySlot<TState>> Recency { get; }

    internal LinkedListNode<KeySlot<TState>> Dirt { get; }
}

/// <summary>The partition as it was at a commit, kept as long as a replay may have to start there.</summary>
/// <param name="Offset">Records below it were processed.</param>
/// <param name="LastOffset">Offset of the last record seen, -1 when there was none.</param>
/// <param name="TimeMs">Partition time: the largest record timestamp seen.</param>
/// <param name="Weight">Weight of the records since the last sweep.</param>
/// <param name="PartitionState">What the owner keeps for the partition as a whole.</param>
internal sealed record StateBoundary(long Offset, long LastOffset, long TimeMs, long Weight, byte[] PartitionState);
