using System.Globalization;
using System.Runtime.CompilerServices;
using Telemetry.Storage.Blocks;
using Telemetry.Storage.ClickHouse;
using Telemetry.Storage.Rollups;

namespace Telemetry.Storage.Audit;

/// <summary>
/// Questions that prove the store: which sequences raw holds of each boot, and every bucket of every rollup against raw. Drain the sink
/// first, or differences are what is under way. Asked slice by slice (<see cref="StoreSlice"/>), with grouping on disk as a second net, so
/// memory stays the same however much is stored.
/// </summary>
/// <param name="clickHouse">The store.</param>
/// <param name="sample">Devices that are compared.</param>
public sealed class AuditQueries(IClickHouse clickHouse, AuditSample sample)
{
    /// <summary>Ends every statement. Grouping and sorting go to disk long before a query's memory is used up.</summary>
    internal const string Bounds =
        "SETTINGS max_result_rows = 0, max_execution_time = 0, max_bytes_before_external_group_by = 100000000, "
        + "max_bytes_before_external_sort = 100000000, max_threads = 2";

    /// <summary>Rows of raw whose buckets are compared at a time: at worst each is a bucket of its own, of some 400 bytes.</summary>
    private const long ComparedRowsMax = 400_000;

    /// <summary>Rows of raw whose sequences are read at a time: 8 bytes each, in the engine and here.</summary>
    private const long SequenceRowsMax = 4_000_000;

    private readonly SlicePlanner _comparing = new(clickHouse, ComparedRowsMax, Source(sample));
    private readonly SlicePlanner _reading = new(clickHouse, SequenceRowsMax, Source(sample));

    /// <summary>All devices.</summary>
    public AuditQueries(IClickHouse clickHouse)
        : this(clickHouse, AuditSample.All)
    {
    }

    /// <summary>The rollups there are, finest first.</summary>
    public static IReadOnlyList<string> Rollups { get; } = ["readings_1m", "readings_1h", "readings_1d"];

    /// <summary>Months that the store holds, oldest first, as yyyymm.</summary>
    public ValueTask<IReadOnlyList<int>> MonthsAsync(CancellationToken cancellationToken) => _comparing.MonthsAsync(cancellationToken);

    /// <summary>Slices of a month for <see cref="CompareAsync"/>.</summary>
    public IAsyncEnumerable<StoreSlice> SlicesAsync(int month, CancellationToken cancellationToken) =>
        _comparing.PlanAsync(month, byTime: false, cancellationToken);

    /// <summary>Slices of a month for <see cref="SequencesAsync"/>.</summary>
    public IAsyncEnumerable<StoreSlice> SequenceSlicesAsync(int month, CancellationToken cancellationToken) =>
        _reading.PlanAsync(month, byTime: true, cancellationToken);

    /// <summary>Devices that the store knows, and how many of them are in the sample.</summary>
    public async ValueTask<(long All, long Sampled)> CountDevicesAsync(CancellationToken cancellationToken)
    {
        var rows = await clickHouse.QueryRowsAsync(
            $"SELECT count(), countIf({sample.Condition}) FROM (SELECT device FROM readings_last_data GROUP BY device) {Bounds}", null, cancellationToken, QueryKind.Batch);
        return (Number(rows[0][0]), Number(rows[0][1]));
    }

    /// <summary>Rows of raw, of the sample.</summary>
    public async ValueTask<long> CountRawAsync(CancellationToken cancellationToken)
    {
        var rows = await clickHouse.QueryRowsAsync($"SELECT count() FROM readings_data WHERE {sample.Condition} {Bounds}", null, cancellationToken, QueryKind.Batch);
        return long.Parse(rows[0][0], CultureInfo.InvariantCulture);
    }

    /// <summary>
    /// Event time of the oldest reading that raw or the daily rollup, which is kept for good, knows of, microseconds; null when there is none.
    /// The rollup knows the day only, so the answer may be early by less than one.
    /// </summary>
    public async ValueTask<long?> OldestAsync(CancellationToken cancellationToken)
    {
        var rows = await clickHouse.QueryRowsAsync(
            "SELECT count(), min(t) FROM (SELECT toUnixTimestamp64Micro(min(event_time)) AS t FROM readings_data HAVING count() > 0 "
            + $"UNION ALL SELECT 1000000 * toInt64(toUnixTimestamp(min(ts))) AS t FROM readings_1d_data HAVING count() > 0) {Bounds}",
            null,
            cancellationToken, QueryKind.Batch);
        return rows[0][0] == "0" ? null : Number(rows[0][1]);
    }

