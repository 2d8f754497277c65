using System.Text;
using ReadingQuality = Telemetry.Contracts.Readings.Quality;

namespace Telemetry.Query.Live;

/// <summary>Newest reading of a series as the tail saw it.</summary>
internal readonly record struct LatestValue(long TimeUs, ulong Sequence, double Value, ReadingQuality Quality)
{
    /// <summary>By event time, and at the same time by sequence, as the store decides it.</summary>
    public bool IsNewerThan(in LatestValue other) => TimeUs > other.TimeUs || (TimeUs == other.TimeUs && Sequence > other.Sequence);
}

/// <summary>
/// Newest reading of each series seen since the tail started, by event time. Bounded: when it is full, series not yet in
/// it are left to the store.
/// </summary>
internal sealed class LatestValues(int seriesMax)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, DeviceValues> _devices = [];
    private int _series;

    /// <summary>Takes one device's readings; the names are found without allocation once they are known.</summary>
    public Writer Device(ReadOnlySpan<byte> device)
    {
        Span<char> text = stackalloc char[device.Length];
        Encoding.ASCII.GetChars(device, text);
        lock (_gate)
        {
            var lookup = _devices.GetAlternateLookup<ReadOnlySpan<char>>();
            if (!lookup.TryGetValue(text, out var values) && _series < seriesMax)
            {
                values = new DeviceValues(text.ToString());
                _devices.Add(values.Device, values);
            }

            return new Writer(this, values);
        }
    }

    /// <summary>Newest readings of a device's sensors; empty when the tail has seen none.</summary>
    public IReadOnlyList<KeyValuePair<string, LatestValue>> Of(string device)
    {
        lock (_gate)
        {
            return _devices.TryGetValue(device, out var values) ? [.. values.Sensors] : [];
        }
    }

    /// <summary>Forgets a device.</summary>
    public void Remove(string device)
    {
        lock (_gate)
        {
            if (_devices.Remove(device, out var values))
            {
                _series -= values.Sensors.Count;
            }
        }
    }

    public LatestValue? Of(string device, string sensor)
    {
        lock (_gate)
        {
            return _devices.TryGetValue(device, out var values) && values.Sensors.TryGetValue(sensor, out var value)
                ? value
                : null;
        }
    }

    internal sealed class DeviceValues(string device)
    {
        public string Device { get; } = device;

        public Dictionary<string, LatestValue> Sensors { get; } = [];
    }

    public readonly ref struct Writer(LatestValues owner, DeviceValues? values)
    {
        /// <summary>Takes a reading when it is newer than the one held.</summary>
        public void Offer(ReadOnlySpan<byte> sensor, in LatestValue value)
        {
            if (values is null)
            {
                return;
            }

            Span<char> text = stackalloc char[sensor.Length];
            Encoding.ASCII.GetChars(sensor, text);
            lock (owner._gate)
            {
                var lookup = values.Sensors.GetAlternateLookup<ReadOnlySpan<char>>();
                if (lookup.TryGetValue(text, out var held))
                {
                    if (value.IsNewerThan(held))
                    {
                        lookup[text] = value;
                    }
                }
                else if (owner._series < owner.SeriesMax)
                {
                    lookup[text] = value;
                    owner._series++;
                }
            }
        }
    }

    private int SeriesMax => seriesMax;
}
