using Telemetry.Simulator.Options;

namespace Telemetry.Simulator.Machines;

/// <summary>What the machines of a fleet have in common.</summary>
/// <param name="Seed">Seed of the fleet.</param>
/// <param name="Realism">Which fleet.</param>
/// <param name="StartUs">Start of the run, microseconds since 1970.</param>
/// <param name="ReadingInterval">Time between two readings of one device.</param>
/// <param name="FaultsPerDay">Mean number of faults of a device a day.</param>
/// <param name="ConditionsPerDay">Mean number of conditions of a device a day; the plain fleet has none.</param>
internal readonly record struct MachinePlan(
    ulong Seed, Realism Realism, long StartUs, TimeSpan ReadingInterval, double FaultsPerDay, double ConditionsPerDay);