    /// <summary>Which sequences raw holds.</summary>
    /// <param name="slice">Where.</param>
    /// <param name="share">Which of them.</param>
    /// <param name="recentFrom">Readings from this event time on come apart from older ones, microseconds.</param>
    /// <param name="cancellationToken">Stops the query in the engine.</param>
    public async IAsyncEnumerable<BootSequences> SequencesAsync(
        StoreSlice slice, SequenceShare share, long recentFrom, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var sql = $"SELECT toString(device), boot, event_time >= {StoreSlice.Moment(recentFrom)} AS recent, groupArray(sequence) FROM readings_data "
            + $"WHERE {slice.Devices} AND {slice.Times("event_time")} AND {share.Condition} AND {sample.Condition} GROUP BY device, boot, recent {Bounds}";
        await using var result = StreamedRows.Open(clickHouse, new ClickHouseQuery(sql, slice.Parameters, "RowBinary", Kind: QueryKind.Batch), cancellationToken);
        var reader = new RowBinaryReader(result.Stream);
        while (await reader.TryReadStringAsync(cancellationToken) is { } device)
        {
            var boot = await reader.ReadUInt64Async(cancellationToken);
            var recent = await reader.ReadByteAsync(cancellationToken) != 0;
            yield return new BootSequences(device, boot, recent, await reader.ReadUInt64sAsync(cancellationToken));
        }

        await result.EndAsync();
    }

    /// <summary>How many readings raw and each rollup count where both are complete; the latest values too, unless raw has lost some.</summary>
    public async ValueTask<IReadOnlyList<RollupTotals>> TotalsAsync(AuditWindow window, CancellationToken cancellationToken)
    {
        var totals = new List<RollupTotals>();
        foreach (var rollup in Rollups)
        {
            var from = StoreSlice.Moment(FirstBucket(rollup, window.Common(rollup)));
            var rows = await clickHouse.QueryRowsAsync(
                $"SELECT (SELECT count() FROM readings_data WHERE event_time >= {from} AND {sample.Condition}), sumIf(n, ts >= {from}), sum(n) FROM {rollup}_data WHERE {sample.Condition} {Bounds}",
                null,
                cancellationToken, QueryKind.Batch);
            totals.Add(new RollupTotals(rollup, Number(rows[0][0]), Number(rows[0][1]), Number(rows[0][2])));
        }

        var last = await clickHouse.QueryRowsAsync($"SELECT sum(n) FROM readings_last_data WHERE {sample.Condition} {Bounds}", null, cancellationToken, QueryKind.Batch);
        var stored = window.Raw == 0 ? await CountRawAsync(cancellationToken) : Number(last[0][0]);
        totals.Add(new RollupTotals("readings_last", stored, Number(last[0][0]), Number(last[0][0])));
        return totals;
    }

    /// <summary>
    /// Computes every bucket of a rollup in a slice again from raw, where both are complete, and returns those that differ (n, finite n,
    /// min, max, first, last exactly, but for the sign of zero, which no comparison orders (adding 0 makes it positive); sum
    /// and sum of squares up to rounding, because they are added in another order).
    /// </summary>
    /// <param name="rollup">One of <see cref="Rollups"/>.</param>
    /// <param name="slice">Where.</param>
    /// <param name="window">From when on.</param>
    /// <param name="cancellationToken">Stops the query in the engine.</param>
    public async IAsyncEnumerable<RollupDifference> CompareAsync(
        string rollup, StoreSlice slice, AuditWindow window, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var from = FirstBucket(rollup, window.Common(rollup));
        if (from >= slice.ToUs)
        {
            yield break;
        }

        await foreach (var f in clickHouse.StreamRowsAsync(Comparison(rollup, slice, from), slice.Parameters, cancellationToken))
        {
            yield return new RollupDifference(rollup, f[0], f[1], f[2], f[3] == "0" ? "" : f[5], f[4] == "0" ? "" : f[6]);
        }
    }

