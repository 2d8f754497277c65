using Telemetry.Simulator.Signals;

namespace Telemetry.Simulator.Faults;

/// <summary>The conditions of one device, one after the other. A pure function of seed, device and start of the run.</summary>
internal sealed class ConditionPlan
{
    private const double Minute = 60e6;
    private const double Hour = 3600e6;

    private readonly ulong _seed;
    private readonly ulong _device;
    private readonly double _meanGapUs;
    private ulong _number;

    /// <param name="seed">Seed of the fleet.</param>
    /// <param name="device">Device number.</param>
    /// <param name="startUs">Start of the run, microseconds since 1970.</param>
    /// <param name="perDay">Mean number of conditions a day; 0 is none.</param>
    public ConditionPlan(ulong seed, int device, long startUs, double perDay)
    {
        (_seed, _device) = (seed, (ulong)device);
        _meanGapUs = perDay > 0 ? 86_400e6 / perDay : double.PositiveInfinity;
        Current = Next(startUs);
    }

    /// <summary>The condition that is on or comes next.</summary>
    public Condition Current { get; private set; }

    /// <summary>The condition that is on at a time; null: none.</summary>
    public Condition? At(long timeUs)
    {
        while (timeUs >= Current.EndUs)
        {
            Current = Next(Current.EndUs);
        }

        return timeUs >= Current.StartUs ? Current : null;
    }

    private Condition Next(long fromUs)
    {
        var number = _number++;
        var gap = -Math.Log(1 - Unit(number, 1)) * _meanGapUs;
        if (gap >= 100 * 365 * 86_400e6)
        {
            return new(ConditionKind.PowerOff, long.MaxValue, long.MaxValue, 0, default, false);
        }

        var start = fromUs + (long)gap + 1;
        var which = Unit(number, 2);
        var (kind, shortest, longest) = which switch
        {
            < 0.4 => (ConditionKind.PowerOff, 10 * Minute, 14 * Hour),
            < 0.7 => (ConditionKind.Offline, 10 * Minute, 8 * Hour),
            < 0.85 => (ConditionKind.ClockSetBack, Hour, 24 * Hour),
            _ => (ConditionKind.SensorMissing, Hour, 24 * Hour),
        };
        var length = shortest * Math.Pow(longest / shortest, Unit(number, 3));
        var back = kind == ConditionKind.ClockSetBack ? (long)((30 + (150 * Unit(number, 4))) * Minute) : 0;

        // All but the fast channel.
        var sensor = SensorRound.InRound(1 + (2 * (int)(Unit(number, 5) * (SensorRound.Length / 2))));
        return new(kind, start, start + (long)length, back, sensor, Unit(number, 6) < 0.4);
    }

    private double Unit(ulong number, ulong what) => SeededHash.Unit(_seed, _device, 3_000 + what, number);
}
