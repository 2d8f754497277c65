namespace Telemetry.Simulator.Options;

/// <summary>Which fleet is played.</summary>
public enum Realism
{
    /// <summary>
    /// Every device sends at its pace all the time: three load levels that change every few minutes, daily cycles. What a load test needs:
    /// the rate asked for is the rate that comes.
    /// </summary>
    Plain,

    /// <summary>
    /// What real fleets do to detectors: states from half a minute to days, shifts, weekends and seasons, ramps, heavy tails, wear over weeks,
    /// sensors that are not there, power-on junk, machines switched off, clocks set back, sites that send hours late, small and long faults, faults
    /// on two sensors at once.
    /// </summary>
    Hard,
}