    /// <summary>
    /// Compares the rows of all devices of a sensor with what the rows of its series add up to, in one month, and returns those that differ. A sample
    /// of the devices says nothing about them.
    /// </summary>
    /// <param name="rollup">One of <see cref="Rollups"/>; the days have no such rows.</param>
    /// <param name="month">As yyyymm.</param>
    /// <param name="window">From when on.</param>
    /// <param name="cancellationToken">Stops the query in the engine.</param>
    public async IAsyncEnumerable<RollupDifference> CompareFleetsAsync(
        string rollup, int month, AuditWindow window, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (!sample.IsAll || !FleetRows.AreIn(rollup) || window.Fleets is not { } fleets)
        {
            yield break;
        }

        var (from, to) = Months.Bounds(month);
        from = Math.Max(from, FirstBucket(rollup, Math.Max(fleets, window.Rollups.GetValueOrDefault(rollup))));
        if (from >= to)
        {
            yield break;
        }

        await foreach (var f in clickHouse.StreamRowsAsync(FleetComparison(rollup, from, to), null, cancellationToken))
        {
            yield return new RollupDifference(rollup, f[0], FleetRows.Device, f[1], f[2], f[3]);
        }
    }

    /// <summary>Series whose latest value is not the newest that raw holds.</summary>
    public async IAsyncEnumerable<RollupDifference> CompareLatestAsync(AuditWindow window, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // Raw is sorted by sensor and device, so grouping in that order holds one series at a time.
        var sql = "SELECT sensor, device, toString(maxIf(newest, source = 0)), toString(maxIf(newest, source = 1)) FROM ("
            + $"SELECT 0 AS source, sensor, device, max((event_time, sequence)) AS newest FROM readings_data WHERE event_time >= {StoreSlice.Moment(window.Raw)} AND {sample.Condition} GROUP BY sensor, device "
            + $"UNION ALL SELECT 1 AS source, sensor, device, max((last.1, last.2)) AS newest FROM readings_last_data WHERE {sample.Condition} GROUP BY sensor, device) GROUP BY sensor, device "
            + $"HAVING countIf(source = 0) > 0 AND (countIf(source = 1) = 0 OR maxIf(newest, source = 0) != maxIf(newest, source = 1)) {Bounds}, optimize_aggregation_in_order = 1";
        await foreach (var f in clickHouse.StreamRowsAsync(sql, null, cancellationToken))
        {
            yield return new RollupDifference("readings_last", f[0], f[1], "", f[2], f[3]);
        }
    }

    private static string Source(AuditSample sample) => sample.IsAll ? "readings_data" : $"(SELECT device, event_time FROM readings_data WHERE {sample.Condition})";

    /// <summary>The first bucket that begins at or after a moment, microseconds.</summary>
    private static long FirstBucket(string rollup, long moment)
    {
        var bucket = 1_000_000 * (rollup switch
        {
            "readings_1m" => 60L,
            "readings_1h" => 3_600L,
            "readings_1d" => 86_400L,
            _ => throw new ArgumentException($"There is no rollup {rollup}; there are {string.Join(", ", Rollups)}.", nameof(rollup)),
        });
        return (moment + bucket - 1) / bucket * bucket;
    }

    private static string FleetComparison(string rollup, long from, long to)
    {
        var squares = rollup == "readings_1m" ? "0." : "vsq";
        var columns = $"sensor, ts, n AS c, n_finite AS f, vmin AS lo, vmax AS hi, vsum AS s, {squares} AS q, first_reading AS a, last_reading AS z";
        var when = $"ts >= toDateTime({from / 1_000_000}, 'UTC') AND ts < toDateTime({to / 1_000_000}, 'UTC')";
        return $"SELECT sensor, ts, {Both("toString((c{0}, f{0}, lo{0}, hi{0}, s{0}, q{0}, a{0}, z{0}))", ", ")} FROM (SELECT sensor, ts, "
            + Both("sumIf(c, source = {0}) AS c{0}, sumIf(f, source = {0}) AS f{0}, minIf(lo, source = {0}) AS lo{0}, maxIf(hi, source = {0}) AS hi{0}, "
                + "sumIf(s, source = {0}) AS s{0}, sumIf(q, source = {0}) AS q{0}, minIf(a, source = {0}) AS a{0}, maxIf(z, source = {0}) AS z{0}", ", ")
            + $" FROM (SELECT 0 AS source, {columns} FROM {rollup}_data WHERE {when} UNION ALL SELECT 1 AS source, {columns} FROM {rollup}_fleet_data WHERE {when}) GROUP BY sensor, ts "
            + "HAVING (c0, f0) != (c1, f1) OR (f0 > 0 AND ((lo0 + 0., hi0 + 0., a0.1, z0.1) != (lo1 + 0., hi1 + 0., a1.1, z1.1) "
            + $"OR NOT ({Close("s", "greatest(abs(lo0), abs(hi0))")}) OR NOT ({Close("q", "greatest(lo0 * lo0, hi0 * hi0)")})))) ORDER BY sensor, ts {Bounds}";
    }

