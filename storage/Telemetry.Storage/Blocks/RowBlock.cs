using System.Buffers;
using System.Runtime.InteropServices;
using Telemetry.Contracts.Readings;

namespace Telemetry.Storage.Blocks;

/// <summary>
/// Readings in columns, of one or several log partitions, with what their marker rows need: the newest event time of
/// each log partition and month. Columns are pooled; dispose returns them.
/// </summary>
internal sealed class RowBlock(NameTable names) : IRowBlock
{
    private readonly Dictionary<(int Partition, int Month), long> _newest = [];
    private int[] _sensorIds = new int[16];

    public NameTable Names => names;

    public int Count { get; private set; }

    public int[] Sensors { get; private set; } = ArrayPool<int>.Shared.Rent(256);

    public int[] Devices { get; private set; } = ArrayPool<int>.Shared.Rent(256);

    public long[] Times { get; private set; } = ArrayPool<long>.Shared.Rent(256);

    public double[] Values { get; private set; } = ArrayPool<double>.Shared.Rent(256);

    public byte[] Qualities { get; private set; } = ArrayPool<byte>.Shared.Rent(256);

    public ulong[] Boots { get; private set; } = ArrayPool<ulong>.Shared.Rent(256);

    public ulong[] Sequences { get; private set; } = ArrayPool<ulong>.Shared.Rent(256);

    /// <summary>Log partitions and months in here, with the newest event time of each.</summary>
    public IReadOnlyDictionary<(int Partition, int Month), long> Newest => _newest;

    /// <summary>Appends readings [start, start + count) of a decoded batch, all of one month.</summary>
    public void Append(int partition, int month, ReadingBatchBuffer batch, int start, int count)
    {
        Reserve(count);
        if (_sensorIds.Length < batch.SensorCount)
        {
            _sensorIds = new int[batch.SensorCount];
        }

        for (var i = 0; i < batch.SensorCount; i++)
        {
            _sensorIds[i] = names.Intern(batch.Sensor(i));
        }

        var device = names.Intern(batch.Device);
        var indexes = batch.SensorIndexes.Slice(start, count);
        for (var i = 0; i < count; i++)
        {
            Sensors[Count + i] = _sensorIds[indexes[i]];
        }

        Devices.AsSpan(Count, count).Fill(device);
        Boots.AsSpan(Count, count).Fill(batch.BootId);
        var times = batch.EventTimes.Slice(start, count);
        times.CopyTo(Times.AsSpan(Count));
        batch.Values.Slice(start, count).CopyTo(Values.AsSpan(Count));
        for (var i = 0; i < count; i++)
        {
            Qualities[Count + i] = (byte)batch.Qualities[start + i];
            Sequences[Count + i] = batch.Sequence(start + i);
        }

        var newest = Max(times);
        ref var known = ref CollectionsMarshal.GetValueRefOrAddDefault(_newest, (partition, month), out var exists);
        known = exists ? Math.Max(known, newest) : newest;
        Count += count;
    }

    public void Dispose()
    {
        ArrayPool<int>.Shared.Return(Sensors);
        ArrayPool<int>.Shared.Return(Devices);
        ArrayPool<long>.Shared.Return(Times);
        ArrayPool<double>.Shared.Return(Values);
        ArrayPool<byte>.Shared.Return(Qualities);
        ArrayPool<ulong>.Shared.Return(Boots);
        ArrayPool<ulong>.Shared.Return(Sequences);
        Sensors = Devices = [];
        Times = [];
        Values = [];
        Qualities = [];
        Boots = Sequences = [];
        Count = 0;
    }

    private static long Max(ReadOnlySpan<long> times)
    {
        var max = times[0];
        foreach (var time in times)
        {
            max = Math.Max(max, time);
        }

        return max;
    }

    private void Reserve(int count)
    {
        if (Count + count <= Sensors.Length)
        {
            return;
        }

        var size = Math.Max(Sensors.Length * 2, Count + count);
        Sensors = Grow(Sensors, size);
        Devices = Grow(Devices, size);
        Times = Grow(Times, size);
        Values = Grow(Values, size);
        Qualities = Grow(Qualities, size);
        Boots = Grow(Boots, size);
        Sequences = Grow(Sequences, size);
    }

    private T[] Grow<T>(T[] old, int size)
    {
        var larger = ArrayPool<T>.Shared.Rent(size);
        old.AsSpan(0, Count).CopyTo(larger);
        ArrayPool<T>.Shared.Return(old);
        return larger;
    }
}
