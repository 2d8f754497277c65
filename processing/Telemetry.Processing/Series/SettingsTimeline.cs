using System.Text;
using Telemetry.Processing.Detectors;
using Telemetry.Processing.Settings;

namespace Telemetry.Processing.Series;

/// <summary>
/// Which settings are in force in one partition, from which offset on. What runs on a series is a function of this line and of the
/// offsets of the series' records, so every replay decides alike.
/// </summary>
internal sealed class SettingsTimeline
{
    /// <summary>Changes remembered: those behind the oldest offset a restart replays from are not needed.</summary>
    public const int EpochsMax = 64;

    private readonly SeriesPool _pool;
    private readonly Func<IReadOnlyList<ISeriesDetector>> _defaults;
    private readonly List<Epoch> _epochs = [new Epoch(long.MinValue, 0, DetectorSettings.Empty)];
    private readonly StringBuilder _key = new();
    private int _current;

    /// <param name="pool">Where the blocks are.</param>
    /// <param name="defaults">The detectors of nobody's choice.</param>
    public SettingsTimeline(SeriesPool pool, Func<IReadOnlyList<ISeriesDetector>> defaults)
    {
        (_pool, _defaults) = (pool, defaults);
    }

    /// <summary>Version in force; 0: none was ever given.</summary>
    public int Version => _epochs[_current].Version;

    /// <summary>Version in force at the end of the line.</summary>
    public int LastVersion => _epochs[^1].Version;

    /// <summary>Offset from which on the last version is in force.</summary>
    public long LastOffset => _epochs[^1].FromOffset;

    /// <summary>Settings in force.</summary>
    public DetectorSettings Settings => _epochs[_current].Settings;

    /// <summary>Settings that are in force from an offset on; later than all before.</summary>
    public void Add(long fromOffset, int version, DetectorSettings settings)
    {
        if (fromOffset == _epochs[^1].FromOffset)
        {
            // Nothing was processed under the one before.
            _epochs.RemoveAt(_epochs.Count - 1);
        }

        _epochs.Add(new Epoch(fromOffset, version, settings));
        foreach (var detectors in settings.Rules.Select(rule => rule.Detectors).OfType<IReadOnlyList<DetectorChoice>>())
        {
            SlabOf(_epochs[^1], detectors);
        }

        if (_epochs.Count > EpochsMax)
        {
            _epochs.RemoveAt(0);
            _current = Math.Max(0, _current - 1);
            _pool.Unname(slab => _epochs.Exists(epoch => epoch.Slabs.ContainsValue(slab)));
        }

        _current = Math.Min(_current, _epochs.Count - 1);
    }

    /// <summary>To be called with every record's offset.</summary>
    public void Advance(long offset)
    {
        while (_current + 1 < _epochs.Count && _epochs[_current + 1].FromOffset <= offset)
        {
            _current++;
        }
    }

    /// <summary>
    /// The block that a series goes on with. Its state is kept if the settings gave it the same detectors all the time since the version
    /// it was last seen under; otherwise it starts afresh.
    /// </summary>
    /// <param name="block">Its block.</param>
    /// <param name="seenVersion">Version in force at its last record.</param>
    /// <param name="device">Device.</param>
    /// <param name="sensor">Sensor.</param>
    public int Follow(int block, int seenVersion, ReadOnlySpan<byte> device, ReadOnlySpan<byte> sensor)
    {
        var (deviceText, sensorText) = (Encoding.ASCII.GetString(device), Encoding.ASCII.GetString(sensor));
        var slab = SeriesPool.SlabOf(block);
        var resolved = Resolve(_epochs[_current], deviceText, sensorText);
        var same = resolved == slab;
        for (var i = _current - 1; same && i >= 0 && _epochs[i].Version > seenVersion; i--)
        {
            same = Resolve(_epochs[i], deviceText, sensorText) == slab;
        }

        if (same)
        {
            return block;
        }

        _pool.Return(block);
        _pool.Reset++;
        return _pool.Rent(resolved);
    }

    /// <summary>The slab of a series that is new.</summary>
    public int SlabOf(ReadOnlySpan<byte> device, ReadOnlySpan<byte> sensor) => _epochs[_current].Settings.Rules.Count == 0
        ? 0
        : Resolve(_epochs[_current], Encoding.ASCII.GetString(device), Encoding.ASCII.GetString(sensor));

    private int Resolve(Epoch epoch, string device, string sensor) => SlabOf(epoch, epoch.Settings.DetectorsOf(device, sensor));

    private int SlabOf(Epoch epoch, IReadOnlyList<DetectorChoice> detectors)
    {
        if (detectors is [{ Text: DetectorCatalogue.Default }])
        {
            return 0;
        }

        _key.Clear().AppendJoin(';', detectors.Select(static d => d.Text));
        var key = _key.ToString();
        if (!epoch.Slabs.TryGetValue(key, out var slab))
        {
            var made = detectors.SelectMany(d => d.Text == DetectorCatalogue.Default ? _defaults() : d.Make()).ToList();
            slab = _pool.SlabFor(new SeriesLayout(made));
            epoch.Slabs.Add(key, slab);
        }

        return slab;
    }

    private sealed record Epoch(long FromOffset, int Version, DetectorSettings Settings)
    {
        /// <summary>Slab by the detectors' texts.</summary>
        public Dictionary<string, int> Slabs { get; } = [];
    }
}
