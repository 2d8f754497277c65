using System.Collections.Concurrent;
using System.Globalization;
using Google.Protobuf;
using Telemetry.Contracts.Alarms;
using Telemetry.Contracts.V1;
using Telemetry.Contracts.Wire;

namespace Telemetry.Contracts.Catalogue;

/// <summary>
/// The catalogue as its topic has it: the newest entry of each source, and what they say together. Bounded in bytes: what has no room is left out and
/// counted. One writer; readers from any thread.
/// </summary>
/// <param name="bytesMax">Bytes it may hold, about.</param>
/// <param name="keep">Cuts an entry to what the reader needs; null: all of it.</param>
public sealed class CatalogueBook(long bytesMax, Func<CatalogueEntry, CatalogueEntry>? keep = null)
{
    /// <summary>Memory of an entry besides its text, about.</summary>
    private const int EntryOverheadBytes = 400;

    private static readonly CatalogueSource[] Order = [CatalogueSource.Edited, CatalogueSource.Device, CatalogueSource.Sparkplug];

    private readonly ConcurrentDictionary<CatalogueName, CatalogueEntry> _entries = new();
    private readonly Dictionary<CatalogueName, Pattern> _patternsByName = [];
    private readonly string _epoch = Guid.NewGuid().ToString("N")[..8];
    private readonly Lock _gate = new();
    private volatile Pattern[] _patterns = [];
    private (long Version, CatalogueNames Names)? _names;
    private long _bytes;
    private long _version;
    private long _leftOut;

    /// <summary>Tag of the whole; another one after each change.</summary>
    public string ETag => string.Create(CultureInfo.InvariantCulture, $"\"{_epoch}-{Interlocked.Read(ref _version)}\"");

    /// <summary>Another one after each change.</summary>
    public long Version => Interlocked.Read(ref _version);

    /// <summary>Entries for which there was no room.</summary>
    public long LeftOut => Interlocked.Read(ref _leftOut);

    /// <summary>Patterns, the one that counts first first.</summary>
    public IReadOnlyList<CatalogueEntry> Patterns => [.. _patterns.Select(p => p.Entry)];

    /// <summary>Begins anew, before the topic is read from its beginning.</summary>
    public void Clear()
    {
        lock (_gate)
        {
            _entries.Clear();
            _patternsByName.Clear();
            _patterns = [];
            _bytes = 0;
            _leftOut = 0;
            Interlocked.Increment(ref _version);
        }
    }

    /// <summary>Takes one record's value. What is no entry is passed over.</summary>
    public void Take(ReadOnlyMemory<byte> value)
    {
        try
        {
            if (ConfluentFrame.TryRead(value, out _, out var message))
            {
                Take(CatalogueEntry.Parser.ParseFrom(message.Span));
            }
        }
        catch (InvalidProtocolBufferException)
        {
            // Whoever stores it dead-letters it.
        }
    }

    /// <summary>Takes an entry in place of the one of its name.</summary>
    public void Take(CatalogueEntry entry)
    {
        lock (_gate)
        {
            var name = CatalogueName.Of(entry);
            IReadOnlyList<CatalogueEntry> sensors = entry.Deleted ? [] : entry.Sensors;
            var gone = (_entries.TryGetValue(name, out var old) ? old.Sensors : []).Select(s => s.Sensor).Except(sensors.Select(s => s.Sensor));
            foreach (var sensor in gone)
            {
                Remove(name with { Sensor = sensor });
            }

            Put(name, entry);
            foreach (var sensor in sensors)
            {
                Put(name with { Sensor = sensor.Sensor }, sensor);
            }

            if (name.Source == CatalogueSource.Pattern)
            {
                _patternsByName.Remove(name);
                if (_entries.TryGetValue(name, out var kept) && !kept.Deleted)
                {
                    _patternsByName.Add(name, new Pattern(kept));
                }

                _patterns =
                [
                    .. _patternsByName.Values.OrderByDescending(p => p.Letters)
                        .ThenBy(p => p.Entry.Device, StringComparer.Ordinal).ThenBy(p => p.Entry.Sensor, StringComparer.Ordinal),
                ];
            }

            Interlocked.Increment(ref _version);
        }
    }

    /// <summary>Forgets that there was an entry of a name; what is in force goes by an entry that says so.</summary>
    public void Forget(CatalogueName name)
    {
        lock (_gate)
        {
            if (_entries.TryGetValue(name, out var entry) && entry.Deleted)
            {
                Remove(name);
            }
        }
    }

