using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using Telemetry.Storage.ClickHouse;

namespace Telemetry.Storage.Audit;

/// <summary>
/// Questions that prove the store: what raw holds by device and boot, how many readings each table holds, and every
/// bucket of every rollup against raw. Drain the sink first, or differences are what is under way. Month by month and
/// grouped on disk beyond a bound, so memory stays small.
/// </summary>
public sealed class AuditQueries(IClickHouse clickHouse)
{
    private const string Bounds =
        "SETTINGS max_result_rows = 0, max_execution_time = 0, max_bytes_before_external_group_by = 200000000, max_threads = 2";

    /// <summary>The rollups there are, finest first, with the function that gives a bucket.</summary>
    public static IReadOnlyList<string> Rollups { get; } = ["readings_1m", "readings_1h", "readings_1d"];

    /// <summary>Rows of raw by device and boot, in that order.</summary>
    public async IAsyncEnumerable<DeviceBootRows> DeviceBootsAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var sql = "SELECT device, boot, count(), uniqExact(sequence), min(sequence), max(sequence) FROM readings_data "
            + $"GROUP BY device, boot ORDER BY device, boot {Bounds}";
        await foreach (var f in RowsAsync(sql, cancellationToken))
        {
            yield return new DeviceBootRows(
                f[0],
                ulong.Parse(f[1], CultureInfo.InvariantCulture),
                long.Parse(f[2], CultureInfo.InvariantCulture),
                long.Parse(f[3], CultureInfo.InvariantCulture),
                ulong.Parse(f[4], CultureInfo.InvariantCulture),
                ulong.Parse(f[5], CultureInfo.InvariantCulture));
        }
    }

    /// <summary>Readings by table: raw first. All equal, unless retention has removed some.</summary>
    public async ValueTask<IReadOnlyList<TableReadings>> TotalsAsync(CancellationToken cancellationToken)
    {
        var totals = new List<TableReadings>();
        foreach (var table in (string[])["readings", .. Rollups, "readings_last"])
        {
            var count = table == "readings" ? "count()" : "sum(n)";
            var rows = await clickHouse.QueryRowsAsync($"SELECT {count} FROM {table}_data {Bounds}", null, cancellationToken);
            totals.Add(new TableReadings(table, long.Parse(rows[0][0], CultureInfo.InvariantCulture)));
        }

        return totals;
    }

    /// <summary>
    /// Computes every bucket of a rollup again from raw and returns those that differ (n, finite n, min, max, first, last exactly, but for
    /// the sign of zero, which no comparison orders (adding 0 makes it positive); sum
    /// and sum of squares up to rounding, because they are added in another order).
    /// </summary>
    /// <param name="rollup">One of <see cref="Rollups"/>.</param>
    /// <param name="cancellationToken">Stops the query in the engine.</param>
    public IAsyncEnumerable<RollupDifference> CompareAsync(string rollup, CancellationToken cancellationToken) =>
        CompareAsync(rollup, null, cancellationToken);

    /// <param name="rollup">One of <see cref="Rollups"/>.</param>
    /// <param name="only">Months to compare, as yyyymm; null for all.</param>
    /// <param name="cancellationToken">Stops the query in the engine.</param>
    internal async IAsyncEnumerable<RollupDifference> CompareAsync(
        string rollup, IReadOnlyList<int>? only, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var bucket = rollup switch
        {
            "readings_1m" => "toStartOfMinute",
            "readings_1h" => "toStartOfHour",
            "readings_1d" => "toStartOfDay",
            _ => throw new ArgumentException($"There is no rollup {rollup}; there are {string.Join(", ", Rollups)}.", nameof(rollup)),
        };
        var months = await clickHouse.QueryRowsAsync(
            $"SELECT DISTINCT m FROM (SELECT toYYYYMM(event_time) AS m FROM readings_data GROUP BY m UNION ALL SELECT toYYYYMM(ts) AS m FROM {rollup}_data GROUP BY m) "
            + $"ORDER BY m {Bounds}",
            null,
            cancellationToken);
        foreach (var month in months.Where(m => only?.Contains(int.Parse(m[0], CultureInfo.InvariantCulture)) ?? true))
        {
            await foreach (var f in RowsAsync(Comparison(rollup, bucket, month[0]), cancellationToken))
            {
                yield return new RollupDifference(rollup, f[0], f[1], f[2], f[3] == "0" ? "" : f[5], f[4] == "0" ? "" : f[6]);
            }
        }
    }

    private static string Comparison(string rollup, string bucket, string month)
    {
        const string Finite = "isFinite(value)";
        var expected =
            $"SELECT 0 AS source, sensor, device, toDateTime({bucket}(event_time), 'UTC') AS ts, count() AS c, countIf({Finite}) AS f, "
            + $"min(if({Finite}, value, inf)) AS lo, max(if({Finite}, value, -inf)) AS hi, sum(if({Finite}, value, 0.)) AS s, "
            + $"sum(if({Finite}, value * value, 0.)) AS q, "
            + $"min(if({Finite}, (event_time, sequence, value), (toDateTime64('2299-12-31 00:00:00', 6, 'UTC'), toUInt64(0), 0.))) AS a, "
            + $"max(if({Finite}, (event_time, sequence, value), (toDateTime64('1970-01-01 00:00:00', 6, 'UTC'), toUInt64(0), 0.))) AS z "
            + $"FROM readings_data WHERE toYYYYMM(event_time) = {month} GROUP BY sensor, device, ts";
        var found =
            "SELECT 1 AS source, sensor, device, ts, sum(n) AS c, sum(n_finite) AS f, min(vmin) AS lo, max(vmax) AS hi, sum(vsum) AS s, "
            + $"sum(vsq) AS q, min(first_reading) AS a, max(last_reading) AS z FROM {rollup}_data WHERE toYYYYMM(ts) = {month} GROUP BY sensor, device, ts";
        var text = "toString((c, f, lo, hi, s, q, a, z))";
        return "SELECT sensor, device, ts, countIf(source = 0) AS in_raw, countIf(source = 1) AS in_rollup, "
            + $"anyIf({text}, source = 0), anyIf({text}, source = 1) FROM ({expected} UNION ALL {found}) GROUP BY sensor, device, ts "
            + $"HAVING in_raw != 1 OR in_rollup != 1 OR uniqExact((c, f, lo + 0., hi + 0., a.1, z.1)) != 1 OR {Ends("a")} OR {Ends("z")} "
            + $"OR NOT ({Close("s", "greatest(abs(lo), abs(hi))")}) OR NOT ({Close("q", "greatest(lo * lo, hi * hi)")}) ORDER BY sensor, device, ts {Bounds}";
    }

    /// <summary>
    /// First or last reading: another sequence or value at the same time. Rows from before rollups kept sequences have 0: of those the
    /// time alone is known.
    /// </summary>
    private static string Ends(string end) => $"(min({end}.2) > 0 AND uniqExact(({end}.2, {end}.3 + 0.)) != 1)";

    /// <summary>Equal but for the order of additions: 1e-12 of the largest the sum could be. Overflown sums prove nothing.</summary>
    private static string Close(string sum, string largest) =>
        $"max(f) = 0 OR NOT isFinite(min({sum})) OR NOT isFinite(max({sum})) OR max({sum}) - min({sum}) <= 1e-12 * max(f) * max({largest})";

    private async IAsyncEnumerable<string[]> RowsAsync(string sql, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var pipe = new System.IO.Pipelines.Pipe();
        var query = Task.Run(
            async () =>
            {
                Exception? error = null;
                try
                {
                    await clickHouse.StreamAsync(
                        new ClickHouseQuery(sql, Format: "TabSeparated", Kind: QueryKind.Batch), pipe.Writer.AsStream(leaveOpen: true), cancellationToken);
                }
                catch (Exception e)
                {
                    error = e;
                }

                await pipe.Writer.CompleteAsync(error);
            },
            CancellationToken.None);
        using var reader = new StreamReader(pipe.Reader.AsStream(), Encoding.UTF8);
        try
        {
            while (await reader.ReadLineAsync(cancellationToken) is { } line)
            {
                yield return line.Split('\t');
            }
        }
        finally
        {
            await pipe.Reader.CompleteAsync();
            await query;
        }
    }
}
