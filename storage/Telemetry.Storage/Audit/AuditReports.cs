namespace Telemetry.Storage.Audit;

/// <summary>What raw holds of one boot of one device.</summary>
/// <param name="Device">Device.</param>
/// <param name="BootId">Boot.</param>
/// <param name="Rows">Rows.</param>
/// <param name="Distinct">Distinct sequences; less than <paramref name="Rows"/> means doubled rows.</param>
/// <param name="FirstSequence">Lowest sequence.</param>
/// <param name="LastSequence">Highest sequence.</param>
public readonly record struct DeviceBootRows(
    string Device, ulong BootId, long Rows, long Distinct, ulong FirstSequence, ulong LastSequence);

/// <summary>How many readings a table holds.</summary>
/// <param name="Table">readings, readings_1m, readings_1h, readings_1d or readings_last.</param>
/// <param name="Readings">Rows of raw; sum of n of a rollup.</param>
public readonly record struct TableReadings(string Table, long Readings);

/// <summary>A bucket of a rollup that is not what raw says.</summary>
/// <param name="Table">Rollup.</param>
/// <param name="Sensor">Sensor.</param>
/// <param name="Device">Device.</param>
/// <param name="Bucket">Start of the bucket, as text, UTC.</param>
/// <param name="Expected">n, finite n, min, max, sum, first, last from raw; empty when raw has none.</param>
/// <param name="Found">The same from the rollup; empty when it has none.</param>
public readonly record struct RollupDifference(
    string Table, string Sensor, string Device, string Bucket, string Expected, string Found);
