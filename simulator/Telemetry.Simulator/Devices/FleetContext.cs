using Telemetry.Contracts.Measurement;
using Telemetry.Simulator.Faults;
using Telemetry.Simulator.Ledger;
using Telemetry.Simulator.Options;
using Telemetry.Simulator.Signals;
using Telemetry.Simulator.Totals;

namespace Telemetry.Simulator.Devices;

/// <summary>What all devices of a run share.</summary>
internal sealed class FleetContext(
    SimulatorOptions options, TimeProvider time, LedgerWriter ledger, LabelWriter? labels, FleetTotals totals)
{
    private readonly long _start = time.GetTimestamp();
    private readonly long _burstIntervalUs = Math.Max(1, (long)(options.PublishInterval.TotalMicroseconds / options.BurstFactor));
    private readonly long _burstFromUs = (long)options.BurstAfter.TotalMicroseconds;
    private readonly long _burstUntilUs = (long)(options.BurstAfter + options.BurstDuration).TotalMicroseconds;
    private int _draining;

    public SimulatorOptions Options { get; } = options;

    public TimeProvider Time { get; } = time;

    public LedgerWriter Ledger { get; } = ledger;

    public LabelWriter? Labels { get; } = labels;

    public FleetTotals Totals { get; } = totals;

    public LatencyHistogram Puback { get; } = new();

    public long PublishIntervalUs { get; } = (long)options.PublishInterval.TotalMicroseconds;

    public bool IsUnbounded => PublishIntervalUs == 0;

    /// <summary>True: nothing new is measured, only what is kept goes out.</summary>
    public bool IsDraining => Volatile.Read(ref _draining) == 1;

    /// <summary>Microseconds since the start of the run.</summary>
    public long NowUs => (long)Time.GetElapsedTime(_start).TotalMicroseconds;

    public TimeSpan Elapsed => Time.GetElapsedTime(_start);

    /// <summary>Time between two publishes of a device at a moment: shorter in a burst.</summary>
    /// <param name="nowUs">Microseconds since the start of the run.</param>
    public long IntervalUsAt(long nowUs) =>
        !IsUnbounded && nowUs >= _burstFromUs && nowUs < _burstUntilUs ? _burstIntervalUs : PublishIntervalUs;

    /// <summary>When a device publishes first.</summary>
    /// <param name="device">Its number.</param>
    /// <param name="nowUs">Microseconds since the start of the run.</param>
    public long FirstDueUs(int device, long nowUs)
    {
        var unit = SeededHash.Unit(Options.Seed, (ulong)device, 2_000);
        if (Options.LastPublishAt is { } last)
        {
            var lastUs = (long)(last.TotalMicroseconds - (unit * 60e6));
            return nowUs + Math.Max(0, (lastUs - nowUs) % Math.Max(1, PublishIntervalUs));
        }

        // Each device at its own moment of the interval: the fleet's rate is flat and nothing is in lockstep.
        return nowUs + (long)(PublishIntervalUs * unit);
    }

    public void BeginDrain() => Volatile.Write(ref _draining, 1);
}
