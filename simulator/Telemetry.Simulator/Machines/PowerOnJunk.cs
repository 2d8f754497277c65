using Telemetry.Simulator.Signals;

namespace Telemetry.Simulator.Machines;

/// <summary>
/// What sensors say right after power-on: -242 (a resistance thermometer before its first conversion), 85 (the reset value of a
/// DS18B20), or 0. Which sensor does so, and for how many readings, is the machine's habit.
/// </summary>
internal sealed class PowerOnJunk
{
    /// <summary>Readings of a sensor that may be junk.</summary>
    public const int ReadingsMax = 4;

    private static readonly double[] Values = [-242, 85, 0];

    private readonly int[] _habit = new int[SensorKinds.Count];
    private readonly double[] _value = new double[SensorKinds.Count];
    private readonly int[] _left = new int[SensorKinds.Count];

    public PowerOnJunk(ulong seed, int device)
    {
        for (var kind = 0; kind < SensorKinds.Count; kind++)
        {
            var draw = SeededHash.Unit(seed, (ulong)device, 60, (ulong)kind);
            if (SensorKinds.IsAnalog((SensorKind)kind) && draw < 0.5)
            {
                _habit[kind] = 1 + (int)(draw * 2 * ReadingsMax);
                _value[kind] = (SensorKind)kind is SensorKind.Temperature or SensorKind.BearingTemperature
                    ? Values[(int)(SeededHash.Unit(seed, (ulong)device, 61, (ulong)kind) * Values.Length)]
                    : 0;
            }
        }
    }

    /// <summary>The machine has come on.</summary>
    public void PowerOn() => _habit.CopyTo(_left, 0);

    /// <summary>True when the sensor's next reading is junk.</summary>
    public bool TryTake(SensorKind kind, out double value)
    {
        value = _value[(int)kind];
        return _left[(int)kind] > 0 && _left[(int)kind]-- > 0;
    }
}
