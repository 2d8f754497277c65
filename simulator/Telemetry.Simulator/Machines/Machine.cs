using Telemetry.Simulator.Faults;
using Telemetry.Simulator.Options;
using Telemetry.Simulator.Signals;

namespace Telemetry.Simulator.Machines;

/// <summary>
/// One machine with its sensors, its faults and what else happens to it. Asked in the order of true time; everything it says is a
/// function of the plan, its number and the times asked for.
/// </summary>
internal sealed class Machine
{
    private readonly FaultySignals _faulty;
    private readonly IMachineSignals _signals;
    private readonly SensorRound _round;
    private readonly ConditionPlan? _conditions;
    private readonly PowerOnJunk? _junk;
    private readonly Wear? _wear;
    private readonly ILabels? _labels;
    private readonly string _device;
    private readonly uint _missing;
    private readonly long _roundUs;
    private Condition? _now;
    private long _servicedUs;
    private bool _powered;

    public Machine(in MachinePlan plan, int number, string device, ILabels? labels)
    {
        (_labels, _device) = (labels, device);
        _round = new SensorRound(plan.Seed, number);
        var hard = plan.Realism == Realism.Hard;
        if (hard)
        {
            var signals = new HardMachineSignals(plan.Seed, number, plan.StartUs);
            _signals = signals;
            _wear = signals.Wear;
            _missing = MissingSensors.Of(plan.Seed, number);
            _junk = new PowerOnJunk(plan.Seed, number);
            _conditions = new ConditionPlan(plan.Seed, number, plan.StartUs, plan.ConditionsPerDay);
        }
        else
        {
            _signals = new MachineSignals(plan.Seed, number);
        }

        _roundUs = (long)(SensorRound.Length * Math.Max(100, plan.ReadingInterval.TotalMicroseconds));
        _servicedUs = plan.StartUs;
        _faulty = new FaultySignals(
            _signals,
            new FaultPlan(plan.Seed, number, plan.StartUs, plan.FaultsPerDay, plan.ReadingInterval, hard ? new FaultMix(_missing, hard: true) : null),
            labels,
            device);
    }

    /// <summary>True while it keeps what it measures, since its uplink is down.</summary>
    public bool IsOffline => _now is { Kind: ConditionKind.Offline };

    /// <summary>True when what it kept last is to be sent from the newest to the oldest.</summary>
    public bool SendsNewestFirst { get; private set; }

    /// <summary>By how much its clock is behind, microseconds.</summary>
    public long BackUs => _faulty.BackUs;

    /// <summary>Goes on to a time; true while it measures nothing.</summary>
    public bool IsSilent(long timeUs)
    {
        if (_conditions is not null)
        {
            Go(timeUs);
            if (_now is { Kind: ConditionKind.PowerOff })
            {
                _powered = false;
                return true;
            }
        }

        // A dropout while nothing arrives anyway is not played.
        return !IsOffline && _faulty.IsSilent(timeUs);
    }

    /// <summary>The sensor of the device's reading n, from 0: those it lacks leave their turn to the vibration.</summary>
    public SensorKind SensorAt(ulong n)
    {
        var kind = _round.At(n);
        var lost = (_missing & (1u << (int)kind)) != 0 || (_now is { Kind: ConditionKind.SensorMissing } now && now.Sensor == kind);
        return lost ? SensorKind.Vibration : kind;
    }

    /// <summary>The next value of a sensor as the device reports it, at a true time after <see cref="IsSilent"/> said no to one not before it.</summary>
    public double Next(SensorKind kind, long timeUs)
    {
        if (_junk is null)
        {
            return _faulty.Next(kind, timeUs);
        }

        if (!_powered)
        {
            _powered = true;
            _junk.PowerOn();
            Label(new(ConditionKind.PowerOn, timeUs, timeUs + (PowerOnJunk.ReadingsMax * _roundUs), 0, default, false));
        }

        if (_junk.TryTake(kind, out var junk))
        {
            _signals.Next(kind, timeUs);
            return junk;
        }

        return _faulty.Next(kind, timeUs);
    }

    private void Go(long timeUs)
    {
        var before = _now;
        _now = _conditions!.At(timeUs);
        if (_now != before)
        {
            if (before is { Kind: ConditionKind.ClockSetBack })
            {
                _faulty.BackUs = 0;
            }

            if (_now is { } begun)
            {
                // Labels are in the device's time, and the clock goes back at the start.
                Label(begun);
                _faulty.BackUs = begun.BackUs;
                SendsNewestFirst = begun.Kind == ConditionKind.Offline ? begun.NewestFirst : SendsNewestFirst;
            }
        }

        if (_wear?.ServicedBefore(timeUs) is { } serviced && serviced > _servicedUs)
        {
            _servicedUs = serviced;
            Label(new(ConditionKind.Maintenance, serviced, serviced + 3_600_000_000, 0, default, false));
        }
    }

    private void Label(in Condition condition) =>
        _labels?.Condition(_device, condition with { StartUs = condition.StartUs - BackUs, EndUs = condition.EndUs - BackUs });
}