    /// <summary>Rows of both under one GROUP BY: a bucket is one entry of one hash table, and text is made of those that differ only.</summary>
    private string Comparison(string rollup, StoreSlice slice, long from)
    {
        // Minutes have no sum of squares.
        var (squares, square) = rollup == "readings_1m" ? ("0.", "0.") : ("vsq", "if(isFinite(value), value * value, 0.)");
        var bucket = rollup switch { "readings_1m" => "toStartOfMinute", "readings_1h" => "toStartOfHour", _ => "toStartOfDay" };
        const string Finite = "isFinite(value)";
        const string Never = "(toDateTime64('2299-12-31 00:00:00', 6, 'UTC'), toUInt64(0), 0.)";
        const string Ever = "(toDateTime64('1970-01-01 00:00:00', 6, 'UTC'), toUInt64(0), 0.)";
        var expected =
            $"SELECT 0 AS source, sensor, device, toDateTime({bucket}(event_time), 'UTC') AS ts, toUInt64(1) AS c, toUInt64({Finite}) AS f, "
            + $"if({Finite}, value, inf) AS lo, if({Finite}, value, -inf) AS hi, if({Finite}, value, 0.) AS s, {square} AS q, "
            + $"if({Finite}, (event_time, sequence, value), {Never}) AS a, if({Finite}, (event_time, sequence, value), {Ever}) AS z "
            + $"FROM readings_data WHERE {slice.Devices} AND {slice.Times("event_time", from)} AND {sample.Condition}";
        var found =
            $"SELECT 1 AS source, sensor, device, ts, n AS c, n_finite AS f, vmin AS lo, vmax AS hi, vsum AS s, {squares} AS q, first_reading AS a, last_reading AS z "
            + $"FROM {rollup}_data WHERE {slice.Devices} AND {slice.Times("ts", from)} AND {sample.Condition}";
        return "SELECT sensor, device, ts, r0, r1, "
            + $"{Both("toString((c{0}, f{0}, lo{0}, hi{0}, s{0}, q{0}, a{0}, z{0}))", ", ")} FROM ("
            + $"SELECT sensor, device, ts, countIf(source = 0) AS r0, countIf(source = 1) AS r1, "
            + Both("sumIf(c, source = {0}) AS c{0}, sumIf(f, source = {0}) AS f{0}, minIf(lo, source = {0}) AS lo{0}, maxIf(hi, source = {0}) AS hi{0}, "
                + "sumIf(s, source = {0}) AS s{0}, sumIf(q, source = {0}) AS q{0}, minIf(a, source = {0}) AS a{0}, maxIf(z, source = {0}) AS z{0}", ", ")
            + $" FROM ({expected} UNION ALL {found}) GROUP BY sensor, device, ts "
            + "HAVING r0 = 0 OR r1 = 0 OR (c0, f0, lo0 + 0., hi0 + 0., a0.1, z0.1) != (c1, f1, lo1 + 0., hi1 + 0., a1.1, z1.1) "
            + $"OR {Ends("a")} OR {Ends("z")} "
            + $"OR NOT ({Close("s", "greatest(abs(lo0), abs(hi0))")}) OR NOT ({Close("q", "greatest(lo0 * lo0, hi0 * hi0)")})) "
            + $"ORDER BY sensor, device, ts {Bounds}";
    }

    /// <summary>
    /// First or last reading: another sequence or value at the same time. Rows from before rollups kept sequences have 0: of those the
    /// time alone is known.
    /// </summary>
    private static string Ends(string end) =>
        $"(least({end}0.2, {end}1.2) > 0 AND ({end}0.2, {end}0.3 + 0.) != ({end}1.2, {end}1.3 + 0.))";

    private static string Both(string text, string between) =>
        text.Replace("{0}", "0", StringComparison.Ordinal) + between + text.Replace("{0}", "1", StringComparison.Ordinal);

    /// <summary>Equal but for the order of additions: 1e-12 of the largest the sum could be. Overflown sums prove nothing.</summary>
    private static string Close(string sum, string largest) =>
        $"f0 = 0 OR NOT isFinite({sum}0) OR NOT isFinite({sum}1) OR abs({sum}0 - {sum}1) <= 1e-12 * f0 * {largest}";

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);
}
