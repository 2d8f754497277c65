using System.Globalization;
using Telemetry.Storage.ClickHouse;

namespace Telemetry.Storage.Horizon;

/// <summary>
/// What the log still holds of devices whose data was deleted. It goes with the log's retention; until then whoever reads the log to fill or to compare the
/// store passes over it, or it would come back.
/// </summary>
public sealed class DeletedDevices
{
    private readonly Dictionary<(string Topic, int Partition, string Device), long> _below;

    private DeletedDevices(Dictionary<(string Topic, int Partition, string Device), long> below)
    {
        _below = below;
        Devices = below.Keys.Select(k => k.Device).ToHashSet(StringComparer.Ordinal);
    }

    /// <summary>No device was deleted.</summary>
    public static DeletedDevices None { get; } = new([]);

    /// <summary>Their names.</summary>
    public IReadOnlySet<string> Devices { get; }

    /// <summary>All deletions that the store knows of.</summary>
    public static async ValueTask<DeletedDevices> ReadAsync(IClickHouse clickHouse, CancellationToken cancellationToken)
    {
        IReadOnlyList<string[]> rows;
        try
        {
            rows = await clickHouse.QueryRowsAsync(
                "SELECT topic, partition, device, max(below) FROM device_deletions GROUP BY topic, partition, device", null, cancellationToken);
        }
        catch (ClickHouseException e) when (e.Code == ClickHouseErrors.UnknownTable)
        {
            return None; // A store of a version that could not delete.
        }

        return rows.Count == 0
            ? None
            : new(rows.ToDictionary(
                r => (r[0], int.Parse(r[1], CultureInfo.InvariantCulture), r[2]), r => long.Parse(r[3], CultureInfo.InvariantCulture)));
    }

    /// <summary>Devices and up to where they were deleted: two looks that say the same know of the same deletions.</summary>
    public IEnumerable<(string Device, long Below)> Marks => _below.Select(b => (b.Key.Device, b.Value));

    /// <summary>True: what this record says of the device was deleted.</summary>
    public bool Contains(string topic, int partition, long offset, string device) =>
        _below.Count > 0 && _below.TryGetValue((topic, partition, device), out var below) && offset < below;

    /// <summary>The same before the device's name has been made a string, for the way of every record.</summary>
    public bool IsEmpty => _below.Count == 0;
}
