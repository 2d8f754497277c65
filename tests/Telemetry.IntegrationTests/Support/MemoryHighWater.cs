using System.Globalization;

namespace Telemetry.IntegrationTests.Support;

/// <summary>Most memory that a process was ever resident with.</summary>
internal static class MemoryHighWater
{
    /// <returns>Bytes, as the kernel counts them (VmHWM).</returns>
    public static long Of(int processId)
    {
        var line = File.ReadLines($"/proc/{processId}/status").First(l => l.StartsWith("VmHWM:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) << 10;
    }
}
