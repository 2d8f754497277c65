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
        if (report.Sample is { } sample)
        {
            lines.Add(Describe(report, sample));
        }

        lines.Add(string.Create(
            CultureInfo.InvariantCulture,
            $"{(report.IsClean ? report.Sample is null ? "Every acknowledged reading is stored once." : "Every acknowledged reading of these devices is stored once." : "The audit found differences.")} Compared in {report.Seconds:F0} s."));
        return string.Join(Environment.NewLine, lines);
    }

    /// <summary>What the sample says of all devices, in words.</summary>
    private static string Describe(AuditReport report, SampledDevices sample)
    {
        var drawn = string.Create(CultureInfo.InvariantCulture, $"Compared {sample.Devices:N0} of {sample.AllDevices:N0} devices, drawn at random; all counts are of these. ");
        return drawn + (report, sample) switch
        {
            (_, { Devices: 0 }) => "No device was drawn, so nothing is known: give a larger share.",
            ({ IsClean: true }, { AffectedBelow: 0 }) => "That is all of them.",
            ({ IsClean: true }, _) => string.Create(
                CultureInfo.InvariantCulture,
                $"None of them has a difference: with 95 % confidence fewer than {sample.AffectedBelow:P2} of all devices have one. A loss that hits a single device is found with a probability of {sample.Share:P2}."),
            _ => string.Create(
                CultureInfo.InvariantCulture,
                $"For all devices that is about {sample.OfAll(report.Lost):N0} lost, {sample.OfAll(report.Doubled):N0} doubled and {sample.OfAll(report.Unexplained):N0} unexplained."),
        };
    }

    private static string Row(string name, string value) => $"{name,-26} {value,16}";

    private static string Number(long value) => value.ToString("N0", CultureInfo.InvariantCulture);
}
