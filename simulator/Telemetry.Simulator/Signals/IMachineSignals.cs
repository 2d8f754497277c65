namespace Telemetry.Simulator.Signals;

/// <summary>The signals of one machine in good health.</summary>
internal interface IMachineSignals
{
    /// <summary>The next value of a sensor at an event time, microseconds since 1970; times of one machine do not go back.</summary>
    double Next(SensorKind kind, long timeUs);

    /// <summary>Standard normal noise that belongs to the value given last and is not in it.</summary>
    double ExtraNoise(SensorKind kind);
}