    /// <summary>Names of all entries of a device and its sensors; deleted ones too. Patterns are not among them.</summary>
    public IReadOnlyList<CatalogueName> NamesOf(string device) =>
        [.. _entries.Keys.Where(n => n.Device == device && n.Source != CatalogueSource.Pattern).OrderBy(n => n.Source).ThenBy(n => n.Sensor, StringComparer.Ordinal)];

    /// <summary>What one source says; null: nothing. A deleted entry is given, for its version.</summary>
    public CatalogueEntry? Of(CatalogueName name) => _entries.GetValueOrDefault(name);

    /// <summary>What all sources say of a device together; null: nothing.</summary>
    public CatalogueEntry? Device(string device) => Find(device, "", null);

    /// <summary>What all sources say of a sensor together; null: nothing.</summary>
    public CatalogueEntry? Sensor(string device, string sensor) => Find(device, sensor, null);

    /// <summary>As <see cref="Device"/> and <see cref="Sensor"/>, and who says something, the first first.</summary>
    public (CatalogueEntry? Entry, IReadOnlyList<CatalogueSource> Sources) Explain(string device, string sensor)
    {
        var sources = new List<CatalogueSource>();
        return (Find(device, sensor, sources), sources);
    }

    /// <summary>The devices and sensors that are named. Those that only a pattern covers are not known by name.</summary>
    public CatalogueNames Names()
    {
        lock (_gate)
        {
            if (_names is not { } held || held.Version != _version)
            {
                held = (_version, new CatalogueNames(_entries.Where(e => !e.Value.Deleted).Select(e => e.Key)));
                _names = held;
            }

            return held.Names;
        }
    }

    /// <summary>All entries of people: what an export writes.</summary>
    public IReadOnlyList<CatalogueEntry> Written() =>
    [
        .. _entries.Where(e => e.Key.Source is CatalogueSource.Edited or CatalogueSource.Pattern && !e.Value.Deleted).Select(e => e.Value)
            .OrderByDescending(e => e.Source).ThenBy(e => e.Device, StringComparer.Ordinal).ThenBy(e => e.Sensor, StringComparer.Ordinal),
    ];

    private CatalogueEntry? Find(string device, string sensor, List<CatalogueSource>? sources)
    {
        CatalogueEntry? found = null;
        var isOwn = false;
        foreach (var source in Order)
        {
            if (_entries.TryGetValue(new CatalogueName(source, device, sensor), out var entry) && !entry.Deleted)
            {
                Add(entry, source);
            }
        }

        foreach (var pattern in _patterns)
        {
            if (pattern.Covers(device, sensor))
            {
                Add(pattern.Entry, CatalogueSource.Pattern);
            }
        }

        return found;

        void Add(CatalogueEntry entry, CatalogueSource source)
        {
            if (sources is not null && !sources.Contains(source))
            {
                sources.Add(source);
            }

            if (found is null)
            {
                found = entry;
                return;
            }

            found = isOwn ? found : found.Clone();
            isOwn = true;
            CatalogueMerge.Complete(found, entry);
        }
    }

    /// <summary>In one step: a reader sees the old entry or the new one, never none.</summary>
    private void Put(CatalogueName name, CatalogueEntry entry)
    {
        var kept = keep?.Invoke(entry) ?? entry;
        var bytes = BytesOf(kept) - (_entries.TryGetValue(name, out var old) ? BytesOf(old) : 0);
        if (_bytes + bytes > bytesMax)
        {
            Remove(name);
            Interlocked.Increment(ref _leftOut);
            return;
        }

        _bytes += bytes;
        _entries[name] = kept;
    }

    private void Remove(CatalogueName name)
    {
        if (_entries.TryRemove(name, out var entry))
        {
            _bytes -= BytesOf(entry);
        }
    }

    private static long BytesOf(CatalogueEntry entry) => EntryOverheadBytes + (2L * entry.CalculateSize());

    private sealed class Pattern(CatalogueEntry entry)
    {
        private readonly NamePattern _device = new(entry.Device);
        private readonly NamePattern _sensor = new(entry.Sensor);

        public CatalogueEntry Entry => entry;

        /// <summary>The more of a name a pattern says, the earlier it counts.</summary>
        public int Letters { get; } = (entry.Device + entry.Sensor).Count(c => c is not ('*' or '?'));

        public bool Covers(string device, string sensor) =>
            sensor.Length == 0 == (entry.Sensor.Length == 0) && _device.IsMatch(device) && _sensor.IsMatch(sensor);
    }
}
