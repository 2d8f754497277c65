using System.Numerics;
using Telemetry.Simulator.Signals;

namespace Telemetry.Simulator.Machines;

/// <summary>Which sensors a machine of the hard fleet never had: none on half of them, else up to three; never the vibration.</summary>
internal static class MissingSensors
{
    private const int Most = 3;

    /// <summary>A bit for each missing kind.</summary>
    public static uint Of(ulong seed, int device)
    {
        var missing = 0u;
        if (SeededHash.Unit(seed, (ulong)device, 70) >= 0.5)
        {
            var count = 1 + (int)(SeededHash.Unit(seed, (ulong)device, 71) * Most);
            for (var i = 0ul; BitOperations.PopCount(missing) < count; i++)
            {
                var kind = (SensorKind)(SeededHash.Unit(seed, (ulong)device, 72, i) * SensorKinds.Count);
                missing |= kind == SensorKind.Vibration ? 0 : 1u << (int)kind;
            }
        }

        return missing;
    }
}
