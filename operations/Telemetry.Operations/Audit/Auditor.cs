using System.Globalization;
using Telemetry.Simulator.Ledger;
using Telemetry.Storage.Audit;
using Telemetry.Storage.ClickHouse;
using Telemetry.Streams;

namespace Telemetry.Operations.Audit;

/// <summary>Ledger = log = raw = rollups, with every difference listed.</summary>
public static class Auditor
{
    public static async Task<AuditReport> RunAsync(
        string ledgerDirectory, IRecordLog log, IClickHouse clickHouse, CancellationToken cancellationToken)
    {
        var ledger = Directory.Exists(ledgerDirectory) ? LedgerReader.Read(ledgerDirectory).ToList() : null;
        var onLog = await LogScan.ReadAsync(log, cancellationToken);
        var queries = new AuditQueries(clickHouse);
        var raw = await RawScan.ReadAsync(clickHouse, queries, cancellationToken);
        var comparison = new AuditComparison();
        if (ledger is not null)
        {
            comparison.LedgerAgainstLog(ledger, onLog.Readings, onLog.Truncated);
        }

        comparison.LogAgainstRaw(onLog.Readings, raw.Readings, onLog.Truncated);
        foreach (var boot in raw.DoubledBoots)
        {
            comparison.AddDifference(string.Create(
                CultureInfo.InvariantCulture,
                $"{boot.Device} boot {boot.BootId:x16}: {boot.Rows} rows for {boot.Distinct} readings"));
        }

        var rollups = new Dictionary<string, long>();
        var (lost, doubled, wrong) = await CompareRollupsAsync(queries, raw.Rows, rollups, comparison, cancellationToken);
        return new AuditReport
        {
            Acked = ledger?.Sum(e => e.AckedCount),
            Log = onLog.Readings.Values.Sum(s => s.Count),
            Raw = raw.Rows,
            Rollups = rollups,
            Lost = comparison.Lost + lost,
            Doubled = raw.Doubled + doubled,
            Unexplained = comparison.Unexplained + wrong,
            Copies = onLog.Copies - onLog.Readings.Values.Sum(s => s.Count),
            Differences = comparison.Differences,
        };
    }

    private static async Task<(long Lost, long Doubled, long Wrong)> CompareRollupsAsync(
        AuditQueries queries, long raw, Dictionary<string, long> rollups, AuditComparison comparison, CancellationToken cancellationToken)
    {
        long lost = 0, doubled = 0, wrong = 0;
        foreach (var (table, readings) in await queries.TotalsAsync(cancellationToken))
        {
            if (!AuditQueries.Rollups.Contains(table))
            {
                continue;
            }

            rollups[table] = readings;
            lost += Math.Max(0, raw - readings);
            doubled += Math.Max(0, readings - raw);
            await foreach (var difference in queries.CompareAsync(table, cancellationToken))
            {
                wrong++;
                comparison.AddDifference(
                    $"{difference.Table} {difference.Device} {difference.Sensor} {difference.Bucket}: raw says {difference.Expected}, rollup {difference.Found}");
            }
        }

        return (lost, doubled, wrong);
    }
}
