using System.Globalization;
using Telemetry.Storage.Replay;

namespace Telemetry.Host.Operations;

/// <summary>The report of a replay for people.</summary>
internal static class ReplayText
{
    public static string Describe(SpanReplayRequest request, SpanReplayReport report)
    {
        var lines = new List<string>
        {
            $"{request.From:yyyy-MM-ddTHH:mm:ssZ} to {request.To:yyyy-MM-ddTHH:mm:ssZ}",
            Row("on the log", report.Log),
            Row("stored raw", report.Stored),
            Row("missing in raw", report.Missing),
            Row("too many in raw", report.Surplus),
            Row("different in raw", report.Different),
            Row("rollup buckets that differ", report.RollupBuckets),
        };
        lines.AddRange(report.Events.SelectMany(e => new[]
        {
            Row($"{e.Table} on the log", e.Log), Row($"{e.Table} stored", e.Stored), Row($"{e.Table} missing", e.Missing), Row($"{e.Table} too many", e.Surplus),
        }));
        lines.AddRange(report.Events.SelectMany(e => e.Swapped.Select(m => string.Create(CultureInfo.InvariantCulture, $"put in place: {e.Table} {m}"))));
        lines.AddRange(report.Swapped.Select(m => string.Create(CultureInfo.InvariantCulture, $"put in place: readings {m}")));
        lines.AddRange(report.Rebuilt.Select(r => $"rebuilt: {r}"));
        lines.AddRange(report.Skipped.Select(s => $"left as it was: {s}"));
        lines.Add((report.IsClean, report.LogIsComplete && report.Events.All(e => e.LogIsComplete), request.Apply) switch
        {
            (true, _, _) => "The store agrees with the log.",
            (_, false, _) => "The log no longer holds everything of this span, so it cannot be put in place. Choose a later --from.",
            (_, _, false) => "The store differs from the log. Correct it with --apply.",
            _ => "Differences are left; see what was left as it was.",
        });
        return string.Join(Environment.NewLine, lines);
    }

    private static string Row(string name, long value) => string.Create(CultureInfo.InvariantCulture, $"{name,-28} {value,16:N0}");
}
