using System.Globalization;
using Microsoft.Extensions.Logging;
using Telemetry.Storage.ClickHouse;

namespace Telemetry.Storage.Verification;

/// <summary>
/// Reads one part back (CHECK TABLE ... PART): an engine on a failing or full disk may acknowledge an INSERT whose file was cut. A
/// damaged part is noted, then detached; recovery inserts its rows again from the log.
/// </summary>
internal sealed class PartsCheck(IClickHouse clickHouse, IReadOnlyList<string> tables, ILogger logger)
{
    private readonly string _list = string.Join(", ", tables.Select(t => $"'{t}'"));

    /// <summary>Tables whose parts are checked.</summary>
    public IReadOnlyList<string> Tables => tables;

    /// <summary>Active parts, with when they were written (the engine keeps whole seconds).</summary>
    public async ValueTask<Dictionary<TablePart, DateTimeOffset>> QueryActiveAsync(CancellationToken cancellationToken)
    {
        var rows = await clickHouse.QueryRowsAsync(
            "SELECT table, name, toUnixTimestamp(modification_time) FROM system.parts "
            + $"WHERE active AND database = currentDatabase() AND table IN ({_list})",
            null,
            cancellationToken);
        var parts = new Dictionary<TablePart, DateTimeOffset>(rows.Count);
        foreach (var row in rows)
        {
            parts[new TablePart(row[0], row[1])] = DateTimeOffset.FromUnixTimeSeconds(long.Parse(row[2], CultureInfo.InvariantCulture));
        }

        return parts;
    }

    /// <summary>Reads a part back; detaches it when it is damaged.</summary>
    /// <returns>What was found and, unless it is sound or gone, what the engine said.</returns>
    /// <exception cref="ClickHouseException">A damaged part could not be noted or detached.</exception>
    public async ValueTask<(PartVerdict Verdict, string Detail)> CheckAsync(TablePart part, CancellationToken cancellationToken)
    {
        var (verdict, detail) = await LookAsync(part, cancellationToken);
        if (verdict == PartVerdict.Sound || !await IsActiveAsync(part, cancellationToken))
        {
            return (verdict == PartVerdict.Sound ? verdict : PartVerdict.Vanished, "");
        }

        if (verdict == PartVerdict.Damaged)
        {
            // Taking rows away is not done on one reading: memory and buses fail too.
            (verdict, detail) = await LookAsync(part, cancellationToken);
        }

        if (verdict != PartVerdict.Damaged)
        {
            return (verdict, detail);
        }

        await BrokenPartsLedger.NoteAsync(clickHouse, part.Table, part.Name, cancellationToken);
        await BrokenPartsLedger.DetachAsync(clickHouse, [new BrokenPart(part.Table, part.Name, "")], cancellationToken);
        Log.PartDamaged(logger, part.Table, part.Name, detail);
        return (verdict, detail);
    }

    private async ValueTask<(PartVerdict Verdict, string Detail)> LookAsync(TablePart part, CancellationToken cancellationToken)
    {
        try
        {
            var rows = await clickHouse.QueryRowsAsync(
                $"CHECK TABLE {part.Table} PART '{part.Name}' SETTINGS check_query_single_value_result = 0, max_threads = 1, max_execution_time = 0",
                null,
                cancellationToken,
                QueryKind.Check);
            return Judge(part, rows);
        }
        catch (ClickHouseException e)
        {
            return (CorruptionCodes.Contains(e.Code) ? PartVerdict.Damaged : PartVerdict.NotChecked, e.Message);
        }
    }

    /// <summary>The answer is one row: the part's name, 1 or 0, and for 0 what went wrong, which need not be damage either.</summary>
    internal static (PartVerdict Verdict, string Detail) Judge(TablePart part, IReadOnlyList<string[]> rows)
    {
        if (rows.Count != 1 || rows[0].Length < 2 || rows[0][0] != part.Name || rows[0][1] is not ("0" or "1" or "false" or "true"))
        {
            return (PartVerdict.NotChecked, "the answer to CHECK TABLE is not one about this part");
        }

        if (rows[0][1] is "1" or "true")
        {
            return (PartVerdict.Sound, "");
        }

        var detail = rows[0].Length > 2 ? rows[0][2] : "";
        return (CorruptionCodes.Contains(ClickHouseErrors.Parse(detail).Code) ? PartVerdict.Damaged : PartVerdict.NotChecked, detail);
    }

    private async ValueTask<bool> IsActiveAsync(TablePart part, CancellationToken cancellationToken) =>
        (await QueryActiveAsync(cancellationToken)).ContainsKey(part);
}
