using System.Globalization;
using Telemetry.Storage.ClickHouse;
using Telemetry.Storage.Ownership;

namespace Telemetry.Storage.Sizes;

/// <summary>Asks the engine what the tables take on disk, by <c>system.parts</c>; reads no data.</summary>
public static class StoreSizeReader
{
    private const string Raw = "readings";

    private static readonly ReplacedParts None = new(0, 0, 0);

    /// <summary>The size of every table of the current database.</summary>
    /// <param name="clickHouse">The store.</param>
    /// <param name="time">For the time of the answer.</param>
    /// <param name="kind">Who asks.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="ClickHouseException">The store cannot be asked.</exception>
    public static async ValueTask<StoreSize> ReadAsync(IClickHouse clickHouse, TimeProvider time, QueryKind kind, CancellationToken cancellationToken)
    {
        var layout = await StoreLayout.ReadAsync(clickHouse, cancellationToken);
        var parts = await clickHouse.QueryRowsAsync(
            "SELECT table, sumIf(rows, active), sumIf(bytes_on_disk, active), sumIf(data_uncompressed_bytes, active), countIf(active), sumIf(files, active), "
            + "toUnixTimestamp(minIf(min_time, active AND min_time != 0)), toUnixTimestamp(maxIf(max_time, active)), "
            + $"countIf(NOT active), sumIf(files, NOT active), sumIf(bytes_on_disk, NOT active) FROM {layout.System("parts")} "
            + "WHERE database = currentDatabase() GROUP BY table ORDER BY sumIf(bytes_on_disk, active) DESC, table",
            null, cancellationToken, kind);
        var columns = (await clickHouse.QueryRowsAsync(
            "SELECT c.table, c.name, c.type, c.compression_codec, p.rows, p.bytes FROM system.columns AS c "
            + "LEFT JOIN (SELECT table, column, sum(rows) AS rows, sum(column_bytes_on_disk) AS bytes "
            + $"FROM {layout.System("parts_columns")} WHERE database = currentDatabase() AND active AND part_type = 'Wide' GROUP BY table, column) AS p "
            + "ON p.table = c.table AND p.column = c.name WHERE c.database = currentDatabase() ORDER BY p.bytes DESC, c.position",
            null, cancellationToken, kind)).ToLookup(c => c[0], Column);
        var disks = await clickHouse.QueryRowsAsync(
            "SELECT d.name, d.type, p.bytes, d.free_space, d.total_space FROM system.disks AS d LEFT JOIN "
            + $"(SELECT disk_name, sum(bytes_on_disk) AS bytes FROM {layout.System("parts")} WHERE database = currentDatabase() GROUP BY disk_name) AS p "
            + "ON p.disk_name = d.name ORDER BY d.name",
            null, cancellationToken, kind);
        var readings = parts.Where(p => p[0] == Raw).Sum(p => Number(p[1]));
        var tables = parts.Select(p => Table(p, readings, [.. columns[p[0]]])).ToList();
        return new StoreSize(
            time.GetUtcNow(), readings, tables.Sum(t => t.Bytes), tables.Sum(t => t.Parts), tables.Sum(t => t.Files),
            tables.Aggregate(None, (sum, t) => new(sum.Parts + t.Replaced.Parts, sum.Files + t.Replaced.Files, sum.Bytes + t.Replaced.Bytes)),
            [.. disks.Select(Disk)], tables);
    }

    private static TableSize Table(string[] row, long readings, IReadOnlyList<ColumnSize> columns)
    {
        var (rows, bytes) = (Number(row[1]), Number(row[2]));
        return new TableSize(
            row[0], rows, bytes, Number(row[3]), Share(bytes, rows), Share(bytes, readings), Number(row[4]), Number(row[5]), Moment(row[6]), Moment(row[7]),
            new ReplacedParts(Number(row[8]), Number(row[9]), Number(row[10])), columns);
    }

    private static ColumnSize Column(string[] row)
    {
        var (rows, bytes) = (Number(row[4]), Number(row[5]));
        return new ColumnSize(row[1], row[2], row[3], rows, bytes, Share(bytes, rows));
    }

    /// <summary>Object storage says the greatest number there is: that is not known.</summary>
    private static DiskSize Disk(string[] row)
    {
        long? Known(string text) => ulong.Parse(text, CultureInfo.InvariantCulture) is < long.MaxValue / 2 and > 0 and var known ? (long)known : null;
        return new DiskSize(row[0], row[1], Number(row[2]), Known(row[3]), Known(row[4]));
    }

    private static double? Share(long bytes, long rows) => rows == 0 ? null : Math.Round((double)bytes / rows, 3);

    private static DateTimeOffset? Moment(string seconds) => Number(seconds) is > 0 and var unix ? DateTimeOffset.FromUnixTimeSeconds(unix) : null;

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);
}
