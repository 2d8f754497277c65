using Telemetry.Storage.Rollups;

namespace Telemetry.Storage.Audit;

/// <summary>From when on the tables are compared, in microseconds: what is older may have been removed by retention.</summary>
/// <param name="Raw">Raw readings are complete from here on.</param>
/// <param name="Rollups">And each rollup, by its name; absent is complete.</param>
public sealed record AuditWindow(long Raw, IReadOnlyDictionary<string, long> Rollups)
{
    /// <summary>From when on the rows of all devices of a sensor count what those of the series count. Null: there are none.</summary>
    public long? Fleets { get; init; } = 0;

    /// <summary>Nothing has been removed.</summary>
    public static readonly AuditWindow Everything = new(0, new Dictionary<string, long>());

    /// <summary>Retention that has not reached the oldest reading of all has removed nothing.</summary>
    /// <param name="oldest">Event time of the oldest reading that any table knows of, microseconds; null when there is none.</param>
    public AuditWindow Since(long? oldest)
    {
        long From(long completeFrom) => completeFrom > oldest ? completeFrom : 0;
        return new AuditWindow(From(Raw), Rollups.ToDictionary(r => r.Key, r => From(r.Value))) { Fleets = Fleets };
    }

    /// <summary>From when on both are complete.</summary>
    public long Common(string rollup) => Math.Max(Raw, Rollups.GetValueOrDefault(rollup));
}

/// <summary>Sequences of one boot of one device in a slice of raw, in no order and with those that are there twice.</summary>
/// <param name="Device">Device.</param>
/// <param name="BootId">Boot.</param>
/// <param name="IsRecent">Their event times are at or after the moment asked for.</param>
/// <param name="Sequences">Sequences; valid until the next.</param>
public readonly record struct BootSequences(string Device, ulong BootId, bool IsRecent, Memory<ulong> Sequences);

/// <summary>A rollup and raw where both are complete.</summary>
/// <param name="Rollup">Rollup.</param>
/// <param name="Raw">Readings of raw in that time.</param>
/// <param name="Readings">Readings that the rollup counts in it.</param>
/// <param name="All">Readings that the rollup counts at any time.</param>
public readonly record struct RollupTotals(string Rollup, long Raw, long Readings, long All);

/// <summary>A bucket of a rollup that is not what raw says.</summary>
/// <param name="Table">Rollup.</param>
/// <param name="Sensor">Sensor.</param>
/// <param name="Device">Device.</param>
/// <param name="Bucket">Start of the bucket, as text, UTC; empty for the latest values.</param>
/// <param name="Expected">What raw says; empty when raw has none.</param>
/// <param name="Found">What the rollup says; empty when it has none.</param>
public readonly record struct RollupDifference(
    string Table, string Sensor, string Device, string Bucket, string Expected, string Found)
{
    /// <summary>True: a row of all devices of the sensor, which was compared with those of its series.</summary>
    public bool IsOfAllDevices => Device == FleetRows.Device;
}
