using System.Globalization;
using System.Runtime.CompilerServices;
using Telemetry.Contracts.Measurement;
using Telemetry.Storage.ClickHouse;

namespace Telemetry.Storage.Audit;

/// <summary>Cuts the store into slices of about so many rows of raw readings. Asks for the devices in pages.</summary>
/// <param name="clickHouse">The store.</param>
/// <param name="rowsMax">Rows of a slice, about: an hour of one device is cut evenly, by time and not by rows.</param>
/// <param name="source">Where rows are counted: a table with the columns device and event_time, or a subquery.</param>
/// <param name="weight">What is counted for <paramref name="rowsMax"/>, an aggregate over the rows of one device in a month or in an hour.</param>
/// <param name="kind">Who asks.</param>
internal sealed class SlicePlanner(
    IClickHouse clickHouse, long rowsMax, string source = "readings_data", string weight = "count()", QueryKind kind = QueryKind.Batch)
{
    private const int DevicesPerPage = 50_000;

    /// <summary>Months that raw or a rollup holds, oldest first, as yyyymm.</summary>
    public async ValueTask<IReadOnlyList<int>> MonthsAsync(CancellationToken cancellationToken)
    {
        var sources = new[] { ("readings", "event_time") }.Concat(AuditQueries.Rollups.Select(r => (Table: r, Column: "ts")));
        var months = string.Join(" UNION ALL ", sources.Select(s => $"SELECT toYYYYMM({s.Item2}) AS m FROM {s.Item1}_data GROUP BY m"));
        var rows = await clickHouse.QueryRowsAsync($"SELECT DISTINCT m FROM ({months}) ORDER BY m {AuditQueries.Bounds}", null, cancellationToken, kind);
        return [.. rows.Select(r => int.Parse(r[0], CultureInfo.InvariantCulture))];
    }

    /// <param name="month">As yyyymm.</param>
    /// <param name="byTime">Also cut by time where one device has too many rows.</param>
    /// <param name="cancellationToken">Stops.</param>
    public async IAsyncEnumerable<StoreSlice> PlanAsync(int month, bool byTime, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var (from, to) = Bounds(month);
        string? after = null;
        string? last = null;
        var held = 0L;
        await foreach (var row in CountAsync(month, cancellationToken))
        {
            var rows = long.Parse(row[1], CultureInfo.InvariantCulture);
            if (held > 0 && held + rows > rowsMax)
            {
                yield return new StoreSlice(month, after, last, from, to, held);
                (after, held) = (last, 0);
            }

            if (byTime && rows > rowsMax)
            {
                foreach (var slice in await CutAsync(new StoreSlice(month, after, row[0], from, to, rows), cancellationToken))
                {
                    yield return slice;
                }

                (after, held) = (row[0], 0);
            }
            else
            {
                held += rows;
            }

            last = row[0];
        }

        yield return new StoreSlice(month, after, null, from, to, held);
    }

    /// <summary>
    /// Rows by device, in pages: a result that stays open while its reader asks the store again would hold a lane that the reader waits for.
    /// </summary>
    private async IAsyncEnumerable<string[]> CountAsync(int month, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var after = "";
        while (true)
        {
            var page = await clickHouse.QueryRowsAsync(
                $"SELECT device, {weight} FROM {source} WHERE toYYYYMM(event_time) = {month.ToString(CultureInfo.InvariantCulture)} AND device > {{after:String}} "
                + $"GROUP BY device ORDER BY device LIMIT {DevicesPerPage} {AuditQueries.Bounds}",
                [new("after", after)],
                cancellationToken,
                kind);
            foreach (var row in page)
            {
                yield return row;
            }

            if (page.Count < DevicesPerPage)
            {
                yield break;
            }

            after = page[^1][0];
        }
    }

    /// <summary>The month's first microsecond and that of the next one.</summary>
    private static (long From, long To) Bounds(int month)
    {
        var from = new DateTime(month / 100, month % 100, 1, 0, 0, 0, DateTimeKind.Utc);
        return (Microseconds(from), Microseconds(from.AddMonths(1)));
    }

    private static long Microseconds(DateTime date) => (date - DateTime.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;

    /// <summary>By hours, and an hour that is too much in even pieces.</summary>
    private async ValueTask<IReadOnlyList<StoreSlice>> CutAsync(StoreSlice slice, CancellationToken cancellationToken)
    {
        var hours = await clickHouse.QueryRowsAsync(
            $"SELECT toUnixTimestamp(toStartOfHour(event_time)) AS h, {weight} FROM {source} WHERE {slice.Devices} AND {slice.Times("event_time")} "
            + $"GROUP BY h ORDER BY h {AuditQueries.Bounds}",
            slice.Parameters,
            cancellationToken, kind);
        var slices = new List<StoreSlice>();
        var (start, held) = (slice.FromUs, 0L);
        foreach (var hour in hours)
        {
            var at = long.Parse(hour[0], CultureInfo.InvariantCulture) * 1_000_000;
            var rows = long.Parse(hour[1], CultureInfo.InvariantCulture);
            if (held > 0 && held + rows > rowsMax)
            {
                slices.Add(slice with { FromUs = start, ToUs = at, Rows = held });
                (start, held) = (at, 0);
            }

            for (var pieces = (rows + rowsMax - 1) / rowsMax; pieces > 1; pieces--)
            {
                var end = Math.Max(at, start) + ((at + UnixMicros.PerHour - Math.Max(at, start)) / pieces);
                slices.Add(slice with { FromUs = start, ToUs = end, Rows = rows / pieces });
                (start, rows) = (end, rows - (rows / pieces));
            }

            held += rows;
        }

        slices.Add(slice with { FromUs = start, Rows = held });
        return slices;
    }
}
