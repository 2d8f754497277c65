using System.Globalization;
using Telemetry.Storage.Audit;
using Telemetry.Storage.Blocks;
using Telemetry.Storage.ClickHouse;
using Telemetry.Storage.Ownership;
using Telemetry.Storage.Rollups;

namespace Telemetry.Storage.Recovery;

/// <summary>
/// Computes buckets of a rollup from raw, into a table beside it, with the SELECT of the rollup's view. Always a slice at a time: neither
/// grouping on disk nor grouping in the order of the table keeps the engine within a statement's memory when a month has millions of buckets.
/// Rows of one bucket may come from two slices; the table merges them.
/// </summary>
/// <param name="clickHouse">The store.</param>
/// <param name="claims">Claims of all partitions; every INSERT carries their check.</param>
/// <param name="time">The clock of waiting.</param>
/// <param name="memoryBytesMax">Memory of one statement in the engine, bytes; slices are as large as fit. From 64 MB on.</param>
internal sealed class RollupBuilder(IClickHouse clickHouse, SinkClaims claims, TimeProvider time, long memoryBytesMax)
{
    /// <summary>Parts of the table that is filled, beyond which the next slice waits for merges: far below where the engine refuses INSERTs.</summary>
    private const int PartsMax = 200;

    private static readonly TimeSpan MergePause = TimeSpan.FromMilliseconds(200);

    /// <summary>Memory of a bucket while it is computed, bytes, with room for what else a statement holds; and of one with a sketch.</summary>
    public const int BucketBytes = 2_500;
    private const int SketchBytes = 10_000;

    /// <summary>
    /// Ends every statement. A block of rows with sketches is large in memory, so blocks are small; grouping goes to disk as a second net.
    /// </summary>
    public string Bounds { get; } = string.Create(
        CultureInfo.InvariantCulture,
        $"async_insert = 0, max_execution_time = 0, max_memory_usage = {memoryBytesMax}, max_bytes_before_external_group_by = {memoryBytesMax / 4}, max_threads = 2, "
        + $"max_insert_threads = 1, max_block_size = 8192, min_insert_block_size_rows = {memoryBytesMax / SketchBytes}, min_insert_block_size_bytes = {memoryBytesMax / 8}");

    /// <summary>Computes the buckets of a month, slice by slice.</summary>
    /// <param name="table">Rollup.</param>
    /// <param name="shadow">Where the buckets go.</param>
    /// <param name="month">As yyyymm.</param>
    /// <param name="grain">Seconds of a bucket.</param>
    /// <param name="which">Further condition on the rows of raw.</param>
    /// <param name="cancellationToken">Stops.</param>
    public async ValueTask ComputeMonthAsync(
        string table, string shadow, int month, int grain, string which, CancellationToken cancellationToken)
    {
        await foreach (var slice in Planner(table, grain).PlanAsync(month, byTime: true, cancellationToken))
        {
            await ComputeAsync(table, shadow, $"{slice.Devices} AND {slice.Times("event_time")} AND {which}", slice.Parameters, cancellationToken);
        }
    }

    /// <summary>
    /// As <see cref="ComputeAsync"/>, in as many passes as there are groups for: for what is one group a series whatever its times, so what no
    /// slice of time makes smaller. The latest values, and markers, which have one time in each month.
    /// </summary>
    /// <param name="table">Rollup.</param>
    /// <param name="shadow">Where the rows go.</param>
    /// <param name="which">Condition on the rows of raw.</param>
    /// <param name="source">Instead of <c>readings</c>: a subquery with its columns.</param>
    /// <param name="cancellationToken">Stops.</param>
    public async ValueTask ComputeByHashAsync(
        string table, string shadow, string which, string source, CancellationToken cancellationToken)
    {
        foreach (var pass in await PassesAsync("readings", which, BytesOf(table), cancellationToken))
        {
            await ComputeAsync(table, shadow, $"{which} AND {pass}", null, cancellationToken, source);
        }
    }

    /// <summary>Adds the rows of all devices of a sensor, from the rows of the series that have been computed, a stretch of time at a time.</summary>
    /// <param name="table">Rollup; one that has such rows.</param>
    /// <param name="shadow">Where the rows are, and go.</param>
    /// <param name="month">As yyyymm.</param>
    /// <param name="grain">Seconds of a bucket.</param>
    /// <param name="which">Further condition on the rows.</param>
    /// <param name="cancellationToken">Stops.</param>
    public async ValueTask AddFleetsAsync(
        string table, string shadow, int month, int grain, string which, CancellationToken cancellationToken)
    {
        var (from, to) = Months.Bounds(month);
        (from, to) = (from / 1_000_000, to / 1_000_000);
        var sensors = await clickHouse.QueryRowsAsync($"SELECT uniq(sensor) FROM {shadow} WHERE {FleetRows.OfSeries}", null, cancellationToken, QueryKind.Sink);
        var fitting = Math.Max(1, memoryBytesMax / BucketBytes / Math.Max(1, long.Parse(sensors[0][0], CultureInfo.InvariantCulture))) * grain;
        for (var at = from; at < to; at += fitting)
        {
            await WaitForMergesAsync(shadow, cancellationToken);
            var (tag, guard) = claims.Rebuild();
            var (columns, select) = FleetRows.Select(
                table, shadow, $"toUnixTimestamp(ts) >= {Text(at)} AND toUnixTimestamp(ts) < {Text(Math.Min(to, at + fitting))} AND {which} AND {guard}");
            await ExecuteAsync($"INSERT INTO {shadow} ({columns}) {select} SETTINGS log_comment = '{tag}', {Bounds}", null, cancellationToken);
        }
    }

