using System.Globalization;

namespace Telemetry.Chaos.Reports;

/// <summary>Results for people, one line a schedule and its faults below.</summary>
internal static class ResultTable
{
    public static string Header { get; } = string.Format(
        CultureInfo.InvariantCulture,
        "{0,6} {1,-6} {2,9} {3,9} {4,5} {5,7} {6,11} {7,9} {8,9} {9,6} {10,5} {11,6}",
        "seed", "result", "acked", "stored", "lost", "doubled", "unexplained", "unacked s", "unstored s", "reconn", "drain", "all s");

    public static string Row(ScheduleResult r) => string.Format(
        CultureInfo.InvariantCulture,
        "{0,6} {1,-6} {2,9} {3,9} {4,5} {5,7} {6,11} {7,9:F1} {8,9:F1} {9,6} {10,5:F1} {11,6:F1}",
        r.Seed,
        r.Passed ? "passed" : "FAILED",
        Figure(r.Audit?.Acked),
        Figure(r.Audit?.Raw),
        Figure(r.Audit?.Lost),
        Figure(r.Audit?.Doubled),
        Figure(r.Audit?.Unexplained),
        r.LongestUnacknowledged,
        r.LongestUnstored,
        r.Reconnects,
        r.Drain,
        r.Seconds);

    /// <summary>Faults, self-made exits and failures of a schedule, indented.</summary>
    public static IEnumerable<string> Details(ScheduleResult r)
    {
        foreach (var fault in r.Faults)
        {
            var then = fault.Skipped is null
                ? string.Create(CultureInfo.InvariantCulture, $"   unacked {fault.Unacknowledged,5:F1} s   unstored {fault.Unstored,5:F1} s")
                : $"   skipped: {fault.Skipped}";
            yield return string.Create(
                CultureInfo.InvariantCulture,
                $"       {fault.At,5:F1} s {fault.Kind,-19} {fault.Target,-20} {fault.Duration,5:F1} s{then}");
        }

        foreach (var exits in r.SelfExits.GroupBy(e => (e.Role, e.Code)))
        {
            yield return string.Create(
                CultureInfo.InvariantCulture,
                $"       {exits.Key.Role} ended by itself {exits.Count()} times with code {exits.Key.Code}: {exits.Last().LastLine}");
        }

        foreach (var failure in r.Failures)
        {
            yield return "       FAILED: " + failure;
        }

        if (!r.Passed)
        {
            yield return $"       again: {r.Replay}";
            yield return $"       data and logs: {r.Data}";
        }
    }

    private static string Figure(long? value) => value?.ToString(CultureInfo.InvariantCulture) ?? "-";
}
