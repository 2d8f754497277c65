using System.Globalization;
using Telemetry.Host.Configuration;

namespace Telemetry.Host.Commands;

/// <summary>Flags of the fleet, shared by <c>up</c> and <c>simulate</c>.</summary>
internal static class SimulatorFlags
{
    public static void AddTo(SharedOptions shared)
    {
        shared.Map("--devices", "Simulator:Devices", "Number of devices (default 10000).");
        shared.Map("--rate", "Simulator:RatePerHour", "Readings of the whole fleet: 10M/h (default), 2800/s, 50k/s, max.", Rate);
        shared.Map("--readings-per-publish", "Simulator:ReadingsPerPublish", "Readings in each PUBLISH (default 1).");
        shared.Map("--burst", "Simulator:BurstFactor", "Factor on the rate for a while, for example 6 (default 1: none).");
        shared.Map("--burst-after", "Simulator:BurstAfter", "When the burst begins, counted from the start of the run (default 30s).");
        shared.Map("--burst-for", "Simulator:BurstDuration", "How long it lasts (default 20s).");
        shared.Map("--realism", "Simulator:Realism", "plain (default): every device sends at its pace. hard: what real fleets do to detectors (docs/detectors.md).");
        shared.Map("--history", "Simulator:History", "Simulated history that the first 100 devices get before the fleet starts, for example 6h or 0 (default: none; 6h in up without --for on a new data directory).");
        shared.Map("--seed", "Simulator:Seed", "Same seed, same signals and faults (default 1).");
    }

    private static string Rate(string text) =>
        (Rates.ParsePerHour(text) ?? 0).ToString("R", CultureInfo.InvariantCulture);
}
