using System.Globalization;
using Telemetry.Storage.ClickHouse;
using Telemetry.Storage.Writing;

namespace Telemetry.Storage.Recovery;

/// <summary>A row of a rollup joins markers across a hole: the month of that rollup has to be built again from raw.</summary>
internal readonly record struct CoverageAlarm(SinkTarget Target, int Month, long First, long Last, long Count);

/// <summary>Which log offsets each target holds of one partition, month by month, as the markers in the tables say.</summary>
internal sealed class Coverage
{
    private readonly Dictionary<(int Target, int Month), OffsetRanges> _ranges;

    private Coverage(Dictionary<(int Target, int Month), OffsetRanges> ranges, IReadOnlyList<CoverageAlarm> alarms)
    {
        _ranges = ranges;
        Alarms = alarms;
    }

    public IReadOnlyList<CoverageAlarm> Alarms { get; }

    /// <summary>Last offset any target holds; -1 when there is none.</summary>
    public long Last => _ranges.Count == 0 ? -1 : _ranges.Values.Max(r => r.Last);

    public OffsetRanges Of(SinkTarget target, int month) => _ranges.GetValueOrDefault((target.Index, month), OffsetRanges.Empty);

    /// <summary>Reads the markers that end at or after <paramref name="from"/>. Each stored row is one range: no grouping, no FINAL.</summary>
    public static async ValueTask<Coverage> ReadAsync(
        IClickHouse clickHouse, IReadOnlyList<SinkTarget> targets, int partition, long from, CancellationToken cancellationToken)
    {
        var ranges = new Dictionary<(int Target, int Month), List<(long First, long Last)>>();
        var alarms = new List<CoverageAlarm>();
        foreach (var target in targets)
        {
            var rows = await clickHouse.QueryRowsAsync(
                $"SELECT {target.MarkerColumns} FROM {target.Table} WHERE device = '$sink' AND startsWith(sensor, {{prefix:String}}) AND mark_hi >= {{from:UInt64}} "
                + "SETTINGS max_result_rows = 0, max_execution_time = 0",
                [
                    new("prefix", string.Create(CultureInfo.InvariantCulture, $"p{partition}/")),
                    new("from", Math.Max(0, from).ToString(CultureInfo.InvariantCulture)),
                ],
                cancellationToken);
            foreach (var row in rows)
            {
                Add(target, row, ranges, alarms);
            }
        }

        return new Coverage(ranges.ToDictionary(r => r.Key, r => new OffsetRanges(r.Value)), alarms);
    }

    private static void Add(
        SinkTarget target,
        string[] row,
        Dictionary<(int Target, int Month), List<(long First, long Last)>> ranges,
        List<CoverageAlarm> alarms)
    {
        var month = int.Parse(row[0].Split('/')[1], CultureInfo.InvariantCulture);
        var first = long.Parse(row[1], CultureInfo.InvariantCulture);
        var last = long.Parse(row[2], CultureInfo.InvariantCulture);
        var count = long.Parse(row[3], CultureInfo.InvariantCulture);
        if (count != last - first + 1)
        {
            alarms.Add(new CoverageAlarm(target, month, first, last, count));
        }

        if (!ranges.TryGetValue((target.Index, month), out var list))
        {
            ranges[(target.Index, month)] = list = [];
        }

        list.Add((first, last));
    }
}
