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
    /// <param name="isKnown">False: the detectors of a series are others now, and it begins afresh.</param>
    public static SeriesSet Read(
        ref StateReader reader, SeriesPool pool, SettingsTimeline timeline, SensorNames names, bool ofOneLayout, out bool isKnown)
    {
        var fingerprint = ofOneLayout ? reader.Fixed64() : 0;
        var blockBytes = ofOneLayout ? (int)reader.Varint() : 0;
        var count = reader.Count(blockBytes + 2);
        var set = new SeriesSet(pool, timeline, names) { _entries = new Entry[count] };
        isKnown = true;
        for (var i = 0; i < count; i++)
        {
            var entry = new Entry { Name = names.Intern(reader.Bytes()), LastOffset = (long)reader.Varint() };
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
                isKnown = false;
            }

            set.Append(entry);
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
        pool.Return(_entries[oldest].Block);
        _table?.Dictionary.Remove(_entries[oldest].Name);
        _entries[oldest] = New(device, sensor);
        if (_table is { } table)
        {
            table[_entries[oldest].Name] = oldest;
        }

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
