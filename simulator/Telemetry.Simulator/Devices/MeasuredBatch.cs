using Telemetry.Simulator.Machines;
using Telemetry.Simulator.Signals;

namespace Telemetry.Simulator.Devices;

/// <summary>One reading as a device measured it.</summary>
/// <param name="Kind">Sensor.</param>
/// <param name="TimeUs">Time by the device's clock, microseconds since 1970.</param>
/// <param name="Value">Value.</param>
internal readonly record struct Measured(SensorKind Kind, long TimeUs, double Value);

/// <summary>
/// The readings of a device's next publish. A publish always holds the same number: what a device does not measure while it is silent is missing, and the
/// publish is full the later. What is left when the run ends is not sent.
/// </summary>
internal sealed class MeasuredBatch(int readings)
{
    private readonly Measured[] _readings = new Measured[readings];

    public int Count { get; private set; }

    public ReadOnlySpan<Measured> Readings => _readings.AsSpan(0, Count);

    /// <summary>Measures the rest of a publish's time, reading by reading, until the batch is full or that time is over. True: it is full.</summary>
    /// <param name="machine">What is measured.</param>
    /// <param name="first">Number of the batch's first reading, from 0.</param>
    /// <param name="nowUs">Time of the last reading.</param>
    /// <param name="spacingUs">Time between two readings.</param>
    /// <param name="left">Readings' times that are left; counts down.</param>
    /// <param name="lastUs">Time of the reading before, of the machine's true time; goes on.</param>
    public bool Measure(Machine machine, ulong first, long nowUs, long spacingUs, ref int left, ref long lastUs)
    {
        while (left > 0)
        {
            left--;
            var at = Math.Max(lastUs + 1, nowUs - (left * spacingUs));
            if (machine.IsSilent(at))
            {
                continue;
            }

            lastUs = at;
            var kind = machine.SensorAt(first + (ulong)Count);
            _readings[Count++] = new Measured(kind, at - machine.BackUs, machine.Next(kind, at));
            if (Count == _readings.Length)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>It has been sent.</summary>
    public void Clear() => Count = 0;
}
