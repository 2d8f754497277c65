using Telemetry.Simulator.Options;

namespace Telemetry.Simulator.Devices;

/// <summary>
/// Waits before connecting again: doubled from one attempt to the next up to the cap, each between half and all of it, so
/// that a fleet cut off together does not come back together.
/// </summary>
internal static class ReconnectBackoff
{
    /// <param name="options">First and longest wait.</param>
    /// <param name="attempt">0 for the first wait after a connection.</param>
    /// <param name="unit">Uniform in [0, 1).</param>
    public static TimeSpan Delay(SimulatorOptions options, int attempt, double unit)
    {
        var full = Math.Min(
            options.ReconnectDelayMax.TotalMicroseconds, options.ReconnectDelay.TotalMicroseconds * Math.Pow(2, Math.Min(attempt, 60)));
        return TimeSpan.FromMicroseconds(full * (0.5 + (0.5 * unit)));
    }
}
