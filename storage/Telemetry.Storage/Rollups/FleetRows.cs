namespace Telemetry.Storage.Rollups;

/// <summary>
/// Rows of the minute and hour rollups that count the readings of a sensor at all devices together. They lie in the same tables, and each in the same block as the
/// rows of the series it counts, so whatever holds for those (markers, retention, recovery) holds for them. The device of such a row is <see cref="Device"/>.
/// </summary>
/// <remarks>
/// They are not right for all times: a store of an earlier version has none, and a deleted device leaves no sum to take it out of. From when on they are right is the
/// floor <see cref="Horizon"/> of <c>horizon_floors</c>; for times before it, the rows of the series answer.
/// </remarks>
internal static class FleetRows
{
    /// <summary>No device can be called so: names have no dollar sign.</summary>
    public const string Device = "$fleet";

    /// <summary>Name in <c>horizon_floors</c>.</summary>
    public const string Horizon = "fleet";

    /// <summary>Condition on the rows of a rollup: those of a series, neither markers nor of all devices.</summary>
    public const string OfSeries = "device NOT IN ('$sink', '$fleet')";

    /// <summary>True: the rollup has such rows.</summary>
    public static bool AreIn(string table) => table is "readings_1m" or "readings_1h";

    /// <summary>
    /// A SELECT that makes them from the rows of the series, with its columns.
    /// </summary>
    /// <param name="table">Rollup.</param>
    /// <param name="from">Table with the rows of the series.</param>
    /// <param name="where">Further condition on these.</param>
    public static (string Columns, string Select) Select(string table, string from, string where)
    {
        var (columns, sums) = table == "readings_1h"
            ? (", vsq, n_sketched", ", sum(r.vsq), toUInt64(0)")
            : ("", "");
        return (
            "sensor, device, ts, n, n_finite, vmin, vmax, vsum, vsum_scaled, first_reading, last_reading, mark_lo, mark_hi" + columns,
            $"SELECT sensor, '{Device}', ts, sum(r.n), sum(r.n_finite), min(r.vmin), max(r.vmax), sum(r.vsum), sum(r.vsum_scaled), min(r.first_reading), max(r.last_reading), 0, 0{sums} "
            + $"FROM {from} AS r WHERE {OfSeries} AND {where} GROUP BY sensor, ts");
    }
}
