using System.Globalization;
using Telemetry.Storage.ClickHouse;

namespace Telemetry.Storage.Verification;

/// <summary>A part that was broken, and when that was noted, in the engine's text form.</summary>
internal readonly record struct BrokenPart(string Table, string Part, string Noted);

/// <summary>
/// Parts that were broken when the engine opened, or that a check has detached since. Such a part may hold rows from below the
/// checkpoint (a merge puts old rows into new parts), so each log partition has to be compared from its oldest offset on, once.
/// The table <c>broken_parts</c> says which partitions have been; several sinks on one store learn from it of each other's finds.
/// </summary>
internal static class BrokenPartsLedger
{
    /// <summary>Notes what the engine detached when it opened.</summary>
    public static ValueTask NoteOpenedAsync(IClickHouse clickHouse, IEnumerable<string> tables, CancellationToken cancellationToken) =>
        clickHouse.ExecuteAsync(
            new ClickHouseQuery(
                "INSERT INTO broken_parts SELECT table, name, -1, now64(6) FROM system.detached_parts "
                + $"WHERE database = currentDatabase() AND table IN ({List(tables)}) AND reason LIKE 'broken%' "
                + "AND (table, name) NOT IN (SELECT table, part FROM broken_parts) SETTINGS async_insert = 0"),
            cancellationToken);

    /// <summary>Notes a part that is about to be detached.</summary>
    public static ValueTask NoteAsync(IClickHouse clickHouse, string table, string part, CancellationToken cancellationToken) =>
        clickHouse.ExecuteAsync(
            new ClickHouseQuery(
                "INSERT INTO broken_parts SELECT {table:String}, {part:String}, -1, now64(6) SETTINGS async_insert = 0",
                [new("table", table), new("part", part)]),
            cancellationToken);

    /// <summary>Parts noted for which this log partition has not been compared with the log yet.</summary>
    public static async ValueTask<IReadOnlyList<BrokenPart>> PendingAsync(
        IClickHouse clickHouse, IEnumerable<string> tables, int partition, CancellationToken cancellationToken)
    {
        var rows = await clickHouse.QueryRowsAsync(
            "SELECT table, part, toString(maxIf(noted, partition = -1)) FROM broken_parts "
            + $"WHERE table IN ({List(tables)}) AND partition IN (-1, {{partition:Int32}}) GROUP BY table, part "
            + "HAVING maxIf(noted, partition = -1) > maxIf(noted, partition != -1)",
            [new("partition", partition.ToString(CultureInfo.InvariantCulture))],
            cancellationToken);
        return [.. rows.Select(r => new BrokenPart(r[0], r[1], r[2]))];
    }

    /// <summary>
    /// Detaches what is noted and still there: another sink notes before it detaches, and markers read from such a part would vouch for
    /// rows that are about to go.
    /// </summary>
    public static async ValueTask DetachAsync(
        IClickHouse clickHouse, IReadOnlyList<BrokenPart> parts, CancellationToken cancellationToken)
    {
        foreach (var (table, part, _) in parts)
        {
            try
            {
                if (await IsActiveAsync(clickHouse, table, part, cancellationToken))
                {
                    await clickHouse.ExecuteAsync(new ClickHouseQuery($"ALTER TABLE {table} DETACH PART '{part}'"), cancellationToken);
                }
            }
            catch (ClickHouseException)
            {
                if (await IsActiveAsync(clickHouse, table, part, cancellationToken))
                {
                    throw;
                }
            }
        }
    }

    private static async ValueTask<bool> IsActiveAsync(IClickHouse clickHouse, string table, string part, CancellationToken cancellationToken) =>
        (await clickHouse.QueryRowsAsync(
            "SELECT 1 FROM system.parts WHERE active AND database = currentDatabase() AND table = {table:String} AND name = {part:String}",
            [new("table", table), new("part", part)],
            cancellationToken)).Count > 0;

    /// <summary>The partition holds again what those parts held of it.</summary>
    public static async ValueTask SettleAsync(
        IClickHouse clickHouse, IReadOnlyList<BrokenPart> parts, int partition, CancellationToken cancellationToken)
    {
        foreach (var (table, part, noted) in parts)
        {
            await clickHouse.ExecuteAsync(
                new ClickHouseQuery(
                    "INSERT INTO broken_parts SELECT {table:String}, {part:String}, {partition:Int32}, {noted:DateTime64(6, 'UTC')} SETTINGS async_insert = 0",
                    [
                        new("table", table),
                        new("part", part),
                        new("partition", partition.ToString(CultureInfo.InvariantCulture)),
                        new("noted", noted),
                    ]),
                cancellationToken);
        }
    }

    private static string List(IEnumerable<string> tables) => string.Join(", ", tables.Select(t => $"'{t}'"));
}
