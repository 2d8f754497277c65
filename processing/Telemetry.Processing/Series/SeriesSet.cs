using Telemetry.Processing.Incidents;
using Telemetry.Streams.State;

namespace Telemetry.Processing.Series;

/// <summary>The series of one device. Bounded: when it is full, one that has given nothing for a day makes room; else the new one is not judged.</summary>
internal sealed class SeriesSet(SeriesPool pool, SettingsTimeline timeline, SensorNames names) : ISeriesBlocks
{
    /// <summary>Beyond so many names a table is kept beside the list.</summary>
    private const int SearchMax = 32;

    /// <summary>A series without a reading for this long, in event time, makes room.</summary>
    private const long StaleUs = 86_400_000_000;

    private Entry[] _entries = [];
    private Dictionary<byte[], int>.AlternateLookup<ReadOnlySpan<byte>>? _table;

    public int Count { get; private set; }

    /// <summary>The block of a sensor, made if it is new; -1 when there is no room for it.</summary>
    /// <param name="device">Name of the device.</param>
    /// <param name="sensor">Name.</param>
    /// <param name="hint">Where to look first; becomes the place after the one found, as devices name sensors in the same order each time.</param>
    /// <param name="offset">Offset of the record.</param>
    /// <param name="timeUs">Event time of its reading.</param>
    /// <param name="incidents">Told of findings that end because their series makes room; null when there are none.</param>
    public int GetBlock(
        ReadOnlySpan<byte> device, ReadOnlySpan<byte> sensor, ref int hint, long offset, long timeUs, DeviceIncidents? incidents)
    {
        var index = Find(sensor, hint);
        if (index < 0)
        {
            index = Add(device, sensor, timeUs, incidents);
            if (index < 0)
            {
                return -1;
            }
        }

        hint = index + 1;
        ref var entry = ref _entries[index];
        if (entry.Version != timeline.Version || !entry.IsFollowed)
        {
            var (former, findings) = (entry.Block, FindingsOf(entry.Block, incidents, out var incident));
            entry.Block = timeline.Follow(entry.Block, entry.Version, device, sensor);
            (entry.Version, entry.IsFollowed) = (timeline.Version, true);
            if (entry.Block != former || SeriesLayout.Header(pool[entry.Block]).LastUs == Watermarks.Micros.Never)
            {
                Close(incident, findings);
                entry.IsWhole = true;
            }
        }

        entry.LastOffset = offset;
        return entry.Block;
    }

    /// <summary>The block of a sensor; -1 when it has none.</summary>
    public int FindBlock(ReadOnlySpan<byte> sensor)
    {
        var index = Find(sensor, 0);
        return index < 0 ? -1 : _entries[index].Block;
    }

    /// <summary>Name of a series by its place, 0 to <see cref="Count"/> - 1.</summary>
    public byte[] NameAt(int index) => _entries[index].Name;

    /// <summary>Bytes of each block where all are of one layout; else 0.</summary>
    public int CommonBlockBytes
    {
        get
        {
            var common = Count == 0 ? 0 : pool.LayoutOf(_entries[0].Block).BlockBytes;
            foreach (ref readonly var entry in _entries.AsSpan(0, Count))
            {
                if (pool.LayoutOf(entry.Block).BlockBytes != common)
                {
                    return 0;
                }
            }

            return common;
        }
    }

    /// <param name="head">Where names and what belongs to them go.</param>
    /// <param name="words">Where the blocks go.</param>
    public void Write(StateWriter head, StateWriter words)
    {
        head.Varint((ulong)Count);
        foreach (ref readonly var entry in _entries.AsSpan(0, Count))
        {
            Write(entry, head, words);
        }
    }

    /// <summary>As <see cref="Write(StateWriter, StateWriter)"/>, but of each block only the words that changed since <see cref="Written"/>.</summary>
    public void WriteChanges(StateWriter head, StateWriter words)
    {
        head.Varint((ulong)Count);
        foreach (ref readonly var entry in _entries.AsSpan(0, Count))
        {
            head.Byte(entry.IsWhole ? (byte)1 : (byte)0);
            if (entry.IsWhole)
            {
                Write(entry, head, words);
                continue;
            }

            var layout = pool.LayoutOf(entry.Block);
            var changes = pool.ChangesOf(entry.Block);
            changes.MarkFirst(layout.HeadWords);
            head.Varint((ulong)entry.LastOffset);
            head.Varint((ulong)entry.Version);
            head.Varint((ulong)layout.BlockBytes);
            changes.Write(head, words, pool[entry.Block]);
        }
    }

