using Telemetry.Simulator.Signals;

namespace Telemetry.Simulator.Faults;

/// <summary>What can go wrong with a simulated device. The kebab-case name is the label's kind.</summary>
internal enum FaultKind
{
    /// <summary>One reading far off.</summary>
    Spike,

    /// <summary>A span off by a constant.</summary>
    LevelShift,

    /// <summary>A span moving away steadily.</summary>
    Drift,

    /// <summary>A span repeating the last value.</summary>
    StuckAt,

    /// <summary>A span with much larger noise.</summary>
    NoiseBurst,

    /// <summary>The device sends nothing for a span; no sequence is used up.</summary>
    Dropout,
}

/// <summary>One fault of one device.</summary>
/// <param name="Kind">What happens.</param>
/// <param name="Sensor">To which sensor; a dropout concerns all.</param>
/// <param name="StartUs">From when on, microseconds since 1970.</param>
/// <param name="EndUs">Until when (exclusive); a spike ends with its one reading.</param>
/// <param name="Size">In units of the signal's quiet noise, signed; of a noise burst the factor on it.</param>
/// <param name="Also">A second sensor with the same cause; null: none.</param>
internal readonly record struct Fault(
    FaultKind Kind, SensorKind Sensor, long StartUs, long EndUs, double Size, SensorKind? Also = null)
{
    /// <summary>True for a sensor whose values it changes; a dropout changes none.</summary>
    public bool Concerns(SensorKind sensor) => Kind != FaultKind.Dropout && (Sensor == sensor || Also == sensor);
}
