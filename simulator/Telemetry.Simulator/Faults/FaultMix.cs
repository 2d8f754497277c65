using Telemetry.Simulator.Signals;

namespace Telemetry.Simulator.Faults;

/// <summary>How large and how long faults are, and which sensors they touch together.</summary>
/// <param name="missing">Bit of each sensor the device does not have.</param>
/// <param name="hard">True: smaller and longer ones too, and pairs.</param>
internal sealed class FaultMix(uint missing, bool hard)
{
    /// <summary>That of the plain fleet.</summary>
    public static FaultMix Plain { get; } = new(0, hard: false);

    /// <summary>Share of faults that touch a second sensor, where there is one that would feel it.</summary>
    public double PairedShare => hard ? 0.25 : 0;

    public bool IsMissing(SensorKind sensor) => (missing & (1u << (int)sensor)) != 0;

    /// <summary>Size in units of the quiet noise, without sign, and length in readings of the sensor.</summary>
    /// <param name="kind">What happens.</param>
    /// <param name="size">Where in the range of sizes, 0 to 1.</param>
    /// <param name="length">Where in the range of lengths, 0 to 1.</param>
    public (double Size, double Readings) Draw(FaultKind kind, double size, double length) => kind switch
    {
        FaultKind.Spike => (Between(8, 25, size), 3),
        FaultKind.LevelShift => (Between(hard ? 3 : 4, 12, size), Length(20, 60, 200, length)),
        FaultKind.Drift => (Between(hard ? 5 : 6, 15, size), Length(30, 90, 400, length)),
        FaultKind.NoiseBurst => (Between(hard ? 3 : 4, 10, size), Length(15, 40, 120, length)),
        FaultKind.StuckAt => (0, Length(15, 40, 200, length)),
        _ => (0, Length(8, 30, 200, length)),
    };

    /// <summary>The sensor that feels the same cause; null: none.</summary>
    public SensorKind? PairOf(FaultKind kind, SensorKind sensor)
    {
        if (kind is FaultKind.Dropout or FaultKind.StuckAt)
        {
            return null;
        }

        SensorKind? pair = sensor switch
        {
            SensorKind.Pressure => SensorKind.Flow,
            SensorKind.Flow => SensorKind.Pressure,
            SensorKind.Temperature => SensorKind.Humidity,
            SensorKind.Humidity => SensorKind.Temperature,
            SensorKind.Vibration => SensorKind.BearingTemperature,
            SensorKind.BearingTemperature or SensorKind.Power => SensorKind.Vibration,
            _ => null,
        };
        return pair is { } other && !IsMissing(other) ? pair : null;
    }

    private double Length(double low, double high, double longest, double where) =>
        hard ? low * Math.Pow(longest / low, where) : Between(low, high, where);

    private static double Between(double low, double high, double where) => low + ((high - low) * where);
}