    /// <summary>More than half of the series are new or have changed in most of their state: their changes would be no smaller than the whole.</summary>
    public bool HaveChangedMostly
    {
        get
        {
            var changed = 0;
            foreach (ref readonly var entry in _entries.AsSpan(0, Count))
            {
                changed += entry.IsWhole || pool.HasChangedMostly(entry.Block) ? 1 : 0;
            }

            return 2 * changed > Count;
        }
    }

    /// <summary>All is being written: what changes from here on is what <see cref="WriteChanges"/> writes.</summary>
    public void Written()
    {
        foreach (ref var entry in _entries.AsSpan(0, Count))
        {
            entry.IsWhole = false;
            pool.ClearChanges(entry.Block);
        }
    }

    /// <summary>Once, into a set without series.</summary>
    /// <param name="head">The state.</param>
    /// <param name="words">The blocks; the same reader as the other one where each block follows its name.</param>
    /// <param name="ofOneLayout">True: as versions before wrote it, one layout for all series of a device and no settings.</param>
    /// <exception cref="FormatException">The bytes are not such a state.</exception>
    public void Read(ref StateReader head, ref StateReader words, bool ofOneLayout)
    {
        (ulong Fingerprint, int BlockBytes)? layout = ofOneLayout ? (head.Fixed64(), (int)head.Varint()) : null;
        var count = head.Count(2);
        _entries = new Entry[count];
        for (var i = 0; i < count; i++)
        {
            Append(ReadEntry(ref head, ref words, layout));
        }
    }

    /// <summary>Reads what <see cref="WriteChanges"/> wrote, onto the series as they were written as a whole before.</summary>
    /// <exception cref="FormatException">The bytes are not such changes.</exception>
    public void ReadChanges(ref StateReader head, ref StateReader words)
    {
        var count = head.Count(4);
        if (count < Count)
        {
            throw new FormatException("Changes of a device's series name fewer series than it had.");
        }

        for (var i = 0; i < count; i++)
        {
            if (head.Byte() != 0)
            {
                Put(i, ReadEntry(ref head, ref words, null) with { IsWhole = true });
                continue;
            }

            if (i >= Count)
            {
                throw new FormatException("Changes of a series that the device did not have.");
            }

            ref var entry = ref _entries[i];
            entry.LastOffset = (long)head.Varint();
            entry.Version = (int)head.Varint();
            var blockBytes = (int)head.Varint();
            if (entry.IsReset)
            {
                ChangedWords.Skip(ref head, ref words, blockBytes);
            }
            else if (pool.LayoutOf(entry.Block).BlockBytes == blockBytes)
            {
                pool.ChangesOf(entry.Block).Read(ref head, ref words, pool[entry.Block]);
            }
            else
            {
                throw new FormatException("Changes of a series are of another layout than the series.");
            }
        }
    }

    /// <summary>True when a series was read whose detectors are others now: it begins afresh.</summary>
    public bool HasReset { get; private set; }

    private void Write(in Entry entry, StateWriter head, StateWriter words)
    {
        var layout = pool.LayoutOf(entry.Block);
        head.Bytes(entry.Name);
        head.Varint((ulong)entry.LastOffset);
        head.Varint((ulong)entry.Version);
        head.Fixed64(layout.Fingerprint);
        head.Varint((ulong)layout.BlockBytes);
        words.Raw(pool[entry.Block]);
    }

    private Entry ReadEntry(ref StateReader head, ref StateReader words, (ulong Fingerprint, int BlockBytes)? layout)
    {
        var entry = new Entry { Name = names.Intern(head.Bytes()), LastOffset = (long)head.Varint() };
        entry.Version = layout is null ? (int)head.Varint() : 0;
        var (fingerprint, blockBytes) = layout ?? (head.Fixed64(), (int)head.Varint());
        var block = words.Raw(blockBytes);
        var known = pool.TryFind(fingerprint, blockBytes, out var slab);
        entry.Block = pool.Rent(known ? slab : 0);
        if (known)
        {
            block.CopyTo(pool[entry.Block]);
        }
        else
        {
            pool.Reset++;
            HasReset = entry.IsWhole = entry.IsReset = true;
        }

        return entry;
    }

