namespace Telemetry.Simulator.Signals;

/// <summary>The sensors of a device, one of each.</summary>
public enum SensorKind
{
    /// <summary>Hall air, degrees Celsius: daily cycle, slow wander, steps of 0.1.</summary>
    Temperature,

    /// <summary>Bearing, degrees Celsius: follows the load with delay, steps of 0.1.</summary>
    BearingTemperature,

    /// <summary>Hydraulics, bar: level by load, stroke ripple, steps of 0.05.</summary>
    Pressure,

    /// <summary>Velocity RMS, mm/s: positive, skewed noise growing with load.</summary>
    Vibration,

    /// <summary>Hall air, percent: daily cycle against the temperature, steps of 0.5.</summary>
    Humidity,

    /// <summary>Drive, kW: three levels by load with a little noise, steps of 0.01.</summary>
    Power,

    /// <summary>Pieces made: counts up while the machine runs.</summary>
    Pieces,

    /// <summary>Coolant, litres a minute: by load, noise in proportion, steps of 0.1.</summary>
    Flow,

    /// <summary>Coolant valve: 0 or 1.</summary>
    Valve,
}

/// <summary>Facts about the kinds.</summary>
public static class SensorKinds
{
    /// <summary>Number of kinds.</summary>
    public const int Count = 9;

    private static readonly string[] Names =
    [
        "temperature", "bearing_temperature", "pressure", "vibration", "humidity", "power", "pieces", "flow", "valve",
    ];

    /// <summary>Standard deviation of the quiet signal in its own unit: what a fault's size is measured in.</summary>
    private static readonly double[] Noise = [0.15, 0.4, 0.6, 0.12, 0.6, 0.25, 1, 0.5, 0.3];

    /// <summary>Name of the sensor in readings.</summary>
    public static string Name(SensorKind kind) => Names[(int)kind];

    /// <summary>Standard deviation of the quiet signal, in its own unit.</summary>
    public static double NoiseOf(SensorKind kind) => Noise[(int)kind];

    /// <summary>Kinds whose value is a measured quantity and can spike, shift, drift or get noisy; counters and states cannot.</summary>
    public static bool IsAnalog(SensorKind kind) => kind is not (SensorKind.Pieces or SensorKind.Valve);
}
