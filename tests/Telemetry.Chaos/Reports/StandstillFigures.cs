namespace Telemetry.Chaos.Reports;

/// <summary>Standstills after all faults of one kind, in seconds: of acknowledgements to devices and of rows in the raw table.</summary>
internal sealed record StandstillFigures(
    int Faults, double UnacknowledgedMedian, double UnacknowledgedMax, double UnstoredMedian, double UnstoredMax)
{
    /// <param name="faults">At least one.</param>
    public static StandstillFigures Of(IReadOnlyList<PlayedFault> faults) => new(
        faults.Count,
        Median(faults.Select(f => f.Unacknowledged)),
        faults.Max(f => f.Unacknowledged),
        Median(faults.Select(f => f.Unstored)),
        faults.Max(f => f.Unstored));

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToList();
        var middle = sorted.Count / 2;
        return Math.Round(sorted.Count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2, 2);
    }
}
