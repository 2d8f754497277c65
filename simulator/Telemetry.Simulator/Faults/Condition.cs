using Telemetry.Simulator.Signals;

namespace Telemetry.Simulator.Faults;

/// <summary>What happens to a device that is no fault of what it measures. The kebab-case name is the label's kind.</summary>
internal enum ConditionKind
{
    /// <summary>Switched off: nothing measured, nothing sent; junk when it comes back.</summary>
    PowerOff,

    /// <summary>First readings after power-on: some sensors give -242, 85 or 0 for a few readings.</summary>
    PowerOn,

    /// <summary>Its uplink is down: it measures, keeps, and sends afterwards, in order or newest first.</summary>
    Offline,

    /// <summary>Its clock is set back and put right at the end.</summary>
    ClockSetBack,

    /// <summary>One sensor gives nothing; the others go on.</summary>
    SensorMissing,

    /// <summary>Worn parts replaced: vibration and bearing fall to what they were.</summary>
    Maintenance,
}

/// <summary>One condition of one device.</summary>
/// <param name="Kind">What happens.</param>
/// <param name="StartUs">From when on, microseconds since 1970, true time.</param>
/// <param name="EndUs">Until when (exclusive).</param>
/// <param name="BackUs">By how much the clock is set back; 0 for others.</param>
/// <param name="Sensor">The sensor missing.</param>
/// <param name="NewestFirst">After it the readings kept are sent from the newest to the oldest.</param>
internal readonly record struct Condition(
    ConditionKind Kind, long StartUs, long EndUs, long BackUs, SensorKind Sensor, bool NewestFirst);
