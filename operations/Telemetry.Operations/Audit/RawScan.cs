using System.Globalization;
using System.Text;
using Telemetry.Storage.Audit;
using Telemetry.Storage.ClickHouse;

namespace Telemetry.Operations.Audit;

/// <summary>What the raw table holds, by device and boot.</summary>
internal sealed class RawScan
{
    public Dictionary<ReadingKey, SequenceSet> Readings { get; } = [];

    /// <summary>Rows.</summary>
    public long Rows { get; private set; }

    /// <summary>Rows beyond the first of each event id.</summary>
    public long Doubled { get; private set; }

    /// <summary>Boots with rows beyond the first of an event id.</summary>
    public List<DeviceBootRows> DoubledBoots { get; } = [];

    public static async Task<RawScan> ReadAsync(IClickHouse clickHouse, AuditQueries queries, CancellationToken cancellationToken)
    {
        var scan = new RawScan();
        await foreach (var boot in queries.DeviceBootsAsync(cancellationToken))
        {
            scan.Rows += boot.Rows;
            if (boot.Rows != boot.Distinct)
            {
                scan.Doubled += boot.Rows - boot.Distinct;
                scan.DoubledBoots.Add(boot);
            }

            var set = new SequenceSet();
            if ((ulong)boot.Distinct == boot.LastSequence - boot.FirstSequence + 1)
            {
                set.Add(boot.FirstSequence, boot.LastSequence);
            }
            else
            {
                await AddEachAsync(clickHouse, boot, set, cancellationToken);
            }

            scan.Readings[new ReadingKey(boot.Device, boot.BootId)] = set;
        }

        return scan;
    }

    /// <summary>A boot with gaps: its sequences as ranges, found by the engine (a gap is a jump by more than one).</summary>
    private static async Task AddEachAsync(
        IClickHouse clickHouse, DeviceBootRows boot, SequenceSet set, CancellationToken cancellationToken)
    {
        const string sql =
            "SELECT min(sequence), max(sequence) FROM (SELECT sequence, sequence - row_number() OVER (ORDER BY sequence) AS island "
            + "FROM (SELECT DISTINCT sequence FROM readings_data WHERE device = {device:String} AND boot = {boot:UInt64})) "
            + "GROUP BY island ORDER BY 1 SETTINGS max_result_rows = 0, max_execution_time = 0";
        var answer = await clickHouse.QueryAsync(
            new ClickHouseQuery(
                sql,
                [new("device", boot.Device), new("boot", boot.BootId.ToString(CultureInfo.InvariantCulture))],
                Format: "TabSeparated"),
            cancellationToken);
        foreach (var line in Encoding.UTF8.GetString(answer.Body.Span).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var fields = line.Split('\t');
            set.Add(ulong.Parse(fields[0], CultureInfo.InvariantCulture), ulong.Parse(fields[1], CultureInfo.InvariantCulture));
        }
    }
}
