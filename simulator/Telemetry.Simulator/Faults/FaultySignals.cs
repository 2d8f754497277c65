using Telemetry.Simulator.Signals;

namespace Telemetry.Simulator.Faults;

/// <summary>A machine's signals with its faults played on them. Each fault is labelled at the first reading it touches.</summary>
internal sealed class FaultySignals(IMachineSignals signals, FaultPlan plan, ILabels? labels, string device)
{
    private readonly double[] _last = new double[SensorKinds.Count];
    private bool _labelled;

    /// <summary>By how much the device's clock is behind: labels are written in the device's time. Microseconds.</summary>
    public long BackUs { get; set; }

    /// <summary>True while the device sends nothing.</summary>
    public bool IsSilent(long timeUs)
    {
        var fault = Fault(timeUs);
        if (fault.Kind != FaultKind.Dropout || timeUs < fault.StartUs)
        {
            return false;
        }

        Label(fault, timeUs);
        return true;
    }

    /// <summary>The next value of a sensor as the faulty device reports it.</summary>
    public double Next(SensorKind kind, long timeUs)
    {
        var fault = Fault(timeUs);
        var value = fault.Concerns(kind) && timeUs >= fault.StartUs
            ? Play(fault, kind, timeUs)
            : signals.Next(kind, timeUs);
        return _last[(int)kind] = value;
    }

    private Fault Fault(long timeUs)
    {
        var before = plan.Current;
        var now = plan.At(timeUs);
        if (now != before)
        {
            _labelled = false;
        }

        return now;
    }

    private double Play(in Fault fault, SensorKind kind, long timeUs)
    {
        Label(fault, timeUs);
        var unit = SensorKinds.NoiseOf(kind);
        switch (fault.Kind)
        {
            case FaultKind.Spike:
                plan.End();
                _labelled = false;
                return signals.Next(kind, timeUs) + (fault.Size * unit);
            case FaultKind.LevelShift:
                return signals.Next(kind, timeUs) + (fault.Size * unit);
            case FaultKind.Drift:
                var share = (double)(timeUs - fault.StartUs) / (fault.EndUs - fault.StartUs);
                return signals.Next(kind, timeUs) + (fault.Size * unit * share);
            case FaultKind.NoiseBurst:
                // Noise of the sensor, not of the machine: nothing of it remains when the burst is over.
                return signals.Next(kind, timeUs) + (fault.Size * unit * signals.ExtraNoise(kind));
            case FaultKind.StuckAt:
                // The machine goes on behind the stuck sensor; without a last value it sticks at the first one.
                var next = signals.Next(kind, timeUs);
                return _last[(int)kind] == 0 ? next : _last[(int)kind];
            default:
                return signals.Next(kind, timeUs);
        }
    }

    private void Label(in Fault fault, long timeUs)
    {
        if (!_labelled)
        {
            _labelled = true;
            labels?.Fault(device, fault with { EndUs = fault.EndUs - BackUs }, timeUs - BackUs);
        }
    }
}
