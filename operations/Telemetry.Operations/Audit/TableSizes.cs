using System.Globalization;
using System.Text;
using Telemetry.Storage.ClickHouse;

namespace Telemetry.Operations.Audit;

/// <summary>What a reading costs on disk once everything is merged.</summary>
public static class TableSizes
{
    private static readonly string[] Tables = ["readings", "readings_1m", "readings_1h", "readings_1d", "readings_last"];

    /// <summary>Merges every table to one part a partition, then divides its bytes by the number of raw readings.</summary>
    public static async Task<IReadOnlyDictionary<string, double>> MeasureAsync(
        IClickHouse clickHouse, long readings, CancellationToken cancellationToken)
    {
        foreach (var table in Tables)
        {
            await clickHouse.ExecuteAsync(
                new ClickHouseQuery($"OPTIMIZE TABLE {table} FINAL SETTINGS max_execution_time = 0"), cancellationToken);
        }

        var answer = await clickHouse.QueryAsync(
            new ClickHouseQuery(
                "SELECT table, sum(bytes_on_disk) FROM system.parts WHERE active AND database = currentDatabase() GROUP BY table",
                Format: "TabSeparated"),
            cancellationToken);
        var sizes = new SortedDictionary<string, double>(StringComparer.Ordinal);
        foreach (var line in Encoding.UTF8.GetString(answer.Body.Span).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var fields = line.Split('\t');
            if (Tables.Contains(fields[0]))
            {
                sizes[fields[0]] = Math.Round(double.Parse(fields[1], CultureInfo.InvariantCulture) / Math.Max(1, readings), 3);
            }
        }

        return sizes;
    }
}
