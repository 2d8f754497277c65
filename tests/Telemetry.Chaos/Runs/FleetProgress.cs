using System.Text.Json;
using Telemetry.Chaos.Cluster;

namespace Telemetry.Chaos.Runs;

/// <summary>What the simulator says each second in its log.</summary>
internal sealed record FleetProgress(long Acked, long Reconnects)
{
    /// <summary>The newest line of progress; null when there is none yet.</summary>
    public static FleetProgress? Read(string log)
    {
        foreach (var line in LogTail.Lines(log).Reverse().Where(l => l.StartsWith('{')))
        {
            using var document = JsonDocument.Parse(line);
            if (document.RootElement.TryGetProperty(nameof(Acked), out var acked))
            {
                return new FleetProgress(acked.GetInt64(), document.RootElement.GetProperty(nameof(Reconnects)).GetInt64());
            }
        }

        return null;
    }
}
