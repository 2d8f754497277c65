using System.Collections.Concurrent;
using Telemetry.Contracts.Catalogue;
using Telemetry.Contracts.V1;

namespace Telemetry.Query.Catalogue;

/// <summary>
/// What the catalogue says alike of a sensor at every device that has it: a unit that is not everyone's is not the unit of their mean. Which devices have a sensor is
/// asked of the store now and then only; what the catalogue says counts at once. Safe for use by several threads.
/// </summary>
/// <param name="time">Clock.</param>
internal sealed class SensorsInCommon(TimeProvider time)
{
    /// <summary>Devices that are kept, of all sensors together; those of a sensor with more are asked for each time.</summary>
    private const int DevicesMax = 200_000;

    private static readonly TimeSpan Keep = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<string, Known> _known = new(StringComparer.Ordinal);

    /// <param name="book">The catalogue.</param>
    /// <param name="sensor">Sensor.</param>
    /// <param name="findDevices">Asks the store for the devices that have it; null: too many to look among.</param>
    /// <returns>Null: nothing, or not alike.</returns>
    public async ValueTask<CatalogueEntry?> FindAsync(CatalogueBook book, string sensor, Func<ValueTask<IReadOnlyList<string>?>> findDevices)
    {
        var version = book.Version;
        if (!_known.TryGetValue(sensor, out var known) || time.GetElapsedTime(known.At) >= Keep)
        {
            var devices = await findDevices();
            known = new Known(devices ?? [], time.GetTimestamp(), version, Of(book, sensor, devices));
            Remember(sensor, known);
        }
        else if (known.Version != version)
        {
            known = known with { Version = version, Entry = Of(book, sensor, known.Devices) };
            _known[sensor] = known;
        }

        return known.Entry;
    }

    /// <summary>What is said alike of the sensor of all these devices.</summary>
    public static CatalogueEntry? Of(CatalogueBook? book, string sensor, IReadOnlyList<string>? devices)
    {
        if (book is null || devices is null || devices.Count == 0 || book.Sensor(devices[0], sensor) is not { } first)
        {
            return null;
        }

        var unit = CatalogueJson.UnitOf(first);
        return devices.All(d => CatalogueJson.UnitOf(book.Sensor(d, sensor)) == unit) ? first : null;
    }

    private void Remember(string sensor, Known known)
    {
        if (_known.Sum(k => 1 + k.Value.Devices.Count) + known.Devices.Count >= DevicesMax)
        {
            _known.Clear();
        }

        if (known.Devices.Count < DevicesMax)
        {
            _known[sensor] = known;
        }
    }

    /// <param name="Devices">Devices with the sensor.</param>
    /// <param name="At">When they were asked for.</param>
    /// <param name="Version">Version of the catalogue that <paramref name="Entry"/> is of.</param>
    /// <param name="Entry">What it says of all alike.</param>
    private sealed record Known(IReadOnlyList<string> Devices, long At, long Version, CatalogueEntry? Entry);
}
