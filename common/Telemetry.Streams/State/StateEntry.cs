using System.Buffers.Binary;

namespace Telemetry.Streams.State;

/// <summary>A part of a state too large for one record.</summary>
/// <param name="AsOf">As-of offset of the entry it belongs to.</param>
/// <param name="Bytes">Its bytes.</param>
internal readonly record struct StatePiece(long AsOf, byte[] Bytes);

/// <summary>What changed of a state since it was written as a whole.</summary>
/// <param name="WholeAsOf">As-of offset of the whole that it builds on.</param>
/// <param name="AsOf">Its own as-of offset.</param>
/// <param name="LastOffset">Offset of the key's last record.</param>
/// <param name="LastTimeMs">Partition time at that record.</param>
/// <param name="Bytes">The changes.</param>
internal readonly record struct StateChanges(long WholeAsOf, long AsOf, long LastOffset, long LastTimeMs, byte[] Bytes);

/// <summary>
/// Values on a state topic. An entry: version, absent (0), present (1) or in pieces (2), as-of offset, last offset + 1, last time, then
/// the state, or the number of pieces. A piece, under a key of its own and before its entry: version, as-of offset, bytes. Changes, under a
/// key of their own: version, as-of offset of the entry they build on, as-of offset, last offset + 1, last time, bytes; without that entry they mean nothing. The floor: version, offset, last offset + 1, time, weight since the last sweep, then
/// the partition's state.
/// </summary>
internal static class StateEntry
{
    private const byte Version = 1;

    /// <summary>Key of the floor. No device id, which has at least one printable character.</summary>
    public static ReadOnlySpan<byte> FloorKey => [0];

    /// <summary>First byte of the key of a piece. No device id has it.</summary>
    private const byte PieceMark = 1;

    /// <summary>First byte of the key of changes. No device id has it.</summary>
    private const byte ChangesMark = 2;

    /// <summary>Another number than that of entries: a release that knows no changes refuses them.</summary>
    private const byte ChangesVersion = 2;

    private const byte Absent = 0;
    private const byte Present = 1;
    private const byte InPieces = 2;

    /// <summary>Key of a piece: mark, number from 1 (two bytes, big-endian), the entry's key.</summary>
    public static byte[] PieceKey(ReadOnlySpan<byte> key, int number)
    {
        var piece = new byte[3 + key.Length];
        piece[0] = PieceMark;
        BinaryPrimitives.WriteUInt16BigEndian(piece.AsSpan(1), checked((ushort)number));
        key.CopyTo(piece.AsSpan(3));
        return piece;
    }

    /// <summary>Key of changes: mark, the entry's key.</summary>
    public static byte[] ChangesKey(ReadOnlySpan<byte> key) => [ChangesMark, .. key];

    public static bool IsChanges(ReadOnlySpan<byte> key) => key.Length > 1 && key[0] == ChangesMark;

    public static void WriteChanges<TState>(StateBatch batch, KeySlot<TState> slot, ReadOnlySpan<byte> bytes)
        where TState : class
    {
        var writer = batch.Begin(ChangesKey(slot.KeyBytes));
        writer.Byte(ChangesVersion);
        writer.Varint((ulong)slot.WholeAsOf);
        writer.Varint((ulong)slot.AsOf);
        writer.Varint((ulong)(slot.LastOffset + 1));
        writer.ZigZag(slot.LastTimeMs);
        writer.Raw(bytes);
        batch.End();
    }

    public static StateChanges ReadChanges(ReadOnlySpan<byte> value)
    {
        var reader = new StateReader(value);
        CheckVersion(ref reader, ChangesVersion);
        return new StateChanges(
            (long)reader.Varint(), (long)reader.Varint(), (long)reader.Varint() - 1, reader.ZigZag(), reader.Rest.ToArray());
    }

    public static bool IsPiece(ReadOnlySpan<byte> key) => key.Length > 3 && key[0] == PieceMark;

    public static void WritePiece(StateBatch batch, ReadOnlySpan<byte> key, int number, long asOf, ReadOnlySpan<byte> bytes)
    {
        var writer = batch.Begin(PieceKey(key, number));
        writer.Byte(Version);
        writer.Varint((ulong)asOf);
        writer.Raw(bytes);
        batch.End();
    }

    public static StatePiece ReadPiece(ReadOnlySpan<byte> value)
    {
        var reader = new StateReader(value);
        CheckVersion(ref reader);
        return new StatePiece((long)reader.Varint(), reader.Rest.ToArray());
    }

    /// <param name="batch">Where it goes.</param>
    /// <param name="slot">The key.</param>
    /// <param name="pieces">Number of pieces written before it; 0: the state follows.</param>
    public static StateWriter Begin<TState>(StateBatch batch, KeySlot<TState> slot, int pieces)
        where TState : class
    {
        var writer = batch.Begin(slot.KeyBytes);
        writer.Byte(Version);
        writer.Byte(slot.State is null ? Absent : pieces == 0 ? Present : InPieces);
        writer.Varint((ulong)slot.AsOf);
        writer.Varint((ulong)(slot.LastOffset + 1));
        writer.ZigZag(slot.LastTimeMs);
        if (pieces > 0)
        {
            writer.Varint((ulong)pieces);
        }

        return writer;
    }

    public static bool ReadHeader<TState>(KeySlot<TState> slot, ReadOnlySpan<byte> value, out StateReader reader)
        where TState : class
    {
        reader = new StateReader(value);
        CheckVersion(ref reader);
        var present = reader.Byte();
        slot.AsOf = (long)reader.Varint();
        slot.LastOffset = (long)reader.Varint() - 1;
        slot.LastTimeMs = reader.ZigZag();
        slot.Pieces = present == InPieces ? (int)reader.Varint() : 0;
        return present != Absent;
    }

    public static void WriteFloor(StateBatch batch, StateBoundary floor)
    {
        var writer = batch.Begin(FloorKey);
        writer.Byte(Version);
        writer.Varint((ulong)floor.Offset);
        writer.Varint((ulong)(floor.LastOffset + 1));
        writer.ZigZag(floor.TimeMs);
        writer.Varint((ulong)floor.Weight);
        writer.Raw(floor.PartitionState);
        batch.End();
    }

    public static StateBoundary ReadFloor(ReadOnlySpan<byte> value)
    {
        var reader = new StateReader(value);
        CheckVersion(ref reader);
        return new StateBoundary(
            (long)reader.Varint(), (long)reader.Varint() - 1, reader.ZigZag(), (long)reader.Varint(), reader.Rest.ToArray());
    }

    private static void CheckVersion(ref StateReader reader, byte known = Version)
    {
        var version = reader.Byte();
        if (version != known)
        {
            throw new FormatException($"The state has version {version}; this program reads version {known}.");
        }
    }
}
