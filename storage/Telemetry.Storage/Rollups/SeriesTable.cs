using System.Runtime.InteropServices;
using Telemetry.Storage.Blocks;

namespace Telemetry.Storage.Rollups;

/// <summary>Series of a block, numbered in the order in which they come, and behind them the markers, then the sensors at all devices.</summary>
internal sealed class SeriesTable
{
    private const int Smallest = 1024;

    private RollupSeries[] _series = new RollupSeries[Smallest];
    private ulong[] _keys = new ulong[2 * Smallest];
    private int[] _slots = new int[2 * Smallest];
    private int[] _order = new int[Smallest];
    private NameTable? _names;
    private readonly List<byte[]> _sensors = [];
    private readonly List<byte[]> _devices = [];
    private readonly Dictionary<byte[], int> _deviceNumbers = [];
    private readonly Dictionary<byte[], int> _fleets = [];

    public int Count { get; private set; }

    public ref RollupSeries this[int index] => ref _series[index];

    /// <summary>Numbers are of these names from now on. Series of other names stay apart, even if they are called alike; the table merges their rows.</summary>
    public void Use(NameTable names)
    {
        if (_names != names)
        {
            _names = names;
            Array.Clear(_slots);
        }
    }

    /// <summary>Number of a series, given its names' numbers.</summary>
    public int IndexOf(int sensor, int device)
    {
        var key = ((ulong)(uint)sensor << 32) | (uint)device;
        var mask = _slots.Length - 1;
        var at = Hash(key) & mask;
        while (_slots[at] != 0)
        {
            if (_keys[at] == key)
            {
                return _slots[at] - 1;
            }

            at = (at + 1) & mask;
        }

        if (Count == _series.Length)
        {
            Grow();
            return IndexOf(sensor, device);
        }

        _series[Count] = new RollupSeries(_names!.Encoded(sensor), _names.Encoded(device));
        _keys[at] = key;
        _slots[at] = ++Count;
        return Count - 1;
    }

    public int Add(in Marker marker)
    {
        if (Count == _series.Length)
        {
            Grow();
        }

        _series[Count] = RollupSeries.Of(marker);
        return Count++;
    }

    /// <summary>True: the number is that of a marker.</summary>
    public bool IsMarker(int index) => ReferenceEquals(_series[index].Device, RollupSeries.MarkerDevice);

    /// <summary>True: the number is that of a sensor at all devices.</summary>
    public bool IsFleet(int index) => ReferenceEquals(_series[index].Device, RollupSeries.FleetDevice);

    /// <summary>
    /// Adds, for each sensor, the series of all its devices, and tells the series their number. A name that is there twice gets two, as series do.
    /// </summary>
    public void AddFleets()
    {
        _fleets.Clear();
        for (int i = 0, count = Count; i < count; i++)
        {
            if (IsMarker(i))
            {
                continue;
            }

            var sensor = _series[i].Sensor;
            ref var fleet = ref CollectionsMarshal.GetValueRefOrAddDefault(_fleets, sensor, out var known);
            if (!known)
            {
                fleet = Count;
                if (Count == _series.Length)
                {
                    Grow();
                }

                _series[Count++] = new RollupSeries(sensor, RollupSeries.FleetDevice);
            }

            _series[i].Fleet = fleet;
        }
    }

    /// <summary>Numbers in the order of the tables: by sensor, then by device, each byte by byte. As of <see cref="Sort"/>.</summary>
    public ReadOnlySpan<int> Order => _order.AsSpan(0, Count);

    /// <summary>Puts the series in order.</summary>
    public void Sort()
    {
        var order = _order.AsSpan(0, Count);
        for (var i = 0; i < order.Length; i++)
        {
            order[i] = i;
        }

        order.Sort(Compare);
        NumberNames(order);
    }

    /// <summary>Names of sensors, to which <see cref="RollupSeries.SensorName"/> points. As of <see cref="Sort"/>.</summary>
    public IReadOnlyList<byte[]> Sensors => _sensors;

    /// <summary>Names of devices, to which <see cref="RollupSeries.DeviceName"/> points. As of <see cref="Sort"/>.</summary>
    public IReadOnlyList<byte[]> Devices => _devices;

    public void Clear()
    {
        if (_series.Length > Math.Max(Smallest, 8 * Count))
        {
            Resize(_series.Length / 2);
        }
        else
        {
            Array.Clear(_slots);
            Array.Clear(_series, 0, Count); // Names that nobody else uses any more.
        }

        Count = 0;
        _names = null;
        _sensors.Clear();
        _devices.Clear();
        _deviceNumbers.Clear();
        _fleets.Clear();
    }

    private static int Hash(ulong key) => (int)((key * 0x9E37_79B9_7F4A_7C15) >> 33);

    private int Compare(int left, int right)
    {
        ref var a = ref _series[left];
        ref var b = ref _series[right];
        var sensor = ReferenceEquals(a.Sensor, b.Sensor) ? 0 : a.Sensor.AsSpan(1).SequenceCompareTo(b.Sensor.AsSpan(1));
        return sensor != 0 ? sensor : a.Device.AsSpan(1).SequenceCompareTo(b.Device.AsSpan(1));
    }

    /// <summary>Sensors lie together in the order; a device comes again with each of its sensors. Names are told apart by reference: one that is there twice does no harm.</summary>
    private void NumberNames(ReadOnlySpan<int> order)
    {
        foreach (var one in order)
        {
            ref var series = ref _series[one];
            if (_sensors.Count == 0 || !ReferenceEquals(_sensors[^1], series.Sensor))
            {
                _sensors.Add(series.Sensor);
            }

            ref var number = ref CollectionsMarshal.GetValueRefOrAddDefault(_deviceNumbers, series.Device, out var known);
            if (!known)
            {
                number = _devices.Count;
                _devices.Add(series.Device);
            }

            (series.SensorName, series.DeviceName) = (_sensors.Count - 1, number);
        }
    }

    private void Grow()
    {
        var (keys, slots) = (_keys, _slots);
        var series = _series;
        Resize(2 * series.Length);
        Array.Copy(series, _series, Count);
        for (var i = 0; i < slots.Length; i++)
        {
            if (slots[i] == 0)
            {
                continue;
            }

            var at = Hash(keys[i]) & (_slots.Length - 1);
            while (_slots[at] != 0)
            {
                at = (at + 1) & (_slots.Length - 1);
            }

            (_keys[at], _slots[at]) = (keys[i], slots[i]);
        }
    }

    private void Resize(int size)
    {
        _series = new RollupSeries[size];
        _order = new int[size];
        _keys = new ulong[2 * size];
        _slots = new int[2 * size];
    }
}
