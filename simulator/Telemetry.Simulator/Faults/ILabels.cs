namespace Telemetry.Simulator.Faults;

/// <summary>Takes note of what the simulator does to devices on purpose.</summary>
internal interface ILabels
{
    /// <summary>A fault, when the first reading it touches is measured.</summary>
    /// <param name="device">The device.</param>
    /// <param name="fault">The fault; its end is in the device's time.</param>
    /// <param name="firstReadingUs">Event time of that reading.</param>
    void Fault(string device, in Fault fault, long firstReadingUs);

    /// <summary>A condition, at its start; its times are in the device's time.</summary>
    void Condition(string device, in Condition condition);
}
