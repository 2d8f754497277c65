using System.Runtime.InteropServices;
using Telemetry.Simulator.Faults;
using Telemetry.Simulator.Signals;

namespace Telemetry.Simulator.Machines;

/// <summary>One reading of a trace.</summary>
/// <param name="Sensor">Index into <see cref="FleetPlan.SensorNames"/>.</param>
/// <param name="EventTimeUs">Event time by the device's clock, microseconds since 1970.</param>
/// <param name="ArrivalUs">True time at which it reaches the platform.</param>
/// <param name="Value">Value.</param>
/// <param name="Sequence">Sequence number, from 1; also those of readings that arrive late.</param>
public readonly record struct TracedReading(int Sensor, long EventTimeUs, long ArrivalUs, double Value, ulong Sequence);

/// <summary>What was played on purpose. Times are those of the device's clock, microseconds since 1970.</summary>
/// <param name="Kind">spike, level-shift, drift, stuck-at, noise-burst, dropout; or of a condition power-off, power-on, offline,
/// clock-set-back, sensor-missing, maintenance.</param>
/// <param name="Device">Device.</param>
/// <param name="Sensors">Sensors touched, the lead first; empty: the device as a whole.</param>
/// <param name="StartUs">Event time of the first reading touched.</param>
/// <param name="EndUs">End, exclusive; a spike ends with its reading.</param>
/// <param name="Size">In units of the signal's quiet noise, signed; of a noise burst the factor on it; 0 where there is none.</param>
/// <param name="IsFault">False: a condition. An alarm in it is neither right nor wrong.</param>
public sealed record PlayedLabel(
    string Kind, string Device, IReadOnlyList<string> Sensors, long StartUs, long EndUs, double Size, bool IsFault);

/// <summary>The readings of one device, one after the other in the order they arrive. Allocates only while a site is offline. Not safe for concurrent use.</summary>
public sealed class DeviceTrace
{
    /// <summary>Readings kept over an outage arrive this far apart: a few thousand a second.</summary>
    private const long CatchUpUs = 250;

    private readonly Machine _machine;
    private readonly Queue<TracedReading> _arriving = new();
    private readonly List<TracedReading> _kept = [];
    private readonly List<PlayedLabel> _labels = [];
    private readonly double _intervalUs;
    private readonly long _firstUs;
    private readonly long _endUs;
    private long _visit;
    private ulong _measured;
    private long _lastArrivalUs;

    internal DeviceTrace(FleetPlan plan, int device)
    {
        Device = plan.DeviceName(device);
        var machine = plan.MachinePlan;
        _machine = new Machine(machine, device, Device, new LabelList(_labels));
        _intervalUs = Math.Max(100, plan.ReadingInterval.TotalMicroseconds);
        _firstUs = machine.StartUs + (long)(_intervalUs * SeededHash.Unit(plan.Seed, (ulong)device, 2_000));
        _endUs = machine.StartUs + (long)plan.Span.TotalMicroseconds;
    }

    /// <summary>Device id.</summary>
    public string Device { get; }

    /// <summary>What was played so far, in the order it began; all of it once <see cref="TryNext"/> has said no.</summary>
    public IReadOnlyList<PlayedLabel> Labels => _labels;

    /// <summary>The next reading to arrive; false at the end.</summary>
    public bool TryNext(out TracedReading reading)
    {
        while (!_arriving.TryDequeue(out reading))
        {
            var timeUs = _firstUs + (long)(_visit++ * _intervalUs);
            if (timeUs >= _endUs)
            {
                SendKept(_endUs);
                return _arriving.TryDequeue(out reading);
            }

            var silent = _machine.IsSilent(timeUs);
            if (_kept.Count > 0 && !_machine.IsOffline)
            {
                SendKept(timeUs);
            }

            if (silent)
            {
                continue;
            }

            var sensor = _machine.SensorAt(_measured);
            var value = _machine.Next(sensor, timeUs);
            reading = new((int)sensor, timeUs - _machine.BackUs, timeUs, value, ++_measured);
            if (_machine.IsOffline)
            {
                _kept.Add(reading);
            }
            else
            {
                _lastArrivalUs = Math.Max(timeUs, _lastArrivalUs + CatchUpUs);
                reading = reading with { ArrivalUs = _lastArrivalUs };
                if (_arriving.Count == 0)
                {
                    return true;
                }

                _arriving.Enqueue(reading);
            }
        }

        return true;
    }

    private void SendKept(long timeUs)
    {
        var kept = CollectionsMarshal.AsSpan(_kept);
        if (_machine.SendsNewestFirst)
        {
            kept.Reverse();
        }

        for (var i = 0; i < kept.Length; i++)
        {
            _lastArrivalUs = Math.Max(timeUs, _lastArrivalUs + CatchUpUs);
            _arriving.Enqueue(kept[i] with { ArrivalUs = _lastArrivalUs });
        }

        _kept.Clear();
    }

    private sealed class LabelList(List<PlayedLabel> labels) : ILabels
    {
        public void Fault(string device, in Fault fault, long firstReadingUs)
        {
            string[] sensors = fault switch
            {
                { Kind: FaultKind.Dropout } => [],
                { Also: { } also } => [SensorKinds.Name(fault.Sensor), SensorKinds.Name(also)],
                _ => [SensorKinds.Name(fault.Sensor)],
            };
            var endUs = fault.Kind == FaultKind.Spike ? firstReadingUs : fault.EndUs;
            labels.Add(new(LabelKinds.Name(fault.Kind), device, sensors, firstReadingUs, endUs, fault.Size, IsFault: true));
        }

        public void Condition(string device, in Condition condition)
        {
            string[] sensors = condition.Kind == ConditionKind.SensorMissing ? [SensorKinds.Name(condition.Sensor)] : [];
            labels.Add(new(LabelKinds.Name(condition.Kind), device, sensors, condition.StartUs, condition.EndUs, 0, IsFault: false));
        }
    }
}