    /// <summary>Puts a series in place of another one, or behind the last.</summary>
    private void Put(int index, in Entry entry)
    {
        if (index == Count)
        {
            if (Count == _entries.Length)
            {
                Array.Resize(ref _entries, Math.Max(1, Count * 2));
            }

            Append(entry);
            return;
        }

        pool.Return(_entries[index].Block);
        _table?.Dictionary.Remove(_entries[index].Name);
        _entries[index] = entry;
        if (_table is { } table)
        {
            table[entry.Name] = index;
        }
    }

    public void Release()
    {
        foreach (ref readonly var entry in _entries.AsSpan(0, Count))
        {
            pool.Return(entry.Block);
        }

        Count = 0;
        _entries = [];
        _table = null;
    }

    private int Find(ReadOnlySpan<byte> sensor, int hint)
    {
        if ((uint)hint < (uint)Count && sensor.SequenceEqual(_entries[hint].Name))
        {
            return hint;
        }

        if (_table is { } table)
        {
            return table.TryGetValue(sensor, out var index) ? index : -1;
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

    private int Add(ReadOnlySpan<byte> device, ReadOnlySpan<byte> sensor, long timeUs, DeviceIncidents? incidents)
    {
        if (Count >= pool.SeriesPerDeviceMax)
        {
            return Replace(device, sensor, timeUs, incidents);
        }

        if (Count == _entries.Length)
        {
            Array.Resize(ref _entries, Math.Max(1, Math.Min(Count * 2, pool.SeriesPerDeviceMax)));
        }

        Append(New(device, sensor));
        return Count - 1;
    }

    private void Append(in Entry entry)
    {
        _entries[Count] = entry;
        Count++;
        if (_table is { } table)
        {
            table[entry.Name] = Count - 1;
        }
        else if (Count > SearchMax)
        {
            var made = new Dictionary<byte[], int>(Count * 2, ByteKeyComparer.Instance);
            for (var i = 0; i < Count; i++)
            {
                made[_entries[i].Name] = i;
            }

            _table = made.GetAlternateLookup<ReadOnlySpan<byte>>();
        }
    }

    /// <summary>The lowest index of those seen longest ago: the same one in every run.</summary>
    private int Replace(ReadOnlySpan<byte> device, ReadOnlySpan<byte> sensor, long timeUs, DeviceIncidents? incidents)
    {
        var oldest = 0;
        for (var i = 1; i < Count; i++)
        {
            if (_entries[i].LastOffset < _entries[oldest].LastOffset)
            {
                oldest = i;
            }
        }

        if (SeriesLayout.Header(pool[_entries[oldest].Block]).LastUs > timeUs - StaleUs)
        {
            return -1;
        }

        var findings = FindingsOf(_entries[oldest].Block, incidents, out var incident);
        Close(incident, findings);
        pool.Evicted++;
        Put(oldest, New(device, sensor));
        return oldest;
    }

    /// <summary>Findings open on a series, and the incident they belong to.</summary>
    private int FindingsOf(int block, DeviceIncidents? incidents, out OpenIncident? incident)
    {
        incident = incidents?.Find(SeriesLayout.Header(pool[block]).Incident);
        return incident is null ? 0 : pool.LayoutOf(block).OpenFindings(pool[block]);
    }

    private static void Close(OpenIncident? incident, int findings)
    {
        if (incident is not null)
        {
            incident.OpenFindings = Math.Max(0, incident.OpenFindings - findings);
        }
    }

    private Entry New(ReadOnlySpan<byte> device, ReadOnlySpan<byte> sensor) => new()
    {
        Name = names.Intern(sensor),
        Block = pool.Rent(timeline.SlabOf(device, sensor)),
        Version = timeline.Version,
        IsFollowed = true,
        IsWhole = true,
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

        /// <summary>The series has not been written yet: its changes are all of it.</summary>
        public bool IsWhole;

        /// <summary>It was read with other detectors than it has now, and began afresh.</summary>
        public bool IsReset;
    }
}
