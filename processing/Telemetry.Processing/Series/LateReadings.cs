using System.Runtime.InteropServices;
using Telemetry.Streams.State;

namespace Telemetry.Processing.Series;

/// <summary>A reading that came after a newer one of its series.</summary>
/// <param name="Sensor">Its series.</param>
/// <param name="TimeUs">Event time.</param>
/// <param name="Boot">Boot of its event id.</param>
/// <param name="Sequence">Sequence of its event id.</param>
/// <param name="Value">Value.</param>
internal readonly record struct LateReading(byte[] Sensor, long TimeUs, ulong Boot, ulong Sequence, double Value)
{
    /// <summary>In memory and about as much in the state.</summary>
    public const int Bytes = 40;
}

/// <summary>A series as it was before a gap: what readings of the gap are judged from when they come after all.</summary>
/// <param name="Sensor">The series.</param>
/// <param name="Block">The copy of its block.</param>
internal readonly record struct GapCopy(byte[] Sensor, int Block);

/// <summary>
/// Readings of one device that wait to be judged in their order, and its series as they were before their last gap. All decisions are by the
/// times of records, so that a replay decides alike. Times in milliseconds of the partition.
/// </summary>
internal sealed class LateReadings(SeriesPool pool)
{
    private readonly List<LateReading> _readings = [];

    /// <summary>Readings that wait, in the order they came.</summary>
    public IReadOnlyList<LateReading> Readings => _readings;

    public List<GapCopy> Copies { get; } = [];

    /// <summary>When the first reading that waits came.</summary>
    public long FirstMs { get; set; }

    /// <summary>When the last one came.</summary>
    public long LastMs { get; set; }

    /// <summary>Until when the copies are kept.</summary>
    public long KeepUntilMs { get; set; }

    public void Add(in LateReading reading)
    {
        _readings.Add(reading);
        pool.LateBytes += LateReading.Bytes;
    }

    /// <summary>The readings in the order of time.</summary>
    public ReadOnlySpan<LateReading> Sort()
    {
        var readings = CollectionsMarshal.AsSpan(_readings);
        readings.Sort(static (a, b) => a.TimeUs != b.TimeUs ? a.TimeUs.CompareTo(b.TimeUs) : a.Sequence.CompareTo(b.Sequence));
        return readings;
    }

    public void ClearReadings()
    {
        pool.LateBytes -= (long)_readings.Count * LateReading.Bytes;
        _readings.Clear();
    }

    /// <summary>The copy of a series; -1 when there is none.</summary>
    public int CopyOf(ReadOnlySpan<byte> sensor)
    {
        foreach (var copy in Copies)
        {
            if (sensor.SequenceEqual(copy.Sensor))
            {
                return copy.Block;
            }
        }

        return -1;
    }

    /// <summary>Copies a series before the first reading after a gap. A former gap's copy makes room.</summary>
    public void Copy(byte[] sensor, int block)
    {
        var copy = CopyOf(sensor);
        if (copy >= 0 && SeriesPool.SlabOf(copy) != SeriesPool.SlabOf(block))
        {
            pool.Return(copy);
            Copies.RemoveAll(c => c.Block == copy);
            copy = -1;
        }

        if (copy < 0)
        {
            copy = pool.Rent(SeriesPool.SlabOf(block));
            Copies.Add(new GapCopy(sensor, copy));
        }

        pool[block].CopyTo(pool[copy]);
    }

    /// <summary>Gives back all it holds.</summary>
    public void Release()
    {
        ClearReadings();
        foreach (var copy in Copies)
        {
            pool.Return(copy.Block);
        }

        Copies.Clear();
    }

    public void Write(StateWriter writer)
    {
        writer.ZigZag(FirstMs);
        writer.ZigZag(LastMs);
        writer.ZigZag(KeepUntilMs);
        writer.Varint((ulong)Copies.Count);
        foreach (var copy in Copies)
        {
            writer.Bytes(copy.Sensor);
            writer.Fixed64(pool.LayoutOf(copy.Block).Fingerprint);
            writer.Varint((ulong)pool.LayoutOf(copy.Block).BlockBytes);
            writer.Raw(pool[copy.Block]);
        }

        var names = new Dictionary<byte[], int>(ByteKeyComparer.Instance);
        foreach (var reading in Readings)
        {
            names.TryAdd(reading.Sensor, names.Count);
        }

        writer.Varint((ulong)names.Count);
        foreach (var name in names.Keys)
        {
            writer.Bytes(name);
        }

        writer.Varint((ulong)Readings.Count);
        foreach (var reading in Readings)
        {
            writer.Varint((ulong)names[reading.Sensor]);
            writer.ZigZag(reading.TimeUs);
            writer.Fixed64(reading.Boot);
            writer.Varint(reading.Sequence);
            writer.Fixed64((ulong)BitConverter.DoubleToInt64Bits(reading.Value));
        }
    }

    public static LateReadings Read(ref StateReader reader, SeriesPool pool, SensorNames names)
    {
        var late = new LateReadings(pool) { FirstMs = reader.ZigZag(), LastMs = reader.ZigZag(), KeepUntilMs = reader.ZigZag() };
        var copies = (int)reader.Varint();
        for (var i = 0; i < copies; i++)
        {
            var name = names.Intern(reader.Bytes());
            var fingerprint = reader.Fixed64();
            var bytes = reader.Raw((int)reader.Varint());
            if (pool.TryFind(fingerprint, bytes.Length, out var slab))
            {
                var block = pool.Rent(slab);
                bytes.CopyTo(pool[block]);
                late.Copies.Add(new GapCopy(name, block));
            }
        }

        var sensors = new byte[reader.Count(1)][];
        for (var i = 0; i < sensors.Length; i++)
        {
            sensors[i] = names.Intern(reader.Bytes());
        }

        for (var left = reader.Count(19); left > 0; left--)
        {
            late.Add(new LateReading(
                sensors[(int)reader.Varint()],
                reader.ZigZag(),
                reader.Fixed64(),
                reader.Varint(),
                BitConverter.Int64BitsToDouble((long)reader.Fixed64())));
        }

        return late;
    }
}
