using Microsoft.Extensions.Logging;
using Telemetry.Storage.ClickHouse;
using Telemetry.Storage.Sink;

namespace Telemetry.Storage.Recovery;

/// <summary>A part could not be read back; it has been detached, and its rows have to be inserted again.</summary>
internal sealed class DamagedPartException(string message) : Exception(message);

/// <summary>
/// Reads back the parts written since the last time (CHECK TABLE ... PART) and detaches broken ones: an engine on a failing or
/// full disk may acknowledge an insert whose file was cut.
/// </summary>
internal sealed class PartsCheck(IClickHouse clickHouse, IReadOnlyList<string> tables, SinkMetrics metrics, ILogger logger)
{
    private const int PassesMax = 10;

    public IReadOnlyList<string> Tables => tables;

    private readonly string _list = string.Join(", ", tables.Select(t => $"'{t}'"));
    private HashSet<(string Table, string Part)> _checked = [];

    /// <summary>Regards the parts that are there now, written before <paramref name="before"/>, as checked.</summary>
    public async ValueTask TrustAsync(DateTimeOffset before, CancellationToken cancellationToken)
    {
        var rows = await clickHouse.QueryRowsAsync(
            $"SELECT table, name FROM system.parts WHERE active AND database = currentDatabase() AND table IN ({_list}) "
            + "AND modification_time < fromUnixTimestamp({before:Int64})",
            [new("before", before.ToUnixTimeSeconds().ToString(System.Globalization.CultureInfo.InvariantCulture))],
            cancellationToken);
        _checked = [.. rows.Select(r => (r[0], r[1]))];
    }

    /// <summary>Checks every active part not checked before.</summary>
    /// <returns>Broken parts, detached.</returns>
    public async ValueTask<int> RunAsync(CancellationToken cancellationToken)
    {
        var damaged = 0;
        for (var pass = 0; pass < PassesMax; pass++)
        {
            var active = await ActiveAsync(cancellationToken);
            var fresh = active.Where(p => !_checked.Contains(p)).ToList();
            _checked.IntersectWith(active);
            var vanished = false;
            foreach (var part in fresh)
            {
                switch (await CheckAsync(part, cancellationToken))
                {
                    case Verdict.Sound:
                        _checked.Add(part);
                        break;
                    case Verdict.Vanished:
                        vanished = true;
                        break;
                    default:
                        damaged++;
                        break;
                }
            }

            if (!vanished)
            {
                return damaged;
            }
        }

        return damaged;
    }

    private async ValueTask<HashSet<(string Table, string Part)>> ActiveAsync(CancellationToken cancellationToken)
    {
        var rows = await clickHouse.QueryRowsAsync(
            $"SELECT table, name FROM system.parts WHERE active AND database = currentDatabase() AND table IN ({_list})",
            null,
            cancellationToken);
        return [.. rows.Select(r => (r[0], r[1]))];
    }

    private async ValueTask<Verdict> CheckAsync((string Table, string Part) part, CancellationToken cancellationToken)
    {
        string detail;
        try
        {
            var rows = await clickHouse.QueryRowsAsync(
                $"CHECK TABLE {part.Table} PART '{part.Part}' SETTINGS check_query_single_value_result = 0, max_threads = 1, max_execution_time = 0",
                null,
                cancellationToken);
            if (rows.Count > 0 && rows.All(r => r[1] == "1"))
            {
                return Verdict.Sound;
            }

            detail = rows.Count > 0 ? rows[0][^1] : "";
        }
        catch (ClickHouseException e) when (e.Code != ClickHouseErrors.MemoryLimitExceeded && e.Code != 0)
        {
            detail = e.Message;
        }

        if (!(await ActiveAsync(cancellationToken)).Contains(part))
        {
            return Verdict.Vanished;
        }

        await BrokenPartsLedger.NoteAsync(clickHouse, part.Table, part.Part, cancellationToken);
        await BrokenPartsLedger.DetachAsync(clickHouse, [new BrokenPart(part.Table, part.Part, "")], cancellationToken);
        metrics.PartDamaged();
        Log.PartDamaged(logger, part.Table, part.Part, detail);
        return Verdict.Damaged;
    }

    private enum Verdict
    {
        Sound,
        Vanished,
        Damaged,
    }
}
