using Telemetry.Storage.ClickHouse;
using Telemetry.Storage.Sink;

namespace Telemetry.Storage.Recovery;

/// <summary>
/// Parts that the engine detached because they were broken when it opened. Recovery has dealt with those in the table
/// <c>broken_parts</c>; any other one makes it start at the log's oldest offset.
/// </summary>
internal static class BrokenPartsLedger
{
    public static async ValueTask<IReadOnlyList<(string Table, string Part)>> NewAsync(
        IClickHouse clickHouse, CancellationToken cancellationToken)
    {
        var tables = string.Join(", ", SinkTarget.All.Select(t => $"'{t.Table}'"));
        var rows = await clickHouse.QueryRowsAsync(
            $"SELECT table, name FROM system.detached_parts WHERE database = currentDatabase() AND table IN ({tables}) "
            + "AND reason LIKE 'broken%' AND (table, name) NOT IN (SELECT table, part FROM broken_parts)",
            null,
            cancellationToken);
        return [.. rows.Select(r => (r[0], r[1]))];
    }

    public static async ValueTask RememberAsync(
        IClickHouse clickHouse, IReadOnlyList<(string Table, string Part)> parts, CancellationToken cancellationToken)
    {
        foreach (var (table, part) in parts)
        {
            await clickHouse.ExecuteAsync(
                new ClickHouseQuery(
                    "INSERT INTO broken_parts SELECT {table:String}, {part:String}, now64(3)", [new("table", table), new("part", part)]),
                cancellationToken);
        }
    }
}
