namespace Telemetry.Streams.State;

/// <summary>
/// Values on a state topic. An entry: version, present (1) or absent (0), as-of offset, last offset + 1, last time, then
/// the state. The floor: version, offset, last offset + 1, time, weight since the last sweep, then
/// the partition's state.
/// </summary>
internal static class StateEntry
{
    private const byte Version = 1;

    /// <summary>Key of the floor. No device id, which has at least one printable character.</summary>
    public static ReadOnlySpan<byte> FloorKey => [0];

    public static StateWriter Begin<TState>(StateBatch batch, KeySlot<TState> slot)
        where TState : class
    {
        var writer = batch.Begin(slot.KeyBytes);
        writer.Byte(Version);
        writer.Byte(slot.State is null ? (byte)0 : (byte)1);
        writer.Varint((ulong)slot.AsOf);
        writer.Varint((ulong)(slot.LastOffset + 1));
        writer.ZigZag(slot.LastTimeMs);
        return writer;
    }

    public static bool ReadHeader<TState>(KeySlot<TState> slot, ReadOnlySpan<byte> value, out StateReader reader)
        where TState : class
    {
        reader = new StateReader(value);
        CheckVersion(ref reader);
        var present = reader.Byte() != 0;
        slot.AsOf = (long)reader.Varint();
        slot.LastOffset = (long)reader.Varint() - 1;
        slot.LastTimeMs = reader.ZigZag();
        return present;
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

    private static void CheckVersion(ref StateReader reader)
    {
        var version = reader.Byte();
        if (version != Version)
        {
            throw new FormatException($"The state has version {version}; this program reads version {Version}.");
        }
    }
}