    /// <summary>Returns when the engine has merged the table's parts to few.</summary>
    private async ValueTask WaitForMergesAsync(string shadow, CancellationToken cancellationToken)
    {
        while (true)
        {
            var parts = await clickHouse.QueryRowsAsync(
                $"SELECT count() FROM system.parts WHERE active AND database = currentDatabase() AND table = '{shadow}'",
                null,
                cancellationToken,
                QueryKind.Sink);
            if (int.Parse(parts[0][0], CultureInfo.InvariantCulture) < PartsMax)
            {
                return;
            }

            await Task.Delay(MergePause, time, cancellationToken);
        }
    }

    /// <summary>Conditions on sensor and device that cut the series of a table into parts, each small enough to be grouped.</summary>
    public async ValueTask<IReadOnlyList<string>> PassesAsync(
        string table, string which, int bytes, CancellationToken cancellationToken)
    {
        var series = await clickHouse.QueryRowsAsync(
            $"SELECT uniq(sensor, device) FROM {table} WHERE {which} SETTINGS max_execution_time = 0", null, cancellationToken, QueryKind.Sink);
        var count = (int)(long.Parse(series[0][0], CultureInfo.InvariantCulture) * bytes / memoryBytesMax) + 1;
        return [.. Enumerable.Range(0, count).Select(i => $"cityHash64(sensor, device) % {Text(count)} = {Text(i)}")];
    }

    /// <summary>What the rollup's view would make of these rows of raw.</summary>
    private async ValueTask ComputeAsync(
        string table,
        string shadow,
        string which,
        IReadOnlyList<KeyValuePair<string, string>>? parameters,
        CancellationToken cancellationToken,
        string source = "readings")
    {
        await WaitForMergesAsync(shadow, cancellationToken);
        var (tag, guard) = claims.Rebuild();
        var (columns, head, tail) = await ViewAsync(table, cancellationToken);
        await ExecuteAsync(
            $"INSERT INTO {shadow} ({columns}) {head} FROM {source} WHERE {which} AND {guard} {tail} SETTINGS log_comment = '{tag}', {Bounds}",
            parameters,
            cancellationToken);
    }

    /// <summary>Runs a statement on the sink's side of the engine.</summary>
    public ValueTask ExecuteAsync(string sql, IReadOnlyList<KeyValuePair<string, string>>? parameters, CancellationToken cancellationToken) =>
        clickHouse.ExecuteAsync(new ClickHouseQuery(sql, parameters, Kind: QueryKind.Sink), cancellationToken);

    /// <summary>
    /// The view's SELECT: its columns (a view fills its table by name, and the table has columns that it no longer fills), what stands before
    /// its FROM and what after the table.
    /// </summary>
    public async ValueTask<(string Columns, string Head, string Tail)> ViewAsync(string table, CancellationToken cancellationToken)
    {
        var rows = await clickHouse.QueryRowsAsync(
            "SELECT as_select FROM system.tables WHERE database = currentDatabase() AND name = {view:String}",
            [new("view", $"mv_{table["readings_".Length..]}")],
            cancellationToken);
        var select = rows[0][0];
        var from = select.LastIndexOf("FROM ", StringComparison.Ordinal);
        var columns = await clickHouse.QueryRowsAsync($"DESCRIBE TABLE ({select})", null, cancellationToken);
        return (string.Join(", ", columns.Select(c => c[0])), select[..from], select[select.IndexOf("GROUP BY", from, StringComparison.Ordinal)..]);
    }

    /// <summary>Slices by the buckets they can have at most: one a reading, and one each <paramref name="grain"/> seconds and series.</summary>
    private SlicePlanner Planner(string table, int grain) => new(
        clickHouse,
        memoryBytesMax / BytesOf(table),
        kind: QueryKind.Sink,
        weight: $"least(count(), uniq(sensor) * (1 + intDiv(toUnixTimestamp(max(event_time)) - toUnixTimestamp(min(event_time)), {Text(grain)})))");

    /// <summary>Days have sketches.</summary>
    private static int BytesOf(string table) => table == "readings_1d" ? SketchBytes : BucketBytes;

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);
}
