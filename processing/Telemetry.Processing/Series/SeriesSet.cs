using Telemetry.Streams.State;

namespace Telemetry.Processing.Series;

/// <summary>The series of one device. Bounded: the one not seen for longest makes room.</summary>
internal sealed class SeriesSet(SeriesPool pool, SensorNames names)
{
    private Entry[] _entries = [];

    public int Count { get; private set; }

    /// <summary>The block of a sensor, made if it is new.</summary>
    /// <param name="sensor">Name.</param>
    /// <param name="hint">Where to look first; becomes the place after the one found, as devices name sensors in the same order each time.</param>
    /// <param name="offset">Offset of the record.</param>
    public int GetBlock(ReadOnlySpan<byte> sensor, ref int hint, long offset)
    {
        var index = Find(sensor, hint);
        if (index < 0)
        {
            index = Add(sensor);
        }

        hint = index + 1;
        _entries[index].LastOffset = offset;
        return _entries[index].Block;
    }

    public void Write(StateWriter writer)
    {
        writer.Fixed64(pool.Layout.Fingerprint);
        writer.Varint((ulong)pool.Layout.BlockBytes);
        writer.Varint((ulong)Count);
        foreach (ref readonly var entry in _entries.AsSpan(0, Count))
        {
            writer.Bytes(entry.Name);
            writer.Varint((ulong)entry.LastOffset);
            writer.Raw(pool[entry.Block]);
        }
    }

    public static SeriesSet Read(ref StateReader reader, SeriesPool pool, SensorNames names)
    {
        var known = reader.Fixed64() == pool.Layout.Fingerprint;
        var blockBytes = (int)reader.Varint();
        var count = reader.Count(blockBytes + 2);
        var set = new SeriesSet(pool, names) { _entries = new Entry[count], Count = count };
        for (var i = 0; i < count; i++)
        {
            var name = names.Intern(reader.Bytes());
            set._entries[i] = new Entry { Name = name, LastOffset = (long)reader.Varint(), Block = pool.Rent() };
            var block = reader.Raw(blockBytes);
            if (known)
            {
                block.CopyTo(pool[set._entries[i].Block]);
            }
            else
            {
                pool.Reset++;
            }
        }

        return set;
    }

    public void Release()
    {
        foreach (ref readonly var entry in _entries.AsSpan(0, Count))
        {
            pool.Return(entry.Block);
        }

        Count = 0;
        _entries = [];
    }

    private int Find(ReadOnlySpan<byte> sensor, int hint)
    {
        if ((uint)hint < (uint)Count && sensor.SequenceEqual(_entries[hint].Name))
        {
            return hint;
        }

        for (var i = 0; i < Count; i++)
        {
            if (sensor.SequenceEqual(_entries[i].Name))
            {
                return i;
            }
        }

        return -1;
    }

    private int Add(ReadOnlySpan<byte> sensor)
    {
        if (Count == pool.SeriesPerDeviceMax)
        {
            return Replace(sensor);
        }

        if (Count == _entries.Length)
        {
            Array.Resize(ref _entries, Math.Max(1, Math.Min(Count * 2, pool.SeriesPerDeviceMax)));
        }

        _entries[Count] = new Entry { Name = names.Intern(sensor), Block = pool.Rent() };
        return Count++;
    }

    /// <summary>The lowest index of those seen longest ago: the same one in every run.</summary>
    private int Replace(ReadOnlySpan<byte> sensor)
    {
        var oldest = 0;
        for (var i = 1; i < Count; i++)
        {
            if (_entries[i].LastOffset < _entries[oldest].LastOffset)
            {
                oldest = i;
            }
        }

        pool.Evicted++;
        pool.Layout.Initialize(pool[_entries[oldest].Block]);
        _entries[oldest].Name = names.Intern(sensor);
        return oldest;
    }

    private struct Entry
    {
        public byte[] Name;
        public long LastOffset;
        public int Block;
    }
}
