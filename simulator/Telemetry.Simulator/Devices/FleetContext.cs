using Telemetry.Contracts.Measurement;
using Telemetry.Simulator.Faults;
using Telemetry.Simulator.Ledger;

namespace Telemetry.Simulator.Devices;

/// <summary>What all devices of a run share.</summary>
internal sealed class FleetContext(
    SimulatorOptions options, TimeProvider time, LedgerWriter ledger, LabelWriter? labels, FleetTotals totals)
{
    private readonly long _start = time.GetTimestamp();
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

    public void BeginDrain() => Volatile.Write(ref _draining, 1);
}
