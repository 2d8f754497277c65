using System.Globalization;
using Telemetry.Storage.Recovery;

namespace Telemetry.Storage.Replay;

/// <summary>
/// Builds the rollups of some months again from raw. Buckets that raw does not cover (retention has taken them away) stay as they are; within
/// the span that has just been compared with the log raw decides, also where it has fewer readings.
/// </summary>
internal sealed class RollupRefresh(RollupRebuild rebuild)
{
    public async ValueTask<(IReadOnlyList<string> Rebuilt, IReadOnlyList<string> Skipped)> RunAsync(
        IReadOnlyList<int> months, ProvenSpan span, CancellationToken cancellationToken)
    {
        var rebuilt = new List<string>();
        var skipped = new List<string>();
        foreach (var (table, unit) in months.SelectMany(m => new[] { ("readings_1m", m), ("readings_1h", m) })
                     .Concat(months.Select(m => ("readings_1d", m / 100)).Distinct())
                     .Append(("readings_last", 0)))
        {
            var name = unit == 0 ? table : string.Create(CultureInfo.InvariantCulture, $"{table} {unit}");
            var kept = await rebuild.RebuildAsync(table, unit, span, cancellationToken);
            rebuilt.Add(name);
            if (kept > 0)
            {
                skipped.Add(string.Create(CultureInfo.InvariantCulture, $"{name}: {kept} buckets stay, raw no longer holds all that is in them"));
            }
        }

        return (rebuilt, skipped);
    }
}
