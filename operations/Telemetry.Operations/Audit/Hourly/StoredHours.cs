using System.Globalization;
using Telemetry.Storage.ClickHouse;

namespace Telemetry.Operations.Audit.Hourly;

/// <summary>What the store has of each hour.</summary>
internal static class StoredHours
{
    private static readonly string Limit = HourFigures.SummedMax.ToString("R", CultureInfo.InvariantCulture);

    /// <param name="clickHouse">The store.</param>
    /// <param name="first">Number of the first hour.</param>
    /// <param name="end">Number of the hour after the last one.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <exception cref="ClickHouseException">The store does not answer.</exception>
    public static async Task<IReadOnlyDictionary<long, StoredHour>> ReadAsync(IClickHouse clickHouse, long first, long end, CancellationToken cancellationToken)
    {
        var (from, to) = (Second(first), Second(end));
        var rows = await clickHouse.QueryRowsAsync(
            "SELECT h, sum(raw), sum(s), sum(rolled) FROM ("
            + $"SELECT intDiv(toUnixTimestamp(event_time), 3600) AS h, count() AS raw, sumIf(value, abs(value) <= {Limit}) AS s, toUInt64(0) AS rolled "
            + $"FROM readings_data WHERE event_time >= toDateTime64({from}, 6, 'UTC') AND event_time < toDateTime64({to}, 6, 'UTC') GROUP BY h "
            + "UNION ALL SELECT intDiv(toUnixTimestamp(ts), 3600) AS h, toUInt64(0), toFloat64(0), sum(n) "
            + $"FROM readings_1h_data WHERE ts >= toDateTime({from}, 'UTC') AND ts < toDateTime({to}, 'UTC') GROUP BY h) GROUP BY h "
            + "SETTINGS max_execution_time = 0, max_threads = 2",
            null,
            cancellationToken,
            QueryKind.Batch);
        return rows.ToDictionary(
            r => long.Parse(r[0], CultureInfo.InvariantCulture),
            r => new StoredHour(
                long.Parse(r[1], CultureInfo.InvariantCulture),
                double.Parse(r[2], CultureInfo.InvariantCulture),
                long.Parse(r[3], CultureInfo.InvariantCulture)));
    }

    private static string Second(long hour) => (hour * 3600).ToString(CultureInfo.InvariantCulture);
}
