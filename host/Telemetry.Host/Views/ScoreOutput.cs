using System.Globalization;
using Telemetry.Operations.Scoring;

namespace Telemetry.Host.Views;

/// <summary>A score as tables for people.</summary>
internal static class ScoreOutput
{
    public static async Task WriteAsync(TextWriter output, string title, ScoreReport report)
    {
        var took = report.Seconds > 0 ? string.Create(CultureInfo.InvariantCulture, $" in {report.Seconds:N0} s") : "";
        await output.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture,
            $"{title}: {report.Devices:N0} devices with faults, {report.CleanDevices:N0} without ({report.CleanDays:N0} device-days), {report.Readings:N0} readings{took}"));
        await output.WriteLineAsync();
        await TableAsync(output, "by kind", report.ByKind, precision: true);
        await TableAsync(output, "by kind and magnitude (in quiet noise)", report.ByMagnitude, precision: false);
        await TableAsync(output, "by channel", report.ByChannel, precision: true);
        await TableAsync(output, "by day (analog channels)", report.ByDay, precision: false);
        await TotalsAsync(output, report);
        await CountsAsync(output, "False alarms on devices with faults, by what they were taken for", report.FalseByKind);
        await CountsAsync(output, "False alarms on fault-free devices, by channel", report.CleanByChannel);
        await CountsAsync(output, "Alarms that a condition explains (neither right nor false)", report.Explained);
    }

    public static async Task WriteAsync(TextWriter output, string folder, NabReport report)
    {
        await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"NAB in {folder}: {report.Files} files, {report.Values:N0} values"));
        var folders = report.Profiles.SelectMany(p => p.ByFolder.Keys).Distinct().Order(StringComparer.Ordinal).ToArray();
        await new TextTable(["profile", "score", "threshold", .. folders]).WriteAsync(output, report.Profiles.Select(p => (string[])
            [p.Profile, Number(p.Score, 1), Number(p.Threshold, 2), .. folders.Select(f => Number(p.ByFolder.GetValueOrDefault(f), 1))]));
    }

    /// <summary>Faults found and missed, one a line.</summary>
    public static async Task WriteExamplesAsync(TextWriter output, ScoreReport report, int count)
    {
        if (count <= 0)
        {
            return;
        }

        await output.WriteLineAsync();
        await new TextTable("fault", "sensor", "size", "readings", "day", "found after", "what people were told").WriteAsync(
            output,
            ScoredFault.Examples(report.Faults, count).Select(f => (string[])
            [
                f.Kind,
                f.Sensor,
                Number(f.Size, 1),
                f.Readings.ToString(CultureInfo.InvariantCulture),
                Number(f.Day, 1),
                f.FoundAfterSeconds is { } seconds ? Number(seconds, 0) + " s" : "missed",
                f.Text,
            ]));
    }

    private static async Task TableAsync(TextWriter output, string first, IReadOnlyList<ScoreRow> rows, bool precision)
    {
        string[] headings = [first, "faults", "recall", .. precision ? new[] { "precision" } : [], "median delay", "in its intervals"];
        await new TextTable(headings).WriteAsync(output, rows.Select(row => (string[])
        [
            row.Name,
            row.Faults.ToString(CultureInfo.InvariantCulture),
            Number(row.Recall, 2),
            .. precision ? new[] { Number(row.Precision, 2) } : [],
            row.MedianDelaySeconds is null ? "-" : Number(row.MedianDelaySeconds, 1) + " s",
            Number(row.MedianDelayIntervals, 1),
        ]));
        await output.WriteLineAsync();
    }

    private static async Task TotalsAsync(TextWriter output, ScoreReport report)
    {
        await new TextTable("", "precision (analog)", "recall (analog)", "precision (all)", "recall (all)", "false alarms a device-day, fault-free", "first hour", "after a day")
            .WriteAsync(output, report.Baselines.Prepend(new BaselineScore("these detectors", report.Totals)).Select(b => (string[])
            [
                b.Name,
                Number(b.Totals.AnalogPrecision, 3),
                Number(b.Totals.AnalogRecall, 3),
                Number(b.Totals.Precision, 3),
                Number(b.Totals.Recall, 3),
                Number(b.Totals.CleanAlarmsPerDeviceDay, 3),
                Number(b.Totals.CleanAlarmsPerDeviceDayFirstHour, 2),
                Number(b.Totals.CleanAlarmsPerDeviceDayAfterDay, 3),
            ]));
        await output.WriteLineAsync();
    }

    private static Task CountsAsync(TextWriter output, string title, IReadOnlyDictionary<string, int> counts) => output.WriteLineAsync(
        $"{title}: {(counts.Count == 0 ? "none" : string.Join(", ", counts.OrderByDescending(c => c.Value).Select(c => $"{c.Key} {c.Value.ToString(CultureInfo.InvariantCulture)}")))}.");

    private static string Number(double? value, int digits) =>
        value is { } number ? number.ToString("F" + digits.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture) : "-";
}
