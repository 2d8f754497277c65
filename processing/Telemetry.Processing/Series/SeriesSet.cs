using Telemetry.Streams.State;

namespace Telemetry.Processing.Series;

/// <summary>The series of one device. Bounded: the one not seen for longest makes room.</summary>
internal sealed class SeriesSet(SeriesPool pool, SettingsTimeline timeline, SensorNames names)
{
    private Entry[] _entries = [];

    public int Count { get; private set; }

    /// <summary>The block of a sensor, made if it is new.</summary>
    /// <param name="device">Name of the device.</param>
    /// <param name="sensor">Name.</param>
    /// <param name="hint">Where to look first; becomes the place after the one found, as devices name sensors in the same order each time.</param>
    /// <param name="offset">Offset of the record.</param>
    public int GetBlock(ReadOnlySpan<byte> device, ReadOnlySpan<byte> sensor, ref int hint, long offset)
    {
        var index = Find(sensor, hint);
        if (index < 0)
        {
            index = Add(device, sensor);
        }

        hint = index + 1;
        ref var entry = ref _entries[index];
        if (entry.Version != timeline.Version || !entry.IsFollowed)
        {
            entry.Block = timeline.Follow(entry.Block, entry.Version, device, sensor);
            (entry.Version, entry.IsFollowed) = (timeline.Version, true);
        }

        entry.LastOffset = offset;
        return entry.Block;
    }

    public void Write(StateWriter writer)
    {
        writer.Varint((ulong)Count);
        foreach (ref readonly var entry in _entries.AsSpan(0, Count))
        {
            var layout = pool.LayoutOf(entry.Block);
            writer.Bytes(entry.Name);
            writer.Varint((ulong)entry.LastOffset);
            writer.Varint((ulong)entry.Version);
            writer.Fixed64(layout.Fingerprint);
            writer.Varint((ulong)layout.BlockBytes);
            writer.Raw(pool[entry.Block]);
        }
    }

    /// <param name="reader">The state.</param>
    /// <param name="pool">Where the blocks are.</param>
    /// <param name="timeline">Settings.</param>
    /// <param name="names">Names.</param>
    /// <param name="ofOneLayout">True: as versions before wrote it, one layout for all series of a device and no settings.</param>
    public static SeriesSet Read(ref StateReader reader, SeriesPool pool, SettingsTimeline timeline, SensorNames names, bool ofOneLayout)
    {
        var fingerprint = ofOneLayout ? reader.Fixed64() : 0;
        var blockBytes = ofOneLayout ? (int)reader.Varint() : 0;
        var count = reader.Count(blockBytes + 2);
        var set = new SeriesSet(pool, timeline, names) { _entries = new Entry[count], Count = count };
        for (var i = 0; i < count; i++)
        {
            ref var entry = ref set._entries[i];
            entry.Name = names.Intern(reader.Bytes());
            entry.LastOffset = (long)reader.Varint();
            if (!ofOneLayout)
            {
                entry.Version = (int)reader.Varint();
                fingerprint = reader.Fixed64();
                blockBytes = (int)reader.Varint();
            }

            var block = reader.Raw(blockBytes);
            var known = pool.TryFind(fingerprint, blockBytes, out var slab);
            entry.Block = pool.Rent(known ? slab : 0);
            if (known)
            {
                block.CopyTo(pool[entry.Block]);
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

    private int Add(ReadOnlySpan<byte> device, ReadOnlySpan<byte> sensor)
    {
        if (Count == pool.SeriesPerDeviceMax)
        {
            return Replace(device, sensor);
        }

        if (Count == _entries.Length)
        {
            Array.Resize(ref _entries, Math.Max(1, Math.Min(Count * 2, pool.SeriesPerDeviceMax)));
        }

        _entries[Count] = New(device, sensor);
        return Count++;
    }

    /// <summary>The lowest index of those seen longest ago: the same one in every run.</summary>
    private int Replace(ReadOnlySpan<byte> device, ReadOnlySpan<byte> sensor)
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
        pool.Return(_entries[oldest].Block);
        _entries[oldest] = New(device, sensor);
        return oldest;
    }

    private Entry New(ReadOnlySpan<byte> device, ReadOnlySpan<byte> sensor) => new()
    {
        Name = names.Intern(sensor),
        Block = pool.Rent(timeline.SlabOf(device, sensor)),
        Version = timeline.Version,
        IsFollowed = true,
    };

    private struct Entry
    {
        public byte[] Name;
        public long LastOffset;
        public int Block;

        /// <summary>Version of the settings in force at the last record.</summary>
        public int Version;

        /// <summary>False after a restore, until the settings have been asked.</summary>
        public bool IsFollowed;
    }
}
