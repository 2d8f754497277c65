using System.Globalization;
using Telemetry.Operations.Audit;

namespace Telemetry.Host.Operations;

/// <summary>The report of an audit for people.</summary>
internal static class AuditText
{
    public static string Describe(AuditReport report)
    {
        var lines = new List<string>
        {
            Row("acknowledged to devices", report.Acked?.ToString("N0", CultureInfo.InvariantCulture) ?? "no ledger"),
            Row("on the log", Number(report.Log)),
            Row("stored raw", Number(report.Raw)),
        };
        lines.AddRange(report.Rollups.Select(r => Row("counted by " + r.Key, Number(r.Value))));
        lines.Add(Row("copies removed", Number(report.Copies)));
        lines.Add(Row("conflicts", Number(report.Conflicts)));
        lines.Add(Row("dead-lettered", Number(report.DeadLettered)));
        lines.Add(Row("expired", Number(report.Expired)));
        lines.Add(Row("of deleted devices", Number(report.Deleted)));
        lines.Add(Row("lost", Number(report.Lost)));
        lines.Add(Row("doubled", Number(report.Doubled)));
        lines.Add(Row("unexplained", Number(report.Unexplained)));
        lines.AddRange((report.BytesPerReading ?? new Dictionary<string, double>())
            .Select(s => Row("bytes a reading, " + s.Key, s.Value.ToString("F3", CultureInfo.InvariantCulture))));
        lines.AddRange(report.Differences.Select(d => "  " + d));
        lines.AddRange((report.CompleteFrom ?? new Dictionary<string, DateTimeOffset>())
            .Select(t => string.Create(CultureInfo.InvariantCulture, $"{t.Key} is complete from {t.Value:yyyy-MM-ddTHH:mm:ssZ} on; what is older was not compared")));
        lines.Add(string.Create(
            CultureInfo.InvariantCulture,
            $"{(report.IsClean ? "Every acknowledged reading is stored once." : "The audit found differences.")} Compared in {report.Seconds:F0} s."));
        return string.Join(Environment.NewLine, lines);
    }

    private static string Row(string name, string value) => $"{name,-26} {value,16}";

    private static string Number(long value) => value.ToString("N0", CultureInfo.InvariantCulture);
}
