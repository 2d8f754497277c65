namespace Telemetry.Contracts.Catalogue;

/// <summary>Devices and sensors of a catalogue, by name.</summary>
public sealed class CatalogueNames
{
    private readonly Dictionary<string, string[]> _sensors;

    internal CatalogueNames(IEnumerable<CatalogueName> names)
    {
        var devices = new SortedDictionary<string, SortedSet<string>>(StringComparer.Ordinal);
        foreach (var name in names.Where(n => n.Source != V1.CatalogueSource.Pattern))
        {
            if (!devices.TryGetValue(name.Device, out var sensors))
            {
                devices.Add(name.Device, sensors = new SortedSet<string>(StringComparer.Ordinal));
            }

            if (name.Sensor.Length > 0)
            {
                sensors.Add(name.Sensor);
            }
        }

        Devices = [.. devices.Keys];
        _sensors = devices.ToDictionary(d => d.Key, d => d.Value.ToArray());
    }

    /// <summary>Devices, in ordinal order.</summary>
    public IReadOnlyList<string> Devices { get; }

    /// <summary>Sensors of a device, in ordinal order.</summary>
    public IReadOnlyList<string> SensorsOf(string device) => _sensors.TryGetValue(device, out var sensors) ? sensors : [];

    /// <summary>Devices after a name; all for an empty one.</summary>
    public IEnumerable<string> DevicesAfter(string name)
    {
        for (var i = FirstAfter(name); i < Devices.Count; i++)
        {
            yield return Devices[i];
        }
    }

    private int FirstAfter(string name)
    {
        var (low, high) = (0, Devices.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = string.CompareOrdinal(Devices[middle], name) <= 0 ? (middle + 1, high) : (low, middle);
        }

        return low;
    }
}
